"""Good files that are unusual: what players show is what is read."""

import shutil
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from dataset.readers import find_sources, list_sources, videos
from dataset.readers.source import ReaderOptions, RejectedSource
from tests.dataset.readers.media import encode
from tests.dataset.videos import cut, noisy, picture, write_image, write_video

OPTIONS = ReaderOptions()


def steps(count, height=32, width=48):
    return [picture(20 * i, height, width) for i in range(count)]


def levels(path, fps=None):
    return [round(frame.mean() / 20) for frame in videos.decode(path, fps)]


def animate(path, frames, **options):
    """Writes frames as an animated image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *rest = map(Image.fromarray, frames)
    lossless = {"lossless": True} if path.suffix == ".webp" else {}
    first.save(path, save_all=True, append_images=rest, **lossless, **options)
    return path


def trim(path, target, start):
    """Cuts off the begin without encoding, as `ffmpeg -ss START -c copy` does."""
    with av.open(str(path)) as source, av.open(str(target), "w") as container:
        stream = source.streams.video[0]
        copy = container.add_stream_from_template(stream)
        source.seek(int(start / stream.time_base), stream=stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                packet.pts -= int(start / stream.time_base)
                packet.dts -= int(start / stream.time_base)
                container.mux(packet)
    return target


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_video_that_was_trimmed_without_encoding(tmp_path, codec):
    """An edit list leaves out frames that the header still counts."""
    whole = write_video(tmp_path / "a.mp4", noisy(100), codec, gop=50)
    path = trim(whole, tmp_path / "b.mp4", Fraction(7, 5))  # 35 of the frames are not shown.
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames > 90
    assert len(list(videos.decode(path))) == 65


def test_half_of_a_trimmed_video_is_rejected(tmp_path):
    whole = write_video(tmp_path / "a.mp4", noisy(100), "libx264", gop=50)
    path = trim(whole, tmp_path / "b.mp4", Fraction(7, 5))
    with av.open(str(path)) as source:
        options = {"movflags": "faststart"}
        with av.open(str(tmp_path / "c.mp4"), "w", options=options) as container:
            copy = container.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = copy
                    container.mux(packet)
    with pytest.raises(RejectedSource, match="should "):
        list(videos.decode(cut(tmp_path / "c.mp4", 0.6)))


@pytest.mark.parametrize("suffix", [".webp", ".png", ".apng", ".avif", ".tif"])
def test_an_image_that_holds_several_frames_is_a_video(tmp_path, suffix):
    for name in "ab":
        times = {} if suffix in (".tif", ".apng") else {"duration": 100}
        animate(tmp_path / f"{name}{suffix}", steps(6), **times)
    listing = find_sources(tmp_path, "auto", OPTIONS)
    assert listing.layout == "videos"
    assert [source.name for source in listing.sources] == [f"a{suffix}", f"b{suffix}"]
    for source in listing.sources:
        assert [round(np.mean(frame) / 20) for frame in source.frames()] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("suffix", [".webp", ".png"])
def test_the_delays_of_an_animation_are_its_times(tmp_path, suffix):
    path = animate(tmp_path / f"a{suffix}", steps(3), duration=[100, 300, 100])
    assert levels(path) == [0, 1, 2]
    assert levels(path, 10) == [0, 1, 1, 1, 2]


def test_pages_of_a_tiff_have_no_times(tmp_path):
    path = animate(tmp_path / "a.tif", steps(3))
    with pytest.raises(RejectedSource, match="should say when each frame begins"):
        levels(path, 10)


def test_an_animation_next_to_frames_is_never_one_of_them(tmp_path):
    """Stills are left out next to an animation, and one among many frames rejects their clip."""
    animate(tmp_path / "a/0.webp", steps(4))
    write_image(tmp_path / "a/1.png", picture(9))
    listing = find_sources(tmp_path, "auto", OPTIONS)
    assert (listing.layout, listing.left_out) == ("videos", {".png": 1})
    for i in range(12):
        write_image(tmp_path / f"b/{i:02}.png", picture(i))
    animate(tmp_path / "b/99.png", steps(4))
    (source,) = list_sources(tmp_path / "b", "auto", OPTIONS)
    with pytest.raises(RejectedSource, match="99.png should be one picture. .* PNG of 4 frames"):
        list(source.frames())


def test_a_damaged_animation_is_rejected(tmp_path):
    path = cut(animate(tmp_path / "a.webp", noisy(6)), 0.7)
    with pytest.raises(RejectedSource, match="should be a whole animation"):
        list(videos.decode(path))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.3gp", "mpeg4"),
        ("a.MTS", "libx264"),
        ("a.m2ts", "libx264"),
        ("a.vob", "mpeg2video"),
        ("a.f4v", "libx264"),
        ("a.asf", "mpeg4"),
        ("a.y4m", "rawvideo"),
        ("a.mxf", "mpeg2video"),
        ("a.nut", "mpeg4"),
        ("a.divx", "mpeg4"),
        ("a.ogm", "libvpx"),
        ("a.ivf", "libvpx-vp9"),
        ("a.h264", "libx264"),
    ],
)
def test_containers(tmp_path, name, codec):
    kinds = {".MTS": "mpegts", ".m2ts": "mpegts", ".divx": "avi", ".ogm": "ogg", ".y4m": None}
    path = tmp_path / name
    with av.open(str(path), "w", format=kinds.get(path.suffix)) as container:
        stream = container.add_stream("wrapped_avframe" if codec == "rawvideo" else codec, 25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for frame in steps(12):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
    (source,) = list_sources(tmp_path, "auto", OPTIONS)
    assert len(list(source.frames())) == 12


@pytest.mark.parametrize("end", [b"trailing text", bytes(1000), b"\0\0;GIF"])
def test_a_gif_may_have_bytes_after_its_trailer(tmp_path, end):
    path = animate(tmp_path / "a.gif", steps(5))
    path.write_bytes(path.read_bytes() + end)
    assert len(list(videos.decode(path))) == 5


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_gif_without_trailer_is_rejected(tmp_path, share):
    path = cut(animate(tmp_path / "a.gif", noisy(5)), share)
    with pytest.raises(RejectedSource, match="should (be a whole|hold the)"):
        list(videos.decode(path))
    path.write_bytes(path.read_bytes() + b"\0;")  # A semicolon alone is no trailer.
    with pytest.raises(RejectedSource, match="should (be a whole|hold the)"):
        list(videos.decode(path))


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_alpha_of_webm_is_over_black(tmp_path, codec):
    frame = np.full((64, 64, 4), 255, np.uint8)
    frame[:, 32:, 3] = 0
    options = {"auto-alt-ref": "0"}  # Alpha asks for it.
    path = encode(tmp_path / "a.webm", [frame] * 3, codec, "yuva420p", codec_options=options)
    for decoded in videos.decode(path):
        assert decoded[:, :24].min() > 250
        assert decoded[:, 40:].max() < 5


def tagged(path, frame, trc=None, primaries=None, matrix=None, **more):
    """Writes ten frames with the tags given, and a rewritten frame's values as they are."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 25, options={"qp": "0"})
        stream.height, stream.width = frame.height, frame.width
        stream.pix_fmt = frame.format.name
        context = stream.codec_context
        for name, value in (("color_trc", trc), ("color_primaries", primaries)):
            if value:
                setattr(context, name, value)
        if matrix:
            context.colorspace = matrix
        for i in range(3):
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def plane_frame(values, height, width, pix_fmt="yuv420p"):
    """A plain frame of these values of Y, U and V."""
    frame = av.VideoFrame(width, height, pix_fmt)
    kind = np.uint16 if "10" in pix_fmt else np.uint8
    for plane, value in zip(frame.planes, values, strict=True):
        size = plane.buffer_size // np.dtype(kind).itemsize
        plane.update(np.full(size, value, kind).tobytes())
    return frame


