"""Videos: decoded in order and to the end, or rejected with the reason."""

import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dataset.readers import source, videos
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, RejectedSource
from tests.dataset.readers.media import encode
from tests.dataset.videos import cut, noisy, picture, write_image, write_video


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.mov"])
def test_all_frames_come_in_order(tmp_path, name):
    write_video(tmp_path / name, [picture(10 * i) for i in range(20)])
    frames = list(videos.decode(tmp_path / name))
    assert [frame.shape for frame in frames] == [(32, 48, 3)] * 20
    assert np.allclose([frame.mean() for frame in frames], 10 * np.arange(20), atol=3)


def test_sources_are_found_below_folders_and_sorted_naturally(tmp_path):
    for name in ("b/2.avi", "a/10.mp4", "a/9.mp4", "a/.hidden.mp4", "a/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    sources = videos.list_sources(Files.below(tmp_path), ReaderOptions(labels="folders"))
    assert [(found.name, found.label) for found in sources] == [
        ("a/9.mp4", "a"),
        ("a/10.mp4", "a"),
        ("b/2.avi", "b"),
    ]


def test_a_single_file_is_a_source(tmp_path):
    path = write_video(tmp_path / "a.mp4", [picture(0)] * 3)
    (single,) = videos.list_sources(Files.below(path), ReaderOptions())
    assert (single.name, single.label, len(list(single.frames()))) == ("a.mp4", None, 3)


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.webm"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.85])
def test_part_of_a_video_is_rejected(tmp_path, name, share):
    codec = "libvpx" if name.endswith("webm") else "mpeg4"
    path = cut(write_video(tmp_path / name, noisy(40), codec), share)
    with pytest.raises(RejectedSource):
        list(videos.decode(path))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.99])
def test_part_of_a_gif_is_rejected(tmp_path, share):
    path = write_gif(tmp_path / "a.gif", noisy(10), 40)
    assert len(list(videos.decode(path))) == 10
    with pytest.raises(RejectedSource, match="should be a whole (GIF|video). Received: "):
        list(videos.decode(cut(path, share)))


def test_zeros_may_follow_a_gif(tmp_path):
    path = write_gif(tmp_path / "a.gif", noisy(10), 40)
    path.write_bytes(path.read_bytes() + bytes(10))
    assert len(list(videos.decode(path))) == 10


