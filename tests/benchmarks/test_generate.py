"""The benchmark of generating clips, at its smallest."""

import json

import pytest

from benchmarks import generate


def test_a_row_a_rung(capsys):
    flags = ["--config=demo", "--minibatch=2", "--repeats=1", "--json"]
    generate.main(generate.parse(["", *flags, "--set", "growth.feature_maps_max=4"]))
    told = json.loads(capsys.readouterr().out)
    assert [row["rung"] for row in told["results"]] == ["4x4x4", "8x8x8", "8x16x16", "8x32x32"]
    for row in told["results"]:
        ratio = row["traced_clips_per_second"] / row["eager_clips_per_second"]
        assert row["traced_over_eager"] == pytest.approx(ratio)
