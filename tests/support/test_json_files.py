import json

import pytest

from support.errors import UserError
from support.json_files import parse_json, read_json

SCHEMA = {
    "ladder": str,
    "seed": int | None,
    "rate?": float,
    "labels": [{"name": str, "clips": int}],
    "sizes": {str: [int]},
}
VALUE = {"ladder": "4x4x4", "seed": None, "labels": [], "sizes": {"a": [1, 2]}, "more": 1}


def test_a_value_that_matches(tmp_path):
    path = tmp_path / "some.json"
    path.write_text(json.dumps(VALUE | {"rate": 2, "labels": [{"name": "a", "clips": 3}]}))
    assert read_json(path, SCHEMA)["labels"] == [{"name": "a", "clips": 3}]
    path.write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(path) == [1]  # With a byte-order mark.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ladder": 3}, "`ladder` should be a text. Received: 3"),
        ({"seed": 1.0}, "`seed` should be a whole number or null. Received: 1.0"),
        ({"seed": True}, "`seed` should be a whole number or null. Received: True"),
        ({"rate": float("nan")}, "`rate` should be a number. Received: nan"),
        ({"rate": 10**400}, "`rate` should be a number. Received: 1000"),
        ({"labels": [{"name": "a"}]}, r"`labels\[0\].clips` is missing"),
        ({"labels": {}}, "`labels` should be a list. Received: {}"),
        ({"sizes": {"b": ["1"]}}, r"`sizes.b\[0\]` should be a whole number. Received: '1'"),
    ],
)
def test_a_value_that_does_not_match(change, message):
    with pytest.raises(UserError, match=f"Cannot read x.json: {message}"):
        parse_json(json.dumps(VALUE | change), "x.json", SCHEMA)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[" * 100_000, "its JSON is nested too deep"),
        (b'{"a": ' * 100_000, "its JSON is nested too deep"),
        (b'"\xff"', "it is not UTF-8 text"),
        (b"", r"it is not JSON \(Expecting value"),
        (b"1" * 5000, "it is not JSON"),
        (b'{"ladder": "4x4x4"', "it is not JSON"),
        (b"[]", "its content should be an object. Received: "),
        (b"{}", "`ladder` is missing"),
    ],
)
def test_text_that_is_none(tmp_path, text, reason):
    path = tmp_path / "some.json"
    path.write_bytes(text)
    with pytest.raises(UserError, match=f"Cannot read {path}: {reason}"):
        read_json(path, SCHEMA)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="Cannot read .*none.json: No such file or directory."):
        read_json(tmp_path / "none.json")
    with pytest.raises(UserError, match="Cannot read .*: Is a directory."):
        read_json(tmp_path)
    (tmp_path / "long.json").write_text("1" * 11)
    with pytest.raises(UserError, match="it has more than 10 bytes"):
        read_json(tmp_path / "long.json", max_bytes=10)
