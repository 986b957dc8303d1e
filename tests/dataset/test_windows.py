"""Records of whole videos: the windows that training takes of them are the clips of today."""

import numpy as np
import pytest

from dataset.advice import advise
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.damage import damaged_clips
from dataset.encoding import Encoding
from dataset.examples import decode, encode
from dataset.extract import extract
from dataset.pipeline import ClipPipeline
from dataset.plan import describe_plan
from dataset.pyramid import pyramid, quantise
from dataset.readers.source import Source
from dataset.records import Records, open_records
from dataset.verify import find_faults
from dataset.windows import Window, frame_bytes, scale_of, storage_type
from growth.ladder import make_ladder
from support.errors import UserError
from tests.dataset.conftest import LADDER

LONG = make_ladder("4x4x4 8x4x4 8x8x8 8x16x16 16x32x32 16x64x64 16x128x128")
LENGTHS = [16, 17, 40, 61]
SPAN = 15  # of 8 frames, every second one


def video(number, count, side=16):
    random = np.random.default_rng([number, count])
    return list(random.integers(0, 256, (count, side, side, 3), np.uint8))


VIDEOS = [video(i, count) for i, count in enumerate(LENGTHS)]


def make(folder, videos=VIDEOS, ladder=LADDER, stride=2, short="skip", **more):
    rules = ClipRules(ladder[-1].frames, "windows", stride, short=short)
    sources = [Source(str(i), lambda v=v: iter(v), str(i)) for i, v in enumerate(videos)]
    create_dataset(folder, sources, ladder, rules, about={}, **more)
    return rules


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("windows") / "data"
    make(folder, shard_clips=3)
    return folder


def draws(clips, count, nimg=0):
    """Video and place of the window at positions from `nimg` on."""
    found = clips._drawing.stream(nimg).take(count).as_numpy_iterator()
    return [(int(clip), place) for clip, _, place in found]


def take(dataset, elements):
    return np.concatenate([batch.clips.numpy() for batch in dataset.take(elements)])


def as_levels(clips):
    return np.rint((clips + 1) * 127.5).astype(np.uint8)


def stored_window(frames, start, ladder, level, stride=2):
    span = (ladder[-1].frames - 1) * stride + 1
    return quantise(pyramid(np.stack(frames[start : start + span : stride]), ladder)[level])


@pytest.mark.parametrize("encoding", ["raw", "zlib"])
def test_windows_are_equal_to_the_stored_pyramid(tmp_path, data, encoding):
    folder = data
    if encoding != "raw":
        folder = tmp_path / "data"
        make(folder, encoding=Encoding(encoding))
    clips = ClipPipeline(folder, LADDER, seed=1, mirror=False)
    labels = [
        int(clips.records.label_names[decode(r)[1]])
        for r in clips.records.read(LADDER[0], range(4))
    ]
    for level in range(len(LADDER)):
        batch = next(iter(clips.dataset(level, 2, 8)))
        for clip, label, (index, place) in zip(
            as_levels(batch.clips.numpy()), batch.labels, draws(clips, 8, 2), strict=True
        ):
            frames = VIDEOS[labels[index]]
            start = int(np.float32(place) * np.float32(len(frames) - SPAN + 1))
            np.testing.assert_array_equal(clip, stored_window(frames, start, LADDER, level))
            assert clips.records.label_names[label] == str(labels[index])


def test_sums_of_large_blocks_are_exact(tmp_path):
    """From 128x128 and 16 frames down to 4x4 and 4: 20 bits of sums, beyond 16 bits of storage."""
    frames = video(7, 20, side=128)
    make(tmp_path / "data", [frames], LONG, stride=1)
    clips = ClipPipeline(tmp_path / "data", LONG, seed=0, mirror=False)
    types = [storage_type(scale_of(LONG, level, "raw")) for level in range(len(LONG))]
    assert types == [*[np.int32] * 2, *[np.uint16] * 2, *[np.uint8] * 3]
    for level in range(len(LONG)):
        seen = as_levels(take(clips.dataset(level, 0, 3), 1))
        for clip, (_, place) in zip(seen, draws(clips, 3), strict=True):
            start = int(np.float32(place) * np.float32(5))
            expected = stored_window(frames, start, LONG, level, stride=1)
            np.testing.assert_array_equal(clip, expected)


def test_windows_follow_from_seed_epoch_and_video(data):
    clips = ClipPipeline(data, LADDER, seed=3, mirror=True)
    whole = draws(clips, 80)
    assert draws(ClipPipeline(data, LADDER, seed=3, mirror=False), 80) == whole
    assert draws(clips, 57, nimg=23) == whole[23:]
    assert draws(ClipPipeline(data, LADDER, seed=4, mirror=True), 80) != whole
    places = [dict(whole[epoch : epoch + 4]) for epoch in range(0, 80, 4)]
    assert all(len(epoch) == 4 for epoch in places)
    assert len({epoch[0] for epoch in places}) == 20
    window = Window(8, 2)
    starts = {int(window.start(place, 40)) for place in np.linspace(0, 1, 500, endpoint=False)}
    assert starts == set(range(26))
    assert int(window.start(np.float32(1 - 2**-24), 40)) == 25


