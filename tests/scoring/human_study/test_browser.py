"""A visitor who answers the page of a study, and what becomes of the answers."""

import csv
import time

import pytest

from commands.human_results import describe
from scoring.human_study.design import REAL
from scoring.human_study.results import read_answers, summarise
from tests.browser import open_browser
from tests.scoring.human_study.studies import make_study

ORDER = {"swgan": 3, "wgan_gp": 2, "runs/old": 1, REAL: 9}
PROGRESS = "document.querySelector('#progress').innerText"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The key, the folder and a browser."""
    folder = tmp_path_factory.mktemp("study")
    key = make_study(folder / "study", pairs=2, catch=2)
    with open_browser(folder / "profile") as browser:
        browser.show(1000)
        browser.call(
            "Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder / "down")
        )
        yield key, folder, browser
        assert browser.errors == []


def begin(browser, folder, rater):
    browser.open(folder / "study/page/index.html")
    browser.read(f"document.querySelector('#rater').value = '{rater}'")
    browser.read("document.querySelector('#begin button').click()")


def wait_for(browser, number, count):
    browser.wait(f"{PROGRESS} === '{number + 1} of {count}' && shown > 0")


def test_a_visitor_answers_by_keys_and_buttons(study):
    key, folder, browser = study
    count = len(key["questions"])
    begin(browser, folder, "Ann B.")
    for number, question in enumerate(key["questions"]):
        wait_for(browser, number, count)
        if number == 0:
            check_videos(browser)
        left, right = (ORDER.get(question[side]["source"], 0) for side in ("left", "right"))
        if number == 3:  # A wrong answer, taken back.
            browser.press("ArrowLeft" if left < right else "ArrowRight")
            wait_for(browser, 4, count)
            browser.press("Backspace")
            wait_for(browser, 3, count)
        if number % 2:
            browser.read(
                f"document.querySelector('#{'left' if left > right else 'right'}').click()"
            )
        else:
            browser.press("ArrowLeft" if left > right else "ArrowRight")
        if number == 4:  # The page is closed, and opened again by the same person.
            begin(browser, folder, "Ann B.")
    browser.wait("!document.querySelector('#end').hidden")
    browser.read("document.querySelector('#save').click()")
    check_answers(key, wait_for_file(folder))


def check_videos(browser):
    sizes = browser.read(
        "[...document.querySelectorAll('video')].map(v => [v.clientWidth, v.clientHeight, v.loop])"
    )
    assert sizes[0] == sizes[1]
    assert sizes[0][0] == sizes[0][1] > 200
    assert sizes[0][2]
    browser.wait("[...document.querySelectorAll('video')].every(v => v.currentTime > 0.1)")


def wait_for_file(folder):
    end = time.monotonic() + 60
    while not (found := list((folder / "down").glob("*.csv"))) or not found[0].stat().st_size:
        assert time.monotonic() < end, "no file was saved"
        time.sleep(0.05)
    return found[0]


def check_answers(key, path):
    assert path.name == f"answers-{key['study']}-Ann_B_.csv"
    rows = list(csv.DictReader(path.open()))
    assert [int(row["question"]) for row in rows] == list(range(len(key["questions"])))
    assert all(float(row["seconds"]) > 0 for row in rows)
    found = summarise(key, read_answers([path], key))
    assert found["raters"]["Ann_B_"] == {"answers": 8, "catch": 2, "right": 2, "failed": False}
    assert [pair["share"] for pair in found["pairs"]] == [1, 1, 1]
    assert "swgan was preferred to wgan_gp in 100.0% of 2 answers" in "\n".join(describe(found))


def test_someone_else_begins_anew_and_it_fits_a_telephone(study):
    key, folder, browser = study
    browser.show(360)
    begin(browser, folder, "Bob")
    wait_for(browser, 0, len(key["questions"]))
    assert browser.read("document.documentElement.scrollWidth <= innerWidth")
    tops = browser.read(
        "[...document.querySelectorAll('video')].map(v => v.getBoundingClientRect().top)"
    )
    assert tops[0] == tops[1]
