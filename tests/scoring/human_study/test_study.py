"""What is asked, and what the files say of it."""

import collections
import json

import av
import numpy as np
import pytest

from scoring.human_study.design import FROZEN, NOISE, REAL, draw_questions
from scoring.human_study.study import write_study
from support.errors import UserError
from tests.scoring.human_study.studies import make_study, moving

MODELS = ["a", "b", "c"]


def test_each_two_models_are_asked_for_on_both_sides():
    questions = draw_questions(MODELS, pairs=10, catch=4, seed=0)
    assert len(questions) == 3 * 10 + 4
    sides = collections.Counter((q.left.source, q.right.source) for q in questions if not q.catch)
    assert sides == {(a, b): 5 for a in MODELS for b in MODELS if a != b}
    assert all(q.left.index == q.right.index for q in questions)
    catch = [q for q in questions if q.catch]
    others = [{q.left.source, q.right.source} - {REAL} for q in catch]
    assert sorted(other for (other,) in others) == sorted([NOISE, FROZEN] * 2)
    assert sum(q.left.source == REAL for q in catch) == 2


def test_the_seed_draws_sides_and_order():
    first, again, other = (draw_questions(MODELS, 10, 4, seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert sorted(map(str, first)) != sorted(map(str, other))  # Sides differ, not only the order.
    kinds = [q.catch for q in first]
    assert kinds != sorted(kinds)


def read(path):
    with av.open(str(path)) as container:
        rate = container.streams.video[0].average_rate
        return rate, np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def test_files_are_of_one_kind_and_say_nothing_of_their_source(tmp_path):
    key = make_study(tmp_path / "study")
    page = tmp_path / "study/page"
    assert key == json.loads((tmp_path / "study/key.json").read_text())
    text = (page / "index.html").read_text()
    names = [path.name for path in sorted((page / "clips").iterdir())]
    assert names == [f"{i:04d}.mp4" for i in range(3 * 4 + 2 * 4)]
    levels = {"swgan": 40, "wgan_gp": 90, "runs/old": 140, REAL: 200, FROZEN: 200, NOISE: 127}
    for question in key["questions"]:
        for side in ("left", "right"):
            item = question[side]
            rate, clip = read(page / f"clips/{item['file']}.mp4")
            assert (rate, clip.shape) == (12, (6, 256, 256, 3))
            level = clip[:, :, 112:].mean()  # The column moves over the first six.
            assert level == pytest.approx(levels[item["source"]], abs=4), item
            moves = np.abs(np.diff(clip.astype(int), axis=0)).mean() > 2
            assert moves == (item["source"] != FROZEN)
    for word in ("swgan", "wgan_gp", "runs/", "real)", "noise", "frozen"):
        assert word not in text, word
    assert all("swgan" not in str(path) for path in page.rglob("*"))


def test_numbers_of_files_do_not_follow_the_sources(tmp_path):
    key = make_study(tmp_path / "study")
    files = {
        (item["source"], item["index"]): int(item["file"])
        for question in key["questions"]
        for item in (question["left"], question["right"])
    }
    numbers = [files["swgan", i] for i in range(4)]
    assert max(numbers) - min(numbers) > 4


def test_clips_are_brought_to_the_smallest_size(tmp_path):
    sets = {"a": moving(40), "b": moving(90, shape=(10, 32, 32))}
    key = write_study(tmp_path / "study", sets, None, pairs=2, catch=0)
    assert key["shape"] == [6, 16, 16]
    assert key["reals"] is None
    assert {read(path)[1].shape for path in tmp_path.rglob("*.mp4")} == {(6, 256, 256, 3)}
    with pytest.raises(UserError, match="one aspect ratio. Received: 16x16 in a and 16x32 in b"):
        sets["b"] = moving(90, shape=(6, 16, 32))
        write_study(tmp_path / "other", sets, None, pairs=2, catch=0)


def test_too_few_clips(tmp_path):
    with pytest.raises(UserError, match="`pairs` should be at most 8, the clips of swgan"):
        make_study(tmp_path / "study", pairs=9)
    with pytest.raises(UserError, match="`catch` should be at most 8, the clips of .real."):
        make_study(tmp_path / "study", catch=9)
    with pytest.raises(ValueError, match="`catch` should be 0 without `reals`"):
        write_study(tmp_path / "study", {"a": moving(1), "b": moving(2)}, None, pairs=2, catch=1)
    assert not (tmp_path / "study").exists()
