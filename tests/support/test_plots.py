import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.errors import UserError
from support.plots import plot_curves, plot_progress, plot_scores

TERMS = ["critic", "generator", "gradient_penalty", "projection_penalty"]


def made_up_history():
    random, lines = np.random.default_rng(0), []
    rungs = ["4x4x4", "8x8x8", "8x16x16", "8x32x32"]
    for tick in range(1, 29):
        phase = (tick - 1) // 4
        line = {
            "nimg": 1000 * tick,
            "kimg": float(tick),
            "rung": rungs[(phase + 1) // 2],
            "fading": phase % 2 == 1,
            "critic": -2 * math.exp(-tick / 9) + 0.1 * random.standard_normal(),
            "generator": math.sin(tick / 5) + 0.1 * random.standard_normal(),
            "gradient_penalty": 0.3 + 0.05 * random.standard_normal(),
            "projection_penalty": 0.1 + 0.02 * random.standard_normal(),
        }
        if tick % 4 == 0:
            line |= {"swd": 300 / tick, "swd_floor": 9.0}
        lines.append(line)
    return lines


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_curves_are_drawn(tmp_path, suffix):
    output = tmp_path / f"curves{suffix}"
    plot_curves(made_up_history(), TERMS, output, "a title")
    assert [file.name for file in tmp_path.iterdir()] == [output.name]
    if suffix == ".png":
        picture = np.array(Image.open(output).convert("L"))
        assert picture.shape == (912, 1200)
        assert 0.005 < (picture < 128).mean() < 0.2
    else:
        drawn = output.read_text()
        words = ("a title", *TERMS, "floor: other reals to reals", "a rung fades in", "8x16x16")
        for word in words:
            assert f"<!-- {word} -->" in drawn


@pytest.mark.parametrize("count", [1, 2, 7])
def test_any_number_of_terms_has_a_panel_each(tmp_path, count):
    terms = [f"term_{i}" for i in range(count)]
    history = [line | dict.fromkeys(terms, 1.0) for line in made_up_history()]
    plot_curves(history, terms, tmp_path / "curves.svg")
    drawn = (tmp_path / "curves.svg").read_text()
    assert all(f"<!-- {term} -->" in drawn for term in terms)
    assert drawn.count("<!-- 4x4x4 -->") == count + 1  # In each panel.


def test_a_history_without_distances_is_drawn(tmp_path):
    lines = [{k: v for k, v in line.items() if "swd" not in k} for line in made_up_history()[:1]]
    plot_curves(lines, TERMS, tmp_path / "curves.png")


def test_another_suffix_is_refused():
    with pytest.raises(UserError, match="should end in one of"):
        plot_curves(made_up_history(), TERMS, Path("curves.mp4"))


def test_scores_are_drawn_with_published_ones(tmp_path):
    lines = [
        {"nimg": 1000 * i, "kimg": i, "protocol": "tgan", "inception_score": 10 - 9 / i}
        | {"inception_score_reals": 30.0, "frechet_distance": 90 / i, "frechet_distance_floor": 5}
        for i in range(1, 6)
    ]
    output = tmp_path / "scores.svg"
    plot_scores({"a": lines, "b": lines[:2]}, {"inception_score": {"MoCoGAN": 12.42}}, output)
    drawn = output.read_text()
    for word in ("MoCoGAN", "inception score", "frechet distance", "a, reals", "b", "kimg"):
        assert f"<!-- {word} -->" in drawn
    with pytest.raises(UserError, match="should end in one of"):
        plot_scores({"a": lines}, {}, tmp_path / "scores.mp4")


def test_progress_of_systems_is_drawn(tmp_path):
    runs = [[{"kimg": k, "swd": v / k} for k in (1, 2, 3)] for v in (9, 12)]
    runs[0].append({"kimg": None, "swd": None})  # A point that is not known.
    output = tmp_path / "progress.svg"
    axis, measures = ("kimg", "thousands of clips"), {"swd": "distance"}
    plot_progress({"one": runs, "two": runs[:1]}, axis, measures, {"swd": 2.0}, output, "a title")
    drawn = output.read_text()
    for words in ("a title", "thousands of clips", "distance", "one", "two", "real clips"):
        assert drawn.count(f"<!-- {words} -->") == 1
