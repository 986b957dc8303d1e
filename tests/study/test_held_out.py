"""The last files of each class are held out, which are of other people."""

import pytest

from study.held_out import write_held_out
from support.errors import UserError


def make_classes(folder, names, count):
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            (folder / name / f"{number:08d}.jpg").touch()
    return folder


def test_the_last_two_of_nine_persons(tmp_path):
    source = make_classes(tmp_path / "weizmann", ["0", "1"], count=18)
    write_held_out(source, 2 / 9, tmp_path / "list.txt")
    names = (tmp_path / "list.txt").read_text().split()
    assert names == [f"{a}/{n:08d}.jpg" for a in "01" for n in range(14, 18)]


def test_there_have_to_be_classes_with_files(tmp_path):
    (tmp_path / "flat").mkdir()
    with pytest.raises(UserError, match="Cannot hold out files of .*flat: it has no folders"):
        write_held_out(tmp_path / "flat", 2 / 9, tmp_path / "list.txt")
    few = make_classes(tmp_path / "few", ["0"], count=1)
    with pytest.raises(UserError, match="Cannot hold out files of .*0: it has 1"):
        write_held_out(few, 2 / 9, tmp_path / "list.txt")
    assert not (tmp_path / "list.txt").exists()