def test_skipped_videos_do_not_move_the_windows_of_others(data, monkeypatch):
    clips = ClipPipeline(data, LADDER, seed=3, mirror=True)
    expected = dict(draws(clips, 4))
    clips._whole = np.array([0, 2, 3])
    assert all(expected[index] == place for index, place in draws(clips, 3))


def test_replicas_and_restarts_see_the_same_windows(data):
    clips = ClipPipeline(data, LADDER, seed=3, mirror=True)
    one = take(clips.dataset(1, 0, 4), 5)
    np.testing.assert_array_equal(take(clips.dataset(1, 0, 4, replicas=2), 10), one)
    np.testing.assert_array_equal(take(clips.dataset(1, 8, 4), 3), one[8:])


@pytest.mark.parametrize(("short", "expected"), [("loop", [0, 1, 2, 0]), ("hold", [0, 1, 2, 2])])
def test_short_videos_are_handled_as_by_the_other_rules(tmp_path, short, expected):
    ladder, frames = make_ladder("4x4x4"), video(0, 3, side=4)
    make(tmp_path / "data", [frames], ladder, stride=1, short=short)
    (clip,) = Records(tmp_path / "data").clips(ladder[0], [0])
    np.testing.assert_array_equal(clip, np.stack(frames)[expected])
    with pytest.raises(UserError, match="should have at least 4 frames. Received: 3"):
        make(tmp_path / "none", [frames], ladder, stride=1)
    with pytest.raises(UserError, match="0 should have at least 4 frames. Received: 3"):
        make(tmp_path / "none", [frames], ladder, stride=1, short="error")


@pytest.mark.parametrize("count", [4, 5, 20, 21, 40, 41, 57, 99])
def test_long_videos_become_stretches_without_a_window_lost_or_twice(monkeypatch, count):
    monkeypatch.setattr("dataset.clips.STRETCH", 20 * 8)
    rules, random = ClipRules(4, "windows"), np.random.default_rng(0)
    stretches = [s.tolist() for s in rules.cut(lambda: iter(np.arange(count)), random)]
    starts = [s[i] for s in stretches for i in range(len(s) - rules.span + 1)]
    assert starts == list(range(count - rules.span + 1))
    assert max(map(len, stretches)) <= 21
    assert len(stretches) == 1 or min(map(len, stretches)) >= 10


def test_the_tools_look_at_the_central_window(data, tmp_path):
    records = open_records(data)
    assert records.content == "4 videos"
    index = records.label_names.index("3")
    labels = [decode(record)[1] for record in records.read(LADDER[0], range(4))]
    clip, label = records.clip(LADDER[-1], labels.index(index))
    assert label == index
    np.testing.assert_array_equal(clip, stored_window(VIDEOS[3], 23, LADDER, LADDER.top))
    assert list(find_faults(records)) == []
    assert damaged_clips(records, LADDER) == {}
    extract(records, LADDER[0], [labels.index(index)], tmp_path / "out", "npy", 8)
    (file,) = (tmp_path / "out").rglob("*.npy")
    np.testing.assert_array_equal(np.load(file), stored_window(VIDEOS[3], 23, LADDER, 0))
    rules = ClipRules(8, "windows", 2)
    assert advise(records, rules)[0].startswith("Warning: 7 clips. A network")


def test_a_wrong_mean_is_a_fault(data):
    records = open_records(data)
    values, label = decode(records.read(LADDER[0], [0])[0])
    assert values.dtype == np.float32
    scale = scale_of(LADDER, 0, "raw")
    wrong = encode(values + np.float32(2) * (values < 200), label, scale=scale)
    records.read = lambda rung, indices: [wrong]
    from dataset import verify

    shards = [records.shards[str(rung)][0] for rung in LADDER]
    clips = [decode(wrong), *(decode(open_records(data).read(r, [0])[0]) for r in LADDER[1:])]
    faults = [str(fault) for fault in verify._rung_faults(records, shards, 0, clips)]
    assert len(faults) == 1
    assert "should be 8x8x8/00000.tfrecord pooled. Received: up to 2" in faults[0]


def test_lossy_frames_are_pooled_after_decoding(tmp_path):
    ladder = make_ladder("4x32x32 8x64x64")
    smooth = [np.full((64, 64, 3), 40 + i, np.uint8) for i in range(20)]
    make(tmp_path / "data", [smooth], ladder, stride=1, encoding=Encoding("jpeg", 95))
    clips = ClipPipeline(tmp_path / "data", ladder, seed=0, mirror=False)
    for level, step in ((0, 2), (1, 1)):
        (clip,) = as_levels(take(clips.dataset(level, 0, 1), 1)).astype(int)
        means = clip.mean((1, 2, 3))
        np.testing.assert_allclose(np.diff(means), step, atol=0.6)
    assert list(find_faults(open_records(tmp_path / "data"))) == []


def test_the_plan_is_for_frames():
    text = describe_plan(LADDER, None, Encoding(), windows=True).splitlines()
    assert text[0] == "A thousand frames of video, raw:"
    assert float(text[-2].split()[1]) == pytest.approx(0.8)
    assert frame_bytes(LADDER, 0, "raw") == 2 * 4 * 4 * 3  # Sums of 16 pixels.
    assert frame_bytes(LADDER, 1, "raw") == 8 * 8 * 3  # Time is not pooled.
