import io
import os

import av
import numpy as np
import pytest
from PIL import Image

from support.errors import UserError
from support.media import (
    animation_bytes,
    evenly,
    filmstrip,
    gif_bytes,
    shrink_picture,
    shrink_video,
    tile_clips,
    to_uint8,
    write_clip,
)


def moving_square(frames=8, size=32):
    clip = np.full((frames, size, size, 3), (200, 60, 30), np.uint8)
    for t in range(frames):
        clip[t, 8:20, 2 * t : 2 * t + 12] = (20, 90, 220)
    return clip


def test_to_uint8_rounds_and_cuts():
    values = to_uint8(np.array([-1.2, -1.0, 0.0, 0.002, 1.0, 9.0]))
    np.testing.assert_array_equal(values, [0, 0, 128, 128, 255, 255])


def test_tile_clips_by_hand():
    clips = np.array([1, 2, 3], np.uint8).reshape(3, 1, 1, 1, 1)
    grid = tile_clips(clips, columns=2, padding=1, background=9, side=1)
    np.testing.assert_array_equal(grid[0, ..., 0], [[1, 9, 2], [9, 9, 9], [3, 9, 9]])
    assert tile_clips(np.zeros((6, 2, 4, 4, 3), np.uint8), padding=2).shape == (2, 130, 196, 3)


def test_filmstrip_has_a_row_for_each_clip():
    clips = np.arange(10, dtype=np.uint8).reshape(2, 5, 1, 1, 1)
    strip = filmstrip(clips, frames=3, padding=0, side=1)
    np.testing.assert_array_equal(strip[0, ..., 0], [[0, 2, 4], [5, 7, 9]])


def test_evenly():
    assert evenly(5, 8).tolist() == [0, 1, 2, 3, 4]
    assert evenly(32, 2).tolist() == [0, 31]


@pytest.mark.parametrize("size", [4, 31, 32])
def test_mp4_comes_back(tmp_path, size):
    clip = moving_square()[:, :size, :size]
    write_clip(tmp_path / "a.mp4", clip, fps=12.5)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == 12.5
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    back = np.stack(frames)[:, :size, :size].astype(int)
    assert len(back) == len(clip)
    assert np.abs(back - clip).mean() < 8
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_mp4_takes_frames_one_by_one(tmp_path):
    clip = np.random.default_rng(0).integers(0, 256, (5, 17, 31, 3), np.uint8)
    write_clip(tmp_path / "a.mp4", clip)
    write_clip(tmp_path / "b.mp4", (frame for frame in clip))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_gif_comes_back_and_loops():
    clip = moving_square()
    with Image.open(io.BytesIO(gif_bytes(clip, fps=10))) as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (8, 0, 100)
        gif.seek(5)
        np.testing.assert_allclose(np.array(gif.convert("RGB")).astype(int), clip[5], atol=4)


def delays(data):
    with Image.open(io.BytesIO(data)) as gif:
        found = []
        for number in range(gif.n_frames):
            gif.seek(number)
            found.append(gif.info["duration"])
    return found


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (10, [100] * 8),
        (8, [120, 130, 130, 120, 120, 130, 130, 120]),  # 125 each: a second in all.
        (30, [30, 40, 30, 30, 40, 30, 30, 40]),
        (50, [20] * 8),
        (60, [20] * 8),  # Browsers would play 10 as 100.
        (0.5, [2000] * 8),
    ],
)
def test_delays_of_a_gif_add_up_to_its_duration(fps, expected):
    assert delays(gif_bytes(moving_square(), fps)) == expected


@pytest.mark.parametrize("frames", [1, 5])
def test_a_gif_keeps_frames_that_are_alike(frames):
    clip = np.repeat(moving_square(1), frames, axis=0)
    data = gif_bytes(clip, 10)
    assert delays(data) == [100] * frames
    with Image.open(io.BytesIO(data)) as gif:
        gif.seek(frames - 1)
        np.testing.assert_array_equal(np.array(gif.convert("RGB")), clip[-1])


def test_a_gif_is_not_dithered():
    ramp = np.linspace(0, 255, 64 * 64).reshape(1, 64, 64, 1).repeat(3, 3).astype(np.uint8)
    with Image.open(io.BytesIO(gif_bytes(ramp))) as gif:
        grey = np.array(gif.convert("RGB"))[..., 0].astype(int)
    assert (np.diff(grey.reshape(-1)) >= 0).all()


@pytest.mark.parametrize("fps", [8, 12.5, 30000 / 1001, 60])
def test_an_mp4_has_the_frames_and_the_duration(tmp_path, fps):
    write_clip(tmp_path / "a.mp4", moving_square(), fps)
    with av.open(str(tmp_path / "a.mp4")) as container:
        (stream,) = container.streams
        assert float(stream.average_rate) == pytest.approx(fps, rel=1e-6)
        assert stream.frames == 8
        assert float(stream.duration * stream.time_base) == pytest.approx(8 / fps, abs=1e-3)


