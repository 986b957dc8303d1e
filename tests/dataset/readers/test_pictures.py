"""Pictures of videos; how they are turned and squared is tested with the videos."""

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from dataset.clips import ClipRules
from dataset.readers import pictures, videos
from dataset.readers.pictures import Picture
from dataset.readers.source import RejectedSource
from tests.dataset.videos import noisy, write_video

AS_IT_IS = (1, 0, 0, 1)


def test_one_conversion_for_all_frames_gives_the_pixels_of_one_for_each(tmp_path):
    path = write_video(tmp_path / "a.mp4", noisy(5, 48, 80), codec="libx264")
    with av.open(str(path)) as container:
        expected = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    np.testing.assert_array_equal(list(videos.pictures(path)), expected)


@pytest.mark.parametrize("matrix", [AS_IT_IS, (0, 1, -1, 0)])
def test_the_shape_is_known_before_the_pixels(matrix):
    frame = av.VideoFrame.from_ndarray(noisy(1, 40, 60)[0], "rgb24").reformat(format="yuv420p")
    picture = Picture(frame, 4 / 3, matrix, VideoReformatter())
    assert picture.shape == np.asarray(picture).shape
    assert picture.nbytes == 40 * 60 * 3 // 2


def test_only_frames_of_clips_are_converted(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4", noisy(20))
    converted, rotate = [], pictures._rotate
    monkeypatch.setattr(pictures, "_rotate", lambda *args: converted.append(1) or rotate(*args))
    (clip,) = ClipRules(4).cut(lambda: videos.pictures(path), np.random.default_rng(0), np.asarray)
    assert len(converted) == 4
    np.testing.assert_array_equal(clip, list(videos.decode(path))[8:12])


def test_a_frame_that_cannot_be_converted_is_rejected():
    class Refusing:
        def reformat(self, *_, **__):
            raise av.ArgumentError(22, "Invalid argument")

    frame = av.VideoFrame.from_ndarray(noisy(1)[0], "rgb24")
    with pytest.raises(RejectedSource, match="should be a whole video"):
        np.asarray(Picture(frame, 1, AS_IT_IS, Refusing()))
