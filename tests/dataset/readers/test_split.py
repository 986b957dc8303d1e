"""Lists of sources."""

import pytest

from dataset.readers.source import RejectedSource, Source
from dataset.readers.split import select
from support.errors import UserError

SOURCES = [
    Source(name, lambda: iter(())) for name in ("A/a.avi", "A/b 1.avi", "B/c.jpg", "b/C.jpg")
]


def names(tmp_path, text):
    (tmp_path / "list.txt").write_text(text)
    return [source.name for source in select(SOURCES, tmp_path / "list.txt")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B/c.jpg\nA/a.avi\n", ["B/c.jpg", "A/a.avi"]),
        ("A/a.avi 1\r\n\r\nA/b 1.avi 1\r\n", ["A/a.avi", "A/b 1.avi"]),
        ("A/b 1.avi", ["A/b 1.avi"]),
        ("./a/A.avi\n", ["A/a.avi"]),
        ("b/C.jpg\n", ["b/C.jpg"]),
        ("B/c.jpg\n", ["B/c.jpg"]),
        ("A/a.avi\nA/a.avi 1\n", ["A/a.avi"]),
    ],
)
def test_paths_with_and_without_numbers(tmp_path, text, expected):
    assert names(tmp_path, text) == expected


def test_what_is_listed_but_not_there_is_rejected(tmp_path):
    assert names(tmp_path, "A/a.avi\nA/x.avi 3\n") == ["A/a.avi", "A/x.avi"]
    _, absent = select(SOURCES, tmp_path / "list.txt")
    with pytest.raises(RejectedSource, match="should be in `source`"):
        next(absent.frames())


@pytest.mark.parametrize("text", ["", "\n \n", "x.avi\n"])
def test_a_list_of_none_is_refused(tmp_path, text):
    with pytest.raises(UserError, match="`split` should name sources below `source`, one per line"):
        names(tmp_path, text)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_no_list_is_refused(tmp_path, content):
    if content:
        (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(UserError, match="Cannot read .*list.txt: "):
        select(SOURCES, tmp_path / "list.txt")
