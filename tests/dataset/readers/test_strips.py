"""Strips: the direction is inferred, the type of the file is sniffed."""

import numpy as np
import pytest

from dataset.readers import list_sources, strips
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, RejectedSource
from tests.dataset.videos import write_image

FRAMES = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)


@pytest.mark.parametrize("axis", [0, 1])
def test_frames_lie_side_by_side_or_stacked(tmp_path, axis):
    path = write_image(tmp_path / "a.jpg", np.concatenate(FRAMES, axis), "png")
    (source,) = strips.list_sources(Files.below(path), ReaderOptions())
    np.testing.assert_array_equal(list(source.frames()), FRAMES)


def test_transparent_pixels_are_black_and_grey_becomes_rgb(tmp_path):
    alpha = np.zeros((5, 8, 8, 1), np.uint8)
    alpha[:2] = 255
    write_image(tmp_path / "a.png", np.concatenate(np.concatenate([FRAMES, alpha], -1), 1))
    write_image(tmp_path / "b.png", np.concatenate(FRAMES[..., 0], 1))
    with_alpha, grey = strips.list_sources(Files.below(tmp_path), ReaderOptions())
    np.testing.assert_array_equal(list(with_alpha.frames()), FRAMES * (alpha > 0))
    np.testing.assert_array_equal(list(grey.frames()), FRAMES[..., :1].repeat(3, -1))


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_image(path, FRAMES[0, :, :7]),
        lambda path: path.write_bytes(b"no image"),
        lambda path: path.write_bytes(write_image(path, np.concatenate(FRAMES)).read_bytes()[:200]),
    ],
    ids=["not a strip", "text", "cut"],
)
def test_bad_files_are_rejected(tmp_path, write):
    write(tmp_path / "a.png")
    (source,) = strips.list_sources(Files.below(tmp_path), ReaderOptions())
    with pytest.raises(RejectedSource, match="should be a .* Received: "):
        list(source.frames())


def test_a_list_names_the_strips_to_take(tmp_path):
    """The layout of VideoGAN's golf and aeroplane clips: 16 to 33 frames, stacked downwards."""
    for name, count in (("golf/a/1.jpg", 5), ("golf/a/2.jpg", 3), ("golf/b/1.jpg", 5)):
        write_image(tmp_path / name, np.concatenate(FRAMES[:count]), "png")
    (tmp_path / "golf.txt").write_text("golf/b/1.jpg\ngolf/a/2.jpg\ngolf/a/3.jpg\n")
    *sources, absent = list_sources(tmp_path, "auto", ReaderOptions(split=tmp_path / "golf.txt"))
    assert [(s.name, len(list(s.frames()))) for s in sources] == [
        ("golf/b/1.jpg", 5),
        ("golf/a/2.jpg", 3),
    ]
    assert absent.name == "golf/a/3.jpg"


def test_a_damaged_first_file_does_not_hide_the_layout(tmp_path):
    (tmp_path / "0.jpg").write_bytes(b"no image")
    write_image(tmp_path / "1.jpg", np.concatenate(FRAMES))
    assert strips.matches(Files.below(tmp_path), ReaderOptions())


def test_real_actions(real_clips):
    sources = strips.list_sources(
        Files.below(real_clips / "weizmann_actions"), ReaderOptions(labels="folders")
    )
    counts = [len(list(source.frames())) for source in sources]
    assert (len(counts), min(counts), max(counts)) == (72, 51, 146)
    assert {source.label for source in sources} == set("0134")
