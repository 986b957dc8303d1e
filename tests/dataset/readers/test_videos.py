"""Videos: decoded in order and to the end, or rejected with the reason."""

import numpy as np
import pytest

from dataset.readers import videos
from dataset.readers.source import ReaderOptions, RejectedSource
from tests.dataset.videos import cut, noisy, picture, write_video


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
    sources = videos.list_sources(tmp_path, ReaderOptions(labels="folders"))
    assert [(source.name, source.label) for source in sources] == [
        ("a/9.mp4", "a"),
        ("a/10.mp4", "a"),
        ("b/2.avi", "b"),
    ]


def test_a_single_file_is_a_source(tmp_path):
    path = write_video(tmp_path / "a.mp4", [picture(0)] * 3)
    (source,) = videos.list_sources(path, ReaderOptions())
    assert (source.name, source.label, len(list(source.frames()))) == ("a.mp4", None, 3)


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.webm"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.85])
def test_part_of_a_video_is_rejected(tmp_path, name, share):
    codec = "libvpx" if name.endswith("webm") else "mpeg4"
    path = cut(write_video(tmp_path / name, noisy(40), codec), share)
    with pytest.raises(RejectedSource):
        list(videos.decode(path))


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