def test_an_avi_cut_between_frames_is_rejected_by_its_count(tmp_path):
    path = write_video(tmp_path / "a.avi", [picture(0)] * 40)
    data = path.read_bytes()
    chunk = data.index(b"00dc", len(data) // 2)
    path.write_bytes(data[:chunk])
    with pytest.raises(RejectedSource, match="40 frames that its header states. Received: "):
        list(videos.decode(path))


@pytest.mark.parametrize("content", [b"", b"not a video\n" * 50, bytes(range(256)) * 40])
def test_what_is_no_video_is_rejected(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(RejectedSource, match="should be a"):
        list(videos.decode(path))


QUARTERS = np.kron([[0, 1], [2, 3]], np.ones((32, 48), int))  # [HW] Which quarter it is.
COLOURS = np.array([[250, 10, 10], [10, 250, 10], [10, 10, 250], [128, 128, 128]], np.uint8)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrors", [(False, False), (True, False), (False, True)])
def test_a_video_is_turned_and_mirrored_as_it_says(tmp_path, degrees, mirrors):
    path = encode(tmp_path / "a.mp4", [COLOURS[QUARTERS]] * 2, turn=(degrees, *mirrors))
    expected = np.rot90(QUARTERS, degrees // 90)
    expected = expected[:: -1 if mirrors[1] else 1, :: -1 if mirrors[0] else 1]
    for frame in videos.decode(path):
        inner = np.s_[8::16, 8::16]  # Away from the edges between the quarters.
        np.testing.assert_allclose(frame[inner], COLOURS[expected][inner].astype(int), atol=12)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
@pytest.mark.parametrize(
    ("aspect", "size"), [("4/3", (32, 64)), ("3/4", (43, 48)), ("1", (32, 48))]
)
def test_pixels_are_made_square(tmp_path, name, aspect, size):
    path = encode(tmp_path / name, [picture(90)] * 2, aspect=aspect)
    assert [frame.shape[:2] for frame in videos.decode(path)] == [size] * 2


def levels(path, fps=None):
    """The frames of a video of plain frames of grey levels 20 i, as i."""
    return [round(frame.mean() / 20) for frame in videos.decode(path, fps)]


STAIRS = [picture(20 * i) for i in range(10)]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mpeg4"), ("a.mkv", "libx264")])
def test_frames_are_held_for_their_time(tmp_path, name, codec):
    path = encode(tmp_path / name, STAIRS[:5], codec, times=[0, 1, 2, 8, 9])
    assert levels(path) == [0, 1, 2, 3, 4]
    assert levels(path, 25) == [0, 1, 2, 2, 2, 2, 2, 2, 3, 4]
    assert levels(path, 12.5) == [0, 2, 2, 2, 3]
    assert levels(path, 5) == [0, 2]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.flv"])
@pytest.mark.parametrize("rate", [24, 25, 30])
def test_a_constant_rate_is_halved_kept_and_doubled(tmp_path, name, rate):
    codec = "flv" if name.endswith("flv") else "mpeg4"
    path = encode(tmp_path / name, STAIRS, codec, rate=rate)
    assert levels(path, rate) == list(range(10))
    assert levels(path, rate / 2) == [0, 2, 4, 6, 8]
    assert levels(path, 2 * rate) == [i // 2 for i in range(20)]


def at_rate(fps, *timed):
    return list(videos._at_rate(((i, *times) for i, times in enumerate(timed)), fps))


def test_times_may_go_back():
    assert at_rate(10, (0, 0), (0.3, 0), (0.1, 0), (0.5, 0.1)) == [0, 0, 0, 2, 2, 3]


def test_a_last_frame_without_duration_is_shown_as_long_as_the_one_before():
    assert at_rate(10, (5, 0), (5.2, 0)) == [0, 0, 1, 1]
    assert at_rate(10, (5, 0)) == [0]


def test_a_frame_without_time_or_for_hours_is_rejected():
    with pytest.raises(
        RejectedSource, match="when each frame begins, for `fps`. Received: no time"
    ):
        at_rate(10, (0, 0.1), (None, 0.1))
    with pytest.raises(RejectedSource, match="no frame longer than 600 s. Received: 601 s"):
        at_rate(10, (0, 0.1), (601, 0.1))


def write_gif(path, pictures, milliseconds):
    first, *others = map(Image.fromarray, pictures)
    first.save(path, save_all=True, append_images=others, duration=milliseconds, disposal=2)
    return path


def test_a_gif_is_held_for_its_delays(tmp_path):
    path = write_gif(tmp_path / "a.gif", STAIRS[1:4], [100, 300, 100])
    assert levels(path) == [1, 2, 3]
    assert levels(path, 10) == [1, 2, 2, 2, 3]


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("a.mov", "qtrle", "argb"), ("a.mov", "png", "rgba"), ("a.mkv", "ffv1", "bgra")],
)
def test_what_is_transparent_is_black(tmp_path, name, codec, pix_fmt):
    frame = np.full((32, 48, 4), 200, np.uint8)
    frame[..., 3] = np.kron([[255, 0], [51, 255]], np.ones((16, 24), np.uint8))
    (decoded,) = videos.decode(encode(tmp_path / name, [frame], codec, pix_fmt))
    corners = decoded[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.tolist() == [[200] * 3, [0] * 3, [40] * 3, [200] * 3]


def test_a_transparent_gif_is_over_black(tmp_path):
    frame = np.full((32, 48, 4), 200, np.uint8)
    frame[:16, :, 3] = 0
    (decoded,) = videos.decode(write_gif(tmp_path / "a.gif", [frame], 100))
    assert decoded[[0, -1], 0].tolist() == [[0] * 3, [200] * 3]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
def test_sound_may_be_longer_than_the_picture_and_come_first(tmp_path, first, codec):
    path = encode(tmp_path / "a.mkv", noisy(25), codec, sound=3, sound_first=first)
    assert [frame.shape for frame in videos.decode(path)] == [(64, 64, 3)] * 25


def test_half_a_file_with_long_sound_is_rejected(tmp_path):
    path = cut(encode(tmp_path / "a.mkv", noisy(50), sound=1), 0.6)
    with pytest.raises(RejectedSource, match="should last the 2.0 s .* Received: 1.. s"):
        list(videos.decode(path))


def test_a_fragmented_video_states_no_length(tmp_path):
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = encode(tmp_path / "a.mp4", noisy(60), options=options)
    assert len(list(videos.decode(path))) == 60


def test_an_avi_may_leave_out_frames(tmp_path):
    """A chunk of no bytes repeats the frame before it."""
    path = write_video(tmp_path / "a.avi", [picture(90)] * 40, gop=100)
    data = bytearray(path.read_bytes())
    chunks = [m.start() for m in re.finditer(b"00dc", data[: data.index(b"idx1")])][-40:]
    for number in range(5, 35, 2):
        chunk, entry = chunks[number], data.index(b"idx1") + 8 + 16 * number
        size = int.from_bytes(data[chunk + 4 : chunk + 8], "little")
        data[chunk + 4 : chunk + 16] = bytes(4) + b"JUNK" + (size - 8).to_bytes(4, "little")
        data[entry + 12 : entry + 16] = bytes(4)
    path.write_bytes(data)
    assert len(list(videos.decode(path))) == 25
    assert len(list(videos.decode(path, fps=25))) == 40


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "mpeg4"), ("a.mp4", "libx264")])
@pytest.mark.parametrize("seed", range(3))
def test_bit_rot_is_found(tmp_path, name, codec, seed):
    path = write_video(tmp_path / name, noisy(20, 128, 128), codec)
    data, random = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in random.integers(len(data) // 4, len(data) // 4 * 3, 5):
        data[place] ^= 1 << random.integers(8)
    path.write_bytes(data)
    with pytest.raises(RejectedSource, match="should be a whole video. Received: a damaged frame"):
        list(videos.decode(path))


def test_a_picture_too_large_is_rejected(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MAX_PIXELS", 64 * 32)
    path = encode(tmp_path / "a.mp4", STAIRS, aspect="4/3")
    assert len(list(videos.decode(path))) == 10
    with pytest.raises(RejectedSource, match="up to 2048 pixels per picture. Received: 72x32"):
        list(videos.decode(encode(path, STAIRS, aspect="3/2")))


def test_a_picture_named_as_a_video_is_rejected(tmp_path):
    path = write_image(tmp_path / "a.mp4", picture(0))
    with pytest.raises(RejectedSource, match="should be a whole video. Received: another file"):
        list(videos.decode(path))


def test_a_list_of_files_is_not_followed(tmp_path):
    write_video(tmp_path / "b.mp4", STAIRS)
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile b.mp4\n")
    with pytest.raises(RejectedSource, match="Received: another file"):
        list(videos.decode(tmp_path / "a.mp4"))


def test_a_name_with_a_colon_is_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "12:30.mp4", STAIRS)
    assert len(list(videos.decode(Path("12:30.mp4")))) == 10


def test_metadata_in_another_encoding_do_no_harm(tmp_path):
    path = write_video(tmp_path / "a.mp4", STAIRS)
    data = path.read_bytes()
    assert data.count(b"Lavf") == 1
    path.write_bytes(data.replace(b"Lavf", b"\xff\xfe\xe9\xff"))
    assert len(list(videos.decode(path))) == 10


def test_frames_are_not_kept(tmp_path):
    path = write_video(tmp_path / "a.mp4", [picture(0, 240, 320)] * 200)
    tracemalloc.start()
    count = sum(1 for _ in videos.decode(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 200
    assert peak < 10 * 240 * 320 * 3


def test_real_film_at_other_rates(real_clips):
    """275 frames at 29.97 a second: 9.18 seconds."""
    path = real_clips / "faces/film_clip_640x360.mp4"
    whole, same, half = (
        np.stack([frame[::20, ::20] for frame in videos.decode(path, fps)])
        for fps in (None, 30_000 / 1001, 15_000 / 1001)
    )
    assert whole.shape == (275, 18, 32, 3)
    np.testing.assert_array_equal(same, whole)
    np.testing.assert_array_equal(half, whole[::2])
