import datetime
import json
import time

import keras
import pytest

from networks.generator import Generator
from sampling.card import make_card, read_card
from sampling.snapshot import save_snapshot, snapshot_path
from support.errors import UserError
from support.files import sha256
from tests.training.toys import tick, tiny_config, write_config

CONFIG = tiny_config()


def _write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


NETWORK = {"network_sha256": "cd"}
DISTANCE = {"swd": 8.0, "swd_floor": 5.0, "motion": 2.0}


@pytest.fixture
def run(tmp_path):
    write_config(tmp_path, CONFIG)
    description = json.loads((tmp_path / "config.json").read_text())
    description |= {
        "data": {"folder": "/home/me/shapes", "sha256": "ab"},
        "versions": {"keras": "3"},
    }
    (tmp_path / "config.json").write_text(json.dumps(description))
    _write_lines(
        tmp_path / "history.jsonl",
        [
            tick(16) | DISTANCE | {"swd": 9.0, "motion": 1.0},
            tick(32) | DISTANCE | {"critic": 0.1},
            tick(48),
            tick(64) | {"swd": 7.0},
        ],
    )
    details = {"network": {"sha256": "cd", "file": "/home/me/c3d"}}
    scores = [(32, "tgan", 1.0), (32, "thesis", 2.0), (48, "thesis", 3.0), (64, "thesis", 4.0)]
    _write_lines(
        tmp_path / "scores.jsonl",
        [
            {"nimg": n, "kimg": n / 1000, "protocol": p, "inception_score": s, "details": details}
            for n, p, s in scores
        ],
    )
    return tmp_path


def test_a_card_states_the_rate_of_the_data_set_where_it_is_known(run):
    path = run / "config.json"
    description = json.loads(path.read_text())
    for fps, expected in ((12.5, {"fps": 12.5}), (None, {}), ("fast", {}), (1e9, {})):
        description["data"]["fps"] = fps
        path.write_text(json.dumps(description))
        assert make_card(run, 48)["data"] == {"name": "shapes", "sha256": "ab"} | expected


@pytest.fixture
def pair(run):
    keras.utils.set_random_seed(0)
    save_snapshot(run, Generator(CONFIG.ladder, CONFIG.network), 48)
    return snapshot_path(run, 48)


def test_a_card_tells_what_is_known_at_that_time(pair):
    path = pair.with_name("gs-000000048.json")
    text = path.read_text()
    assert "/home/me" not in text
    card = json.loads(text)
    assert card.pop("config") == json.loads(json.dumps(CONFIG.as_dict()))
    date = datetime.datetime.fromisoformat(card.pop("date"))
    assert abs(datetime.datetime.now(datetime.UTC) - date) < datetime.timedelta(hours=1)
    assert card == {
        "kind": "generator of clips",
        "name": "demo",
        "nimg": 48,
        "kimg": 0.048,
        "phase": {"rung": "4x8x8", "fading": True, "weight": 0.5, "lod": 1.5},
        "latents": "[N, 8] float32, drawn from N(0, I)",
        "clips": "[N, 4, 8, 8, 3] float32, RGB, about [-1, 1]",
        "distance": {"kimg": 0.032, "swd": 8.0, "swd_floor": 5.0, "motion": 2.0},
        "scores": [
            {
                "nimg": 32,
                "kimg": 0.032,
                "protocol": "tgan",
                "inception_score": 1.0,
                "network_sha256": "cd",
            },
            {
                "nimg": 48,
                "kimg": 0.048,
                "protocol": "thesis",
                "inception_score": 3.0,
                "network_sha256": "cd",
            },
        ],
        "data": {"name": "shapes", "sha256": "ab"},
        "versions": {"keras": "3"},
        "sha256": sha256(pair),
    }


def test_a_run_without_distances_and_scores_has_a_card(run):
    (run / "history.jsonl").unlink()
    (run / "scores.jsonl").unlink()
    card = make_card(run, 0)
    assert (card["distance"], card["scores"]) == (None, [])


def test_what_was_written_is_read(pair):
    card, config = read_card(pair)
    assert config == CONFIG
    assert card["nimg"] == 48


LONG_LADDER = {
    "ladder": " ".join(f"{2**i}x4x4" for i in range(3000)),
    "resolution": 4,
    "num_frames": 2**2999,
}


def _change(pair, **changes):
    path = pair.with_name("gs-000000048.json")
    card = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in card.items() if value != "left out"}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "c3d"}, "it is no model card of a generator"),
        ({"kind": "left out"}, "kind"),
        ({"nimg": -1}, "it is no model card"),
        ({"nimg": True}, "nimg"),
        ({"nimg": "48"}, "nimg"),
        ({"sha256": "left out"}, "sha256"),
        ({"config": "left out"}, "config"),
        ({"config": 5}, "config"),
        ({"config": {"nam": "a"}}, "nam"),
        ({"config": {}}, "name"),
        ({"config": {"name": "a", "loss": {"kind": "other"}}}, "`loss` should be one of"),
        ({"config": {"name": "a", "loss": {"kind": []}}}, "`loss` should be one of"),
        ({"config": {"name": [1]}}, "`name` should be str"),
        ({"config": {"name": "a", "growth": {"resolution": 5}}}, "one that the ladder"),
        ({"config": {"name": "a", "network": {"latent_size": "8"}}}, "`network.latent_size`"),
    ],
)
def test_a_card_of_something_else_is_refused(pair, changes, reason):
    _change(pair, **changes)
    with pytest.raises(UserError, match=f"Cannot read .*048.json.*{reason}"):
        read_card(pair)


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (
            {"network": {"latent_size": 10**6}},
            "latent_size=1000000 does not fit in the .* bytes of",
        ),
        ({"growth": LONG_LADDER}, "its ladder has 3000 rungs, more than 32"),
    ],
)
def test_a_network_that_the_file_cannot_hold_is_refused_at_once(pair, section, reason):
    _change(pair, config={"name": "a", **section})
    begin = time.process_time()
    with pytest.raises(UserError, match=f"Cannot read .*048.json: {reason}"):
        read_card(pair)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "\xff", "[" * 10**5])
def test_a_damaged_card_is_refused(pair, text):
    pair.with_name("gs-000000048.json").write_text(text, "latin-1")
    with pytest.raises(UserError, match=r"Cannot read .*048.json: \S"):
        read_card(pair)


def test_a_card_of_other_weights_is_refused(pair):
    _change(pair, sha256="0" * 64)
    with pytest.raises(
        UserError, match="Cannot load .*048.weights.h5: its SHA-256 is not the one in .*048.json"
    ):
        read_card(pair)


def test_weights_without_a_card_and_other_files_are_refused(pair):
    pair.with_name("gs-000000048.json").unlink()
    with pytest.raises(UserError, match="Cannot read .*048.json: No such file"):
        read_card(pair)
    with pytest.raises(
        UserError, match=r"A model should be .* Received: .*048.json \(no such file\)"
    ):
        read_card(pair.with_name("gs-000000048.json"))
    with pytest.raises(UserError, match=r"A model should be .* Received: .*config.json$"):
        read_card(pair.parent.parent / "config.json")
