"""UCF-101: its names, lists and quirks of case."""

import pytest

from dataset.readers import list_sources
from dataset.readers.files import natural_key
from dataset.readers.source import ReaderOptions
from support.errors import UserError
from tests.dataset.videos import picture, write_video

NAMES = [
    "Hammering/v_Hammering_g01_c01.avi",
    "HammerThrow/v_HammerThrow_g02_c01.avi",
    "HammerThrow/v_HammerThrow_g02_c10.avi",
    "HandstandPushups/v_HandStandPushups_g01_c01.avi",
    "JumpingJack/v_JumpingJack_g25_c01.avi",
    "JumpRope/v_JumpRope_g01_c01.avi",
]
CLASSES = ["Hammering", "HammerThrow", "HandstandPushups", "JumpingJack", "JumpRope"]


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        (tmp_path / "UCF-101" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "UCF-101" / name).touch()
    return tmp_path / "UCF-101"


def write_lists(folder, train, classes=CLASSES):
    lists = folder.parent / "ucfTrainTestlist"
    lists.mkdir()
    (lists / "trainlist01.txt").write_text("".join(f"{line}\r\n" for line in train))
    lines = (f"{i} {name}\r\n" for i, name in enumerate(classes, start=1))
    (lists / "classInd.txt").write_text("".join(lines))
    return ReaderOptions(split=lists / "trainlist01.txt")


def test_labels_are_classes_and_groups_are_videos(folder):
    sources = list_sources(folder, "auto", ReaderOptions())
    assert [source.name for source in sources] == NAMES
    assert [source.label for source in sources] == [name.split("/")[0] for name in NAMES]
    assert [source.video for source in sources[:3]] == [
        "Hammering/v_Hammering_g01",
        "HammerThrow/v_HammerThrow_g02",
        "HammerThrow/v_HammerThrow_g02",
    ]


def test_names_are_sorted_as_in_classind(folder):
    shuffled = [*CLASSES[1::2], *CLASSES[::2]]
    assert sorted(shuffled, key=natural_key) == CLASSES


def test_a_split_with_numbers_and_with_other_case(folder):
    options = write_lists(folder, [f"{NAMES[5]} 5", NAMES[3].replace("HandStand", "Handstand")])
    sources = list_sources(folder, "auto", options)
    assert [source.name for source in sources] == [NAMES[5], NAMES[3]]


def test_classes_are_spelled_as_in_classind(folder):
    options = write_lists(folder, NAMES, [name.upper() for name in CLASSES])
    labels = {source.label for source in list_sources(folder, "auto", options)}
    assert labels == {name.upper() for name in CLASSES}


def test_a_class_that_classind_lacks_is_refused(folder):
    options = write_lists(folder, NAMES, CLASSES[:-1])
    with pytest.raises(UserError, match="classInd.txt should have .* Received: JumpRope/v_JumpR"):
        list_sources(folder, "auto", options)


def test_a_class_folder_alone(folder):
    sources = list_sources(folder / "HammerThrow", "auto", ReaderOptions())
    assert [source.label for source in sources] == ["HammerThrow"] * 2


def test_frames_per_second(folder):
    for name in NAMES:
        write_video(folder / name, [picture(0)] * 4)
    for source in list_sources(folder, "auto", ReaderOptions(fps=50)):
        assert len(list(source.frames())) == 8
