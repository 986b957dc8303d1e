"""Answers of made-up raters, whose preferences come back."""

import math

import pytest

from scoring.human_study.design import REAL
from scoring.human_study.results import read_answers, summarise
from support.errors import UserError
from tests.scoring.human_study.studies import HEADER, answer_all, make_study

ORDER = {"swgan": 3, "wgan_gp": 2, "runs/old": 1}


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("studies") / "study")


def attentive(source):
    return 9 if source == REAL else ORDER.get(source, 0)


def inattentive(source):
    return -attentive(source)


def read(tmp_path, key, *texts):
    paths = [tmp_path / f"{i}.csv" for i in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return read_answers(paths, key)


def test_preferences_of_those_who_paid_attention(tmp_path, key):
    texts = [answer_all(key, name, attentive) for name in ("ann", "bob")]
    found = summarise(key, read(tmp_path, key, *texts, answer_all(key, "eve", inattentive)))
    assert found["raters"]["ann"] == {"answers": 16, "catch": 4, "right": 4, "failed": False}
    assert found["raters"]["eve"] == {"answers": 16, "catch": 4, "right": 0, "failed": True}
    first = found["pairs"][0]
    assert (first["models"], first["answers"], first["wins"]) == (["swgan", "wgan_gp"], 8, 8)
    assert first["share"] == 1
    assert first["p"] == 2 / 2**8
    assert first["low"] == pytest.approx(8 / (8 + 1.959964**2), abs=1e-6)
    assert found["strengths"] is None  # One won all.
    assert (found["agreement"], found["kappa"]) == (1, 1)
    assert found["left"] == 0.5  # Each model is on both sides equally often.


def test_all_count_where_catch_pairs_need_not_be_right(tmp_path, key):
    texts = [answer_all(key, "ann", attentive), answer_all(key, "eve", inattentive)]
    found = summarise(key, read(tmp_path, key, *texts), min_catch=0)
    assert [pair["share"] for pair in found["pairs"]] == [0.5] * 3
    assert list(found["strengths"].values()) == pytest.approx([1 / 3] * 3)
    assert (found["agreement"], found["kappa"]) == (0, -1)


def test_one_rater_has_no_agreement(tmp_path, key):
    found = summarise(key, read(tmp_path, key, answer_all(key, "ann", attentive)))
    assert found["agreement"] is None
    assert found["kappa"] is None
    assert not any(isinstance(v, float) and math.isnan(v) for v in found.values())


def test_the_later_answer_counts(tmp_path, key):
    texts = [answer_all(key, "ann", attentive), answer_all(key, "ann", inattentive)]
    answers = read(tmp_path, key, *texts)
    assert len(answers) == 16
    with pytest.raises(UserError, match="Received: 1 raters without any"):
        summarise(key, answers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study,rater\n", "it has no column question"),
        (HEADER + "other,ann,0,left,1\n", "line 2: it belongs to another study"),
        (HEADER + "{study},ann,0,middle,1\n", "line 2: it is no answer"),
        (HEADER + "{study},ann,16,left,1\n", "line 2: it is no answer"),
        (HEADER + "{study},ann,0,left,1\n{study},ann,x,left,1\n", "line 3: it is no answer"),
        (HEADER + "{study},ann,0\n", "line 2: it is no answer"),
    ],
)
def test_damaged_answers_are_named(tmp_path, key, text, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, key, text.replace("{study}", key["study"]))


def test_a_missing_file_is_named(tmp_path, key):
    with pytest.raises(UserError, match="none.csv: No such file"):
        read_answers([tmp_path / "none.csv"], key)
