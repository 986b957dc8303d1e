"""The benchmark of making data sets, at its smallest."""

import json

import pytest

from benchmarks import dataset_tool
from benchmarks.videos import make_videos
from dataset.readers.videos import decode
from support.errors import UserError


def test_a_row_a_rule(tmp_path, capsys):
    make_videos(tmp_path / "videos", count=2, frames=20, width=64, height=48)
    flags = [f"--source={tmp_path / 'videos'}", "--config=demo", "--repeats=1", "--json"]
    dataset_tool.main(dataset_tool.parse(["", *flags]))
    told = json.loads(capsys.readouterr().out)
    assert [(row["clip_rule"], row["clips"]) for row in told["results"]] == [
        ("centre", 2),
        ("all", 4),
    ]
    for row in told["results"]:
        share = row["create_clips_per_second"] / row["plain_decoding_clips_per_second"]
        assert row["share_of_plain"] == pytest.approx(share)


def test_videos_move(tmp_path):
    make_videos(tmp_path, count=1, frames=30, width=64, height=48)
    frames = list(decode(tmp_path / "0000.mp4"))
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 30
    assert abs(frames[0].astype(int) - frames[-1]).mean() > 1


def test_a_folder_without_videos_is_refused(tmp_path):
    with pytest.raises(UserError, match="--source should hold videos"):
        dataset_tool.main(dataset_tool.parse(["", f"--source={tmp_path}"]))
