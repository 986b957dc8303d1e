"""Zip archives: read as the folders that they hold, and never unpacked over anything."""

import contextlib
import json
import os
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from dataset.readers import archives, find_sources, list_sources, unpack
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, RejectedSource
from support.errors import UserError
from tests.dataset.videos import cut, noisy, picture, write_image, write_video


def pack(path, files, compression=zipfile.ZIP_STORED):
    """Writes the zip `path` of {name: bytes}."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def list_inside(path, options):
    return archives.list_sources(Files.below(path), options)


def png(folder, level):
    return write_image(folder / "x.png", picture(level)).read_bytes()


@pytest.fixture
def videos(tmp_path):
    return {
        f"all/{name}": write_video(tmp_path / name, [picture(level)] * 3).read_bytes()
        for name, level in (("b/2.mp4", 20), ("b/10.avi", 100), ("a/1.mkv", 180))
    }


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_videos(tmp_path, videos, compression):
    path = pack(tmp_path / "a.zip", videos, compression)
    sources = list_sources(path, "auto", ReaderOptions(labels="folders"))
    assert [(s.name, s.label) for s in sources] == [
        ("all/a/1.mkv", "all/a"),
        ("all/b/2.mp4", "all/b"),
        ("all/b/10.avi", "all/b"),
    ]
    for source, level in zip(sources, (180, 20, 100), strict=True):
        for _ in range(2):
            assert [round(np.mean(f)) for f in source.frames()] == pytest.approx([level] * 3, abs=3)


def test_folders_of_frames_with_labels(tmp_path):
    """The layout of StyleGAN-V: one folder around all, labels without it."""
    files = {"ffs/": b"", "ffs/00/": b"", "__MACOSX/ffs/00/._0.png": b"junk"}
    files |= {
        f"ffs/{clip:02}/{i}.png": png(tmp_path, 20 * clip + i) for clip in (0, 1) for i in range(12)
    }
    files["ffs/00/dataset.json"] = b"of something else"
    files["ffs/dataset.json"] = json.dumps({"labels": [["00/0.png", 7], ["01/0.png", 3]]})
    sources = list_sources(pack(tmp_path / "ffs.zip", files), "auto", ReaderOptions())
    assert [(s.name, s.label) for s in sources] == [("ffs/00", "7"), ("ffs/01", "3")]
    assert [f[0, 0, 0] for f in sources[1].frames()] == [20 + i for i in range(12)]


def test_frames_without_a_folder_are_one_clip(tmp_path):
    path = pack(tmp_path / "clip.zip", {f"{i}.png": png(tmp_path, i) for i in range(3)})
    (source,) = list_inside(path, ReaderOptions())
    assert (source.name, len(list(source.frames()))) == ("clip.zip", 3)


@pytest.mark.parametrize(
    "name", ["../a.mp4", "x/../../a.mp4", "/etc/a.mp4", "..\\a.mp4", "C:\\a.mp4", "C:a.mp4"]
)
def test_a_path_that_leaves_the_archive_is_refused(tmp_path, videos, name):
    (tmp_path / "in").mkdir()
    path = pack(tmp_path / "in/a.zip", videos | {name: b""})
    with pytest.raises(UserError, match="Cannot read .*a.zip: its paths lead out of it"):
        list_inside(path, ReaderOptions())
    assert os.listdir(tmp_path / "in") == ["a.zip"]


def test_nothing_is_unpacked_beside_it(tmp_path, videos, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    sources = list_inside(pack(tmp_path / "in/a.zip", videos), ReaderOptions())
    before = sorted(tmp_path.rglob("*"))
    frames = sources[0].frames()
    next(frames)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(unpack, "MAX_MEMBER", 1_000_000)
    monkeypatch.setattr(archives, "MAX_ARCHIVE", 10_000_000)


@pytest.mark.parametrize("sizes", [[1_100_000], [900_000] * 20], ids=["one member", "all of them"])
def test_a_bomb_is_refused(tmp_path, small_limits, sizes):
    files = {f"{i}.mp4": bytes(size) for i, size in enumerate(sizes)}
    path = pack(tmp_path / "a.zip", files, zipfile.ZIP_DEFLATED)
    with pytest.raises(UserError, match="it unpacks to more than 100 times its size"):
        list_inside(path, ReaderOptions())


def test_what_is_large_or_packs_well_is_no_bomb(tmp_path, small_limits):
    noise = np.random.default_rng(0).bytes(12_000_000)
    files = {"large.mp4": noise, "plain.mp4": bytes(900_000)}
    path = pack(tmp_path / "a.zip", files, zipfile.ZIP_DEFLATED)
    assert len(list_inside(path, ReaderOptions())) == 2


def test_a_member_that_is_longer_than_it_says_is_cut_and_rejected(tmp_path):
    path = pack(tmp_path / "a.zip", {"a/0.png": png(tmp_path, 5)}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    size = data.index(b"PK\x01\x02") + 24
    data[size : size + 4] = (50).to_bytes(4, "little")
    path.write_bytes(data)
    (source,) = list_inside(path, ReaderOptions())
    with pytest.raises(RejectedSource, match="^0.png should be whole in its archive. Received: "):
        list(source.frames())


def test_members_that_claim_more_than_the_archive_has_are_refused(tmp_path):
    """So that what is unpacked cannot be hidden behind a false packed size."""
    path = pack(tmp_path / "a.zip", {"a/0.mp4": bytes(1000)}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    size = data.index(b"PK\x01\x02") + 20
    data[size : size + 8] = (10**8).to_bytes(4, "little") * 2
    path.write_bytes(data)
    with pytest.raises(UserError, match="its members claim more bytes than it has"):
        list_inside(path, ReaderOptions())


def test_a_damaged_member_is_rejected_and_the_others_are_used(tmp_path, videos):
    path = pack(tmp_path / "a.zip", videos)
    data = bytearray(path.read_bytes())
    data[data.index(b"all/b/10.avi") + 3000] ^= 1
    path.write_bytes(data)
    first, second, damaged = list_inside(path, ReaderOptions())
    assert len(list(first.frames())) == len(list(second.frames())) == 3
    with pytest.raises(RejectedSource, match="should be whole in its archive. Received: Bad CRC"):
        list(damaged.frames())


def test_half_a_video_in_an_archive_is_rejected(tmp_path):
    half = cut(write_video(tmp_path / "a.avi", noisy(40))).read_bytes()
    (source,) = list_inside(pack(tmp_path / "a.zip", {"a.avi": half}), ReaderOptions())
    with pytest.raises(RejectedSource, match="should be a whole video"):
        list(source.frames())


def test_a_long_number_in_a_name(tmp_path, videos):
    path = pack(tmp_path / "a.zip", {f"a/{'9' * 4400}.mp4": videos["all/b/2.mp4"]})
    (source,) = list_inside(path, ReaderOptions())
    assert len(list(source.frames())) == 3


@pytest.mark.parametrize("name", ["{}/", "{}/a.mp4", "x/" * 2000 + "{}.mp4"])
def test_many_members_and_deep_ones_take_little_time(tmp_path, name):
    path = pack(tmp_path / "a.zip", {name.format(i): b"" for i in range(3000)})
    begin = time.process_time()
    with contextlib.suppress(UserError):
        list_sources(path, "auto", ReaderOptions())
    assert time.process_time() - begin < 20


def test_animations_in_an_archive_are_videos(tmp_path):
    frames = [Image.fromarray(picture(20 * i)) for i in range(4)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    data = (tmp_path / "a.webp").read_bytes()
    files = {"a/1.webp": data, "a/2.webp": data, "a/3.png": png(tmp_path, 9), "readme.txt": b""}
    listing = find_sources(pack(tmp_path / "a.zip", files), "auto", ReaderOptions())
    assert [source.name for source in listing.sources] == ["a/1.webp", "a/2.webp"]
    assert listing.left_out == {".png": 1, ".txt": 1}
    assert [frame[0, 0, 0] for frame in listing.sources[1].frames()] == [0, 20, 40, 60]


def test_a_password_or_an_uncommon_method_is_refused(tmp_path, videos):
    path = pack(tmp_path / "a.zip", videos, zipfile.ZIP_LZMA)
    with pytest.raises(UserError, match="it is packed by an uncommon method or with a password"):
        list_inside(path, ReaderOptions())
    data = bytearray(pack(path, videos).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="it is packed by an uncommon method or with a password"):
        list_inside(path, ReaderOptions())


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError, match="Cannot read .*a.zip: it is no zip archive"):
        list_sources(tmp_path / "a.zip", "auto", ReaderOptions())


def test_frames_per_second(tmp_path, videos):
    path = pack(tmp_path / "a.zip", videos)
    for source in list_sources(path, "auto", ReaderOptions(fps=50)):
        assert len(list(source.frames())) == 6


def test_pictures_that_take_too_much_are_rejected(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_IMAGE", 100)
    path = pack(tmp_path / "a.zip", {"0.png": np.random.default_rng(0).bytes(101)})
    (source,) = list_inside(path, ReaderOptions())
    with pytest.raises(RejectedSource, match="0.png should have up to 100 bytes. Received: 101"):
        list(source.frames())
