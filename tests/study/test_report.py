"""Tables, figures and the page, of rows that a runner made up."""

import csv
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from study.drive import drive
from study.formats import to_csv, to_html, to_latex, to_markdown
from study.report import write_report
from study.rows import Row, Table, read_tables
from tests.study.toys import Runner, make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = make_study(tmp_path_factory.mktemp("study"))
    drive(study, list, Runner(fails=["shapes-6kimg-tgan-1.json"]))
    return study


@pytest.fixture(scope="module")
def report(study):
    return write_report(study)


def cells(table, title, column):
    head, *rows = table.cells()
    return next(row[head.index(column)] for row in rows if row[0] == title)


def test_medians_and_each_seed(report):
    table = report[0]
    assert table.name == "shapes-2min"
    assert cells(table, "SWGAN, growing", "inception score") == "3.50 (3.00, 4.00)"
    assert cells(table, "SWGAN, growing", "best*") == "4.00 (3.50, 4.50)"
    assert cells(table, "SWGAN, growing", "CPU minutes") == "1.5 (1.5, 1.5)"
    assert cells(table, "real clips", "inception score") == "7.50"
    assert cells(table, "real, frozen", "motion energy") == "0.00"
    assert cells(table, "real clips", "kimg") == ""


def test_what_failed_or_is_missing_shows(study, report, tmp_path):
    tgan = "TGAN, singular value clipping"
    assert cells(report[1], tgan, "inception score") == "2.00"  # Seed 0 alone.
    assert f"- {tgan}: not measured with seed 1." in (study.folder / "tables.md").read_text()
    waiting = read_tables(make_study(tmp_path, seeds=(0,)))[0]
    assert cells(waiting, tgan, "inception score") == "not done"
    assert cells(waiting, "real clips", "inception score") == ""
    failed = make_study(tmp_path, seeds=(0,))
    drive(failed, list, Runner(fails=["train.py"]))
    assert cells(read_tables(failed)[0], tgan, "inception score") == "failed"
    assert (tmp_path / "steps").exists()
    write_report(failed)
    assert (tmp_path / "tables.md").read_text().count("failed") == 4


def test_markdown(study, report):
    text = (study.folder / "tables.md").read_text()
    assert text.startswith(to_markdown(report[0]))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == 2 * (2 + 3 + 2)
    for sentence in ("classifies 0.900 of", "0.250 after", "Frechet distance 12.35", "Seeds 0, 1"):
        assert sentence in text


def test_csv(study):
    with open(study.folder / "tables.csv") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 2 * (3 + 4) - 1
    line = next(x for x in lines if (x["system"], x["seed"]) == ("swgan", "1"))
    assert float(line["frechet_distance"]) == 400
    assert (line["data"], line["budget"], line["published"]) == ("shapes", "2min", "")


def test_latex(study, report):
    text = to_latex(report[0])
    assert text in (study.folder / "tables.tex").read_text()
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    columns = text.partition(r"\begin{tabular}{")[2].partition("}")[0]
    assert {line.count(" & ") for line in body} == {len(columns) - 1}
    assert text.count(r"\begin") == text.count(r"\end") == 2


def test_texts_are_escaped(report):
    row = Row("x", "A & B_1 <b> | 50 %", ())
    table = Table(report[0].data, report[0].budget, (row,))
    assert r"A \& B\_1 <b> | 50 \%" in to_latex(table)
    assert "A &amp; B_1 &lt;b&gt; | 50 %" in to_html(table)
    assert r"<b> \| 50 %" in to_markdown(table)
    assert to_csv(table).count("\n") == 1


def test_published_scores_are_a_column_where_there_are_some(report):
    rows = [row for row in report[0].rows if row.name == "swgan"]
    assert rows[0].published == {}
    published = Row("swgan", "SWGAN", rows[0].seeds, "", {"inception_score": 14.56})
    table = Table(report[0].data, report[0].budget, (published, rows[0]))
    assert [line[-1] for line in table.cells()] == ["published", "14.56", ""]
    assert "14.56" in to_csv(table)


def test_results_are_one_object_per_run(study, report):
    found = json.loads((study.folder / "results.json").read_text())
    assert len(found) == 2 * (3 + 4) - 1
    assert all("details" not in row for row in found)
    assert {row["run"] for row in found} >= {"real-shapes", "shapes-6kimg-swgan-1"}


def test_figures_and_grids(study, report):
    for table in ("shapes-2min", "shapes-6kimg"):
        for figure in (f"figure_8_5-{table}.png", f"figure_8_6-{table}.png"):
            picture = np.asarray(Image.open(study.folder / figure).convert("RGB"))
            assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
        moving = Image.open(study.folder / f"samples-{table}.webp")
        assert moving.n_frames == 16  # Eight frames are repeated.
        still = Image.open(study.folder / f"samples-{table}.png")
        assert still.height == 5 * 64 + 4 * 2  # Three kinds of reals and two systems.
        assert still.width > 8 * 64


def test_the_page_is_well_formed_and_its_pictures_are_there(study, report):
    text = (study.folder / "index.html").read_text()
    page = ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    space = "{http://www.w3.org/1999/xhtml}"
    sources = [image.get("src") for image in page.iter(f"{space}img")]
    assert len(sources) == 2 * (5 + 2)
    assert all((study.folder / source).is_file() for source in sources)
    assert len(list(page.iter(f"{space}table"))) == 2
    assert [h.text for h in page.iter(f"{space}h2")] == [table.title for table in report]