def test_an_mp4_always_has_the_same_bytes(tmp_path):
    clip = np.random.default_rng(0).integers(0, 256, (24, 75, 75, 3), np.uint8)
    clip = clip.repeat(4, axis=1).repeat(4, axis=2)  # Large enough for several threads.
    processors = os.sched_getaffinity(0)
    try:
        for number in range(16):  # On one processor, and on all, in turn.
            os.sched_setaffinity(0, sorted(processors)[: 1 if number % 2 else len(processors)])
            write_clip(tmp_path / f"{number}.mp4", clip)
    finally:
        os.sched_setaffinity(0, processors)
    first, *others = (path.read_bytes() for path in tmp_path.iterdir())
    assert all(other == first for other in others)


def colourful(frames=16, size=64):
    """More colours than a palette holds."""
    y, x = np.mgrid[:size, :size] / size
    clip = [
        [np.sin(3 * x + t / 3 + y), np.cos(5 * y - t / 8), np.sin(4 * x * y + t / 9)]
        for t in range(frames)
    ]
    return to_uint8(np.moveaxis(np.array(clip), 1, -1))


def decode(content):
    """Frames [T, H, W, 3], and milliseconds of each."""
    with Image.open(io.BytesIO(content)) as picture:
        frames, delays = [], []
        for i in range(picture.n_frames):
            picture.seek(i)
            picture.load()
            frames.append(np.array(picture.convert("RGB")))
            delays.append(picture.info["duration"])
    return np.stack(frames).astype(int), delays


@pytest.mark.parametrize("kind", ["webp", "apng"])
@pytest.mark.parametrize("fps", [8, 25, 29.97, 50])
def test_animations_have_the_duration_of_the_clip(kind, fps):
    clip = moving_square(frames=15)
    frames, delays = decode(animation_bytes(clip, kind, fps))
    assert len(frames) == 15
    assert sum(delays) == pytest.approx(15000 / fps, abs=5)


def test_animations_are_near_the_clip():
    clip = colourful()
    errors = {k: decode(animation_bytes(clip, k, 8))[0] - clip for k in ("webp", "apng")}
    errors["gif"] = decode(gif_bytes(clip))[0] - clip
    worst = {kind: np.sqrt((error**2).mean()) for kind, error in errors.items()}
    assert worst["apng"] == 0
    assert worst["webp"] < worst["gif"] < 12


def test_png_has_the_frames_side_by_side(tmp_path):
    clip = moving_square(frames=3, size=32)
    write_clip(tmp_path / "a.png", clip)
    picture = np.array(Image.open(tmp_path / "a.png"))
    assert picture.shape == (32, 3 * 32 + 2 * 2, 3)
    np.testing.assert_array_equal(picture[:, 68:], clip[2])


def test_mistakes_are_told_and_leave_nothing(tmp_path):
    with pytest.raises(UserError, match="should end in"):
        write_clip(tmp_path / "a.avi", moving_square())
    with pytest.raises(UserError, match="at most 16384"):
        write_clip(tmp_path / "a.mp4", np.zeros((1, 2, 16386, 3), np.uint8))
    assert not list(tmp_path.iterdir())


def test_a_video_is_written_again_for_a_page(tmp_path):
    clip = moving_square(size=64)
    write_clip(tmp_path / "a.mp4", clip, fps=12.5)
    shrink_video(tmp_path / "a.mp4", tmp_path / "b.mp4", side=32)
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert container.streams.video[0].average_rate == 12.5
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    small = clip.reshape(8, 32, 2, 32, 2, 3).mean((2, 4))
    assert np.abs(np.stack(frames) - small).mean() < 8
    shrink_video(tmp_path / "a.mp4", tmp_path / "c.mp4", side=512)
    with av.open(str(tmp_path / "c.mp4")) as container:
        assert container.streams.video[0].width == 64
    assert (tmp_path / "c.mp4").stat().st_size < (tmp_path / "a.mp4").stat().st_size


@pytest.mark.parametrize(("kind", "frames"), [("png", 1), ("gif", 8), ("apng", 8), ("webp", 8)])
def test_a_picture_is_written_again_for_a_page(tmp_path, kind, frames):
    write_clip(tmp_path / f"a.{kind}", moving_square(size=64), fps=10)
    shrink_picture(tmp_path / f"a.{kind}", tmp_path / "b.webp", side=32)
    with Image.open(tmp_path / "b.webp") as picture:
        assert (picture.format, max(picture.size)) == ("WEBP", 32)
        assert picture.n_frames == frames
        picture.load()
        assert picture.info.get("duration", 0) == (100 if frames > 1 else 0)


def test_damaged_media_are_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(UserError, match="a.mp4 should be a whole video"):
        shrink_video(tmp_path / "a.mp4", tmp_path / "b.mp4", 32)
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match="a.png should be a whole picture"):
        shrink_picture(tmp_path / "a.png", tmp_path / "b.webp", 32)
    assert len(list(tmp_path.iterdir())) == 2
