import csv

import numpy as np
from PIL import Image

from dataset.faces.report import COLUMNS, funnel, write_sheet, write_table
from dataset.faces.rules import FaceRules
from support.media import write_clip

ROW = dict(zip(COLUMNS, ["a, b.mp4/0000.mp4", "a, b.mp4", *range(9)], strict=True))


def test_the_table_is_csv_though_names_have_commas(tmp_path):
    write_table(tmp_path / "clips.csv", [ROW, ROW | {"shot": 7}])
    with open(tmp_path / "clips.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == COLUMNS
    assert lines[1]["clip"] == "a, b.mp4/0000.mp4"
    assert [line["shot"] for line in lines] == ["0", "7"]


def test_the_funnel_adds_the_films_up():
    first = {"shots": 5, "too short": 2, "of a good length": 3, "without a face": 3}
    second = {"shots": 4, "of a good length": 4, "with a face": 4, "faces": 6, "aligned": 4}
    second |= {"seldom found": 1, "without eyes": 1, "clips": 4}
    reports = [{"funnel": first}, {"funnel": second}]
    lines = funnel(reports, 1, FaceRules()).splitlines()
    assert [line.split("   lost")[0].split()[-1] for line in lines] == list("2974644")
    assert lines[0] == "films                    2   lost: 1 damaged"
    assert lines[1] == "shots                    9"
    assert lines[2].endswith("lost: 2 shorter than 31 frames")
    assert lines[3].endswith("lost: 3 without a face for 31 consecutive frames")
    assert "lost: 1 found in less than 50% of their frames, 1 with less than 20% of" in lines[5]


def test_the_sheet_has_eight_frames_a_clip(tmp_path):
    for name, level in (("a.mp4", 0), ("b.mp4", 255)):
        clip = np.full((20, 32, 32, 3), level, np.uint8)
        clip[-1] = 128
        write_clip(tmp_path / name, clip)
    write_sheet(tmp_path / "sheet.png", tmp_path, ["a.mp4", "b.mp4"])
    with Image.open(tmp_path / "sheet.png") as image:
        sheet = np.asarray(image).astype(int)
    assert sheet.shape == (2 * 98 - 2, 8 * 98 - 2, 3)
    levels = sheet[48::98, 48::98, 0]
    np.testing.assert_allclose(levels, [[0] * 7 + [128], [255] * 7 + [128]], atol=4)


def test_a_sheet_of_many_clips_is_not_endless(tmp_path):
    write_clip(tmp_path / "a.mp4", np.zeros((2, 32, 32, 3), np.uint8))
    write_sheet(tmp_path / "sheet.png", tmp_path, ["a.mp4"] * 103)
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size == (8 * 5 * 98 - 2, 20 * 98 - 2)
