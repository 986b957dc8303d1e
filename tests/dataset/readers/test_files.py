"""What a walk finds, follows and leaves out."""

import os

import pytest

from dataset.readers import find_sources, list_sources
from dataset.readers.files import Files, count_kinds, natural_key
from dataset.readers.source import ReaderOptions, RejectedSource
from support.errors import UserError
from support.text import printable
from tests.dataset.videos import picture, write_image, write_video

OPTIONS = ReaderOptions(labels="folders")


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def names(folder):
    return [str(path.relative_to(folder)) for path in Files.below(folder).with_suffix({".mp4"})]


def test_folders_that_are_links_are_followed(tmp_path):
    for name in ("walk", "run"):
        touch(tmp_path / "store" / name / "a.mp4")
        (tmp_path / "linked").mkdir(exist_ok=True)
        (tmp_path / "linked" / name).symlink_to(tmp_path / "store" / name)
    touch(tmp_path / "linked/jump/c.mp4")
    (tmp_path / "linked/jump/d.mp4").symlink_to(tmp_path / "linked/jump/c.mp4")
    sources = list_sources(tmp_path / "linked", "videos", OPTIONS)
    assert [(source.name, source.label) for source in sources] == [
        ("jump/c.mp4", "jump"),
        ("jump/d.mp4", "jump"),
        ("run/a.mp4", "run"),
        ("walk/a.mp4", "walk"),
    ]


def test_links_that_lead_back_end(tmp_path):
    touch(tmp_path / "outside.mp4")
    touch(tmp_path / "in/a/1.mp4")
    for name, target in (("a/up", ".."), ("self", "."), ("above", "../.."), ("b", "a")):
        (tmp_path / "in" / name).symlink_to(tmp_path / "in" / os.path.dirname(name) / target)
    assert names(tmp_path / "in") == ["a/1.mp4"]
    left_out = Files.below(tmp_path / "in").left_out()
    assert left_out["links to folders that were seen already"] == 4


def test_a_real_folder_comes_before_a_link_to_it(tmp_path):
    touch(tmp_path / "z/1.mp4")
    (tmp_path / "a").symlink_to(tmp_path / "z")
    assert names(tmp_path) == ["z/1.mp4"]


def test_what_is_left_out_is_counted(tmp_path):
    write_video(tmp_path / "a.mp4", [picture(0)] * 2)
    for name in ("1.txt", "2.txt", "3.srt", "README", ".hidden.mp4", ".git/HEAD"):
        touch(tmp_path / name)
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.mp4")
    listing = find_sources(tmp_path, "auto", ReaderOptions())
    assert listing.left_out == {
        "without a suffix": 1,
        ".srt": 1,
        ".txt": 2,
        "hidden": 2,
        "links to nothing or special files": 2,
    }
    assert str(listing) == (
        "Layout: videos, 1 source. Left out: 2 .txt, 2 hidden, 2 links to nothing or special "
        "files, 1 without a suffix, 1 .srt."
    )


def test_companions_are_not_left_out(tmp_path):
    write_image(tmp_path / "a/0.png", picture(0))
    (tmp_path / "dataset.json").write_text('{"labels": {"a": 1}}')
    assert find_sources(tmp_path, "auto", ReaderOptions()).left_out == {}


def test_sources_that_a_split_does_not_name_are_counted(tmp_path):
    for name in "abc":
        touch(tmp_path / "in" / f"{name}.mp4")
    (tmp_path / "list.txt").write_text("b.mp4\n")
    options = ReaderOptions(split=tmp_path / "list.txt")
    listing = find_sources(tmp_path / "in", "auto", options)
    assert listing.left_out == {"not named by `split`": 2}


def test_what_is_there_is_named_where_no_reader_takes_it(tmp_path):
    for i in range(3):
        touch(tmp_path / f"{i}.docx")
    with pytest.raises(UserError, match="none found among 3 .docx"):
        list_sources(tmp_path, "auto", ReaderOptions())


def test_count_kinds():
    assert count_kinds({f".{i}": i for i in range(1, 12)}) == (
        "11 .11, 10 .10, 9 .9, 8 .8, 7 .7, 6 .6, 5 .5, 4 .4, 6 others"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads all folders")
def test_folders_that_cannot_be_read_are_counted(tmp_path):
    touch(tmp_path / "in/a.mp4")
    (tmp_path / "locked").mkdir(mode=0)
    assert Files.below(tmp_path).left_out()["folders that cannot be read"] == 1


def test_numbers_of_any_length_are_sorted(tmp_path):
    texts = ["2", "10", "9" * 5000, "1" + "0" * 5000, "007", "7a"]
    assert sorted(texts, key=natural_key) == [*("2", "007", "7a", "10"), texts[2], texts[3]]


def test_names_that_a_terminal_would_misunderstand_are_escaped(tmp_path):
    assert printable("a\x1b[2Jb\nc\t\u202ed") == "a\\x1b[2Jb\\nc\\t\\u202ed"
    assert printable("höhe 日本 e\u0301") == "höhe 日本 e\u0301"
    assert str(RejectedSource("x\x1b[0m is wrong")) == "x\\x1b[0m is wrong"
    write_video(tmp_path / "in/a\nb.mp4", [picture(0)] * 2)
    (source,) = list_sources(tmp_path / "in", "auto", ReaderOptions())
    assert source.name == "a\\nb.mp4"
    assert len(list(source.frames())) == 2


def test_a_list_with_a_byte_order_mark(tmp_path):
    for name in "abc":
        touch(tmp_path / "in/A" / f"{name}.mp4")
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfA/a.mp4 1\r\nA/b.mp4 1\r\n")
    options = ReaderOptions(split=tmp_path / "list.txt")
    sources = list_sources(tmp_path / "in", "auto", options)
    assert [source.name for source in sources] == ["A/a.mp4", "A/b.mp4"]


def test_a_list_of_classes_with_a_byte_order_mark(tmp_path):
    touch(tmp_path / "in/YoYo/v_YoYo_g01_c01.avi")
    (tmp_path / "classInd.txt").write_bytes(b"\xef\xbb\xbf1 YoYo\r\n")
    (tmp_path / "list.txt").write_text("YoYo/v_YoYo_g01_c01.avi 1\n")
    options = ReaderOptions(split=tmp_path / "list.txt")
    (source,) = list_sources(tmp_path / "in", "auto", options)
    assert source.label == "YoYo"
    (tmp_path / "classInd.txt").write_bytes(b"1 Y\xff\n")
    with pytest.raises(UserError, match="Cannot read .*classInd.txt: it is not UTF-8"):
        list_sources(tmp_path / "in", "auto", options)


def test_postscript_is_never_run(tmp_path):
    """Whatever it is called."""
    from PIL import EpsImagePlugin

    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
    assert EpsImagePlugin._accept(eps)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/0.png").write_bytes(eps)
    (source,) = list_sources(tmp_path, "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match="0.png should be a whole image. .*cannot identify"):
        list(source.frames())


def test_face_clips_of_a_film_are_of_one_video(tmp_path):
    for name in ("a.mp4/0000.mp4", "a.mp4/0001.mp4", "b.mp4/0000.mp4"):
        write_video(tmp_path / name, [picture(0)] * 2)
    assert [s.video for s in list_sources(tmp_path, "auto", ReaderOptions())] == [
        "a.mp4/0000.mp4",
        "a.mp4/0001.mp4",
        "b.mp4/0000.mp4",
    ]
    (tmp_path / "clips.csv").touch()
    sources = list_sources(tmp_path, "auto", ReaderOptions())
    assert [s.video for s in sources] == ["a.mp4", "a.mp4", "b.mp4"]
