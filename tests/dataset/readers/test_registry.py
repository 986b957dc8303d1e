"""Which reader takes which layout, and what goes for all of them."""

import zipfile

import h5py
import numpy as np
import pytest

from dataset.readers import READERS, list_sources
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, RejectedSource, Source
from support.errors import UserError
from tests.dataset.videos import picture, write_image, write_video

OPTIONS = ReaderOptions()


def chosen(path, options=OPTIONS):
    return next(
        name for name, reader in READERS.items() if reader.matches(Files.below(path), options)
    )


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_layouts_are_told_apart(tmp_path):
    strip, frame = np.concatenate([picture(0, 8, 8)] * 6), picture(0, 8, 16)
    write_image(tmp_path / "strips/a/0.png", strip)
    write_image(tmp_path / "frames/a/0.png", frame)
    video = touch(tmp_path / "videos/a/0.MP4")
    assert chosen(tmp_path / "strips") == chosen(tmp_path / "strips/a/0.png") == "strips"
    assert chosen(tmp_path / "frames") == "frames"
    assert chosen(tmp_path / "videos") == chosen(video) == "videos"
    assert chosen(video, ReaderOptions(tile=8)) == "grid"


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("YoYo/v_YoYo_g01_c02.avi", "ucf101"),
        ("YoYo/v_YoYo_g01.avi", "videos"),
        ("a.h5", "hdf5"),
        ("a.HDF5", "hdf5"),
        ("a.npy", "npy"),
        ("a-r02.tfrecords", "trailerfaces"),
    ],
)
def test_layouts_are_told_by_their_names(tmp_path, name, layout):
    file = touch(tmp_path / "in" / name)
    assert chosen(tmp_path / "in") == chosen(file) == layout


def test_a_zip_is_a_file(tmp_path):
    assert chosen(touch(tmp_path / "a.zip")) == "zip"
    with pytest.raises(UserError, match="`source` should hold videos or images. .*none found"):
        list_sources(tmp_path, "auto", OPTIONS)


@pytest.mark.parametrize("name", ["auto", *sorted(READERS.keys() - {"synthetic", "zip", "grid"})])
def test_nothing_there_is_said(tmp_path, name):
    with pytest.raises(UserError, match="`source` should hold .* Received: .*none found"):
        list_sources(tmp_path, name, OPTIONS)
    with pytest.raises(UserError, match="`source` should be a file or a folder. Received: "):
        list_sources(tmp_path / "absent", name, OPTIONS)


def test_hidden_files_are_left_alone(tmp_path):
    for name in (".git/a.mp4", "a/.b.mp4", "a/._c.mp4"):
        touch(tmp_path / name)
    with pytest.raises(UserError, match="none found"):
        list_sources(tmp_path, "auto", OPTIONS)


def test_labels_need_folders(tmp_path):
    touch(tmp_path / "a.mp4")
    with pytest.raises(UserError, match="`labels=folders` should .* Received: .*a.mp4"):
        list_sources(tmp_path, "videos", ReaderOptions(labels="folders"))


def test_a_name_that_is_no_text_is_written_with_backslashes(tmp_path):
    touch(tmp_path / "caf\udce9.mp4")
    (source,) = list_sources(tmp_path, "auto", OPTIONS)
    assert source.name == source.video == "caf\\udce9.mp4"
    with pytest.raises(RejectedSource, match="should be a whole video"):
        list(source.frames())


def make_layouts(folder):
    """A small one of each layout that holds several clips."""
    clips = np.zeros((2, 3, 8, 8, 3), np.uint8)
    np.save(touch(folder / "npy/a.npy"), clips)
    with h5py.File(touch(folder / "hdf5/a.h5"), "w") as file:
        file["data"] = np.moveaxis(clips, -1, 2)
    for i in range(2):
        video = write_video(folder / f"videos/{i}/a.mp4", list(clips[i]))
        write_image(folder / f"frames/{i}/0.png", picture(0))
        write_image(folder / f"strips/{i}/0.png", np.concatenate([*clips[i], *clips[i]]))
        with zipfile.ZipFile(folder / "zip.zip", "a") as archive:
            archive.write(video, f"{i}/a.mp4")
    return [path for path in folder.iterdir() if path.suffix != ".txt"]


def test_names_are_unique_and_every_clip_is_a_video_of_its_own(tmp_path):
    for path in make_layouts(tmp_path):
        sources = list_sources(path, "auto", OPTIONS)
        assert len({source.name for source in sources}) == 2
        assert [source.video for source in sources] == [source.name for source in sources]


def test_lists_serve_every_layout(tmp_path):
    for path in make_layouts(tmp_path):
        _, second = list_sources(path, "auto", OPTIONS)
        (tmp_path / "list.txt").write_text(f"{second.name} 3\n")
        (source,) = list_sources(path, "auto", ReaderOptions(split=tmp_path / "list.txt"))
        assert source.name == second.name


def test_frames_per_second_need_times(tmp_path):
    for path in make_layouts(tmp_path):
        if path.name in ("videos", "zip.zip"):
            list_sources(path, "auto", ReaderOptions(fps=10))
        else:
            with pytest.raises(UserError, match="`fps` should be given for videos. Received: "):
                list_sources(path, "auto", ReaderOptions(fps=10))


def test_frames_that_are_long_and_narrow_are_rejected(tmp_path):
    write_image(tmp_path / "a/0.png", picture(0, 2, 64))
    write_image(tmp_path / "b/0.png", picture(0, 66, 2))
    whole, narrow = list_sources(tmp_path, "frames", OPTIONS)
    assert len(list(whole.frames())) == 1
    with pytest.raises(RejectedSource, match="up to 32 times as long as wide. Received: 2x66"):
        list(narrow.frames())


def test_a_source_is_a_video_of_its_own_unless_it_says_otherwise():
    assert Source("a", None).video == "a"
    assert Source("a#1", None, video="a").video == "a"


def test_a_reason_is_one_line():
    assert str(RejectedSource("should be a.\n Received:\tb\n")) == "should be a. Received: b"