RED_709, RED_601 = (63, 102, 240), (81, 90, 240)


@pytest.mark.parametrize(
    ("values", "height", "width"),
    [(RED_709, 720, 1280), (RED_709, 1280, 720), (RED_601, 576, 720), (RED_601, 240, 320)],
)
def test_untagged_colours_are_those_of_the_size(tmp_path, values, height, width):
    path = tagged(tmp_path / "a.mp4", plane_frame(values, height, width))
    decoded = next(videos.decode(path))[0, 0]
    np.testing.assert_allclose(decoded, [255, 0, 0], atol=4)


def pq(nits):
    y = (nits / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


@pytest.mark.parametrize(
    ("trc", "signal", "grey"),
    [
        (16, pq(203), 255),
        (16, pq(100), 190),  # 255 (100 / 203)^(1 / 2.4)
        (16, pq(1000), 255),
        (16, 0, 0),
        (18, 0.75, 255),  # The reference white of BT.2408.
        (18, 0.5, 143),
    ],
)
def test_hdr_is_shown_on_a_common_screen(tmp_path, trc, signal, grey):
    frame = plane_frame((round(64 + 876 * signal), 512, 512), 64, 64, "yuv420p10le")
    path = tagged(tmp_path / "a.mp4", frame, trc=trc, primaries=9, matrix=9)
    np.testing.assert_allclose(next(videos.decode(path))[0, 0], [grey] * 3, atol=4)


def test_real_odd_files(real_clips):
    folder = real_clips / "odd_files"
    counts = {"cut_at_open_gop.mp4": 100, "MOV00006.3gp": 222, "animated.png": 12}
    for name, count in (counts | {"animated.webp": 12}).items():
        assert sum(1 for _ in videos.decode(folder / name)) == count
    for name in ("alpha8.webm", "alpha9.webm"):
        frame = next(videos.decode(folder / name))
        assert frame[:, :24].min() > 245
        assert frame[:, 40:].max() < 5
    red = next(videos.decode(folder / "untagged_709_720p_red.mp4"))
    np.testing.assert_allclose(red.mean((0, 1)), [254, 0, 0], atol=4)
    white = next(videos.decode(folder / "pq_white_203nit.mp4"))
    assert white.mean() > 250


def test_real_odd_files_in_one_folder(real_clips, tmp_path):
    folder = tmp_path / "odd"
    shutil.copytree(real_clips / "odd_files", folder)
    listing = find_sources(folder, "auto", OPTIONS)
    assert (listing.layout, len(listing.sources)) == ("videos", 9)
    assert listing.left_out == {".py": 1, ".txt": 1}
