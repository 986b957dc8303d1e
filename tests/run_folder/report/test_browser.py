"""The page as a browser shows it from disk."""

import pytest

from run_folder.report.page import write_report
from run_folder.report.run import read_run
from tests.browser import open_browser
from tests.run_folder.report.runs import DATA_SET, make_run
from tests.support.test_plots import made_up_history

CHART = "[...document.querySelectorAll('figure')].find(f => f.innerText.startsWith('{}'))"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a run in a browser."""
    folder = tmp_path_factory.mktemp("report")
    run = read_run(make_run(folder / "run"), DATA_SET)
    path = write_report([run], folder / "page", {"demo": {"inception_score": {"VGAN": 8.18}}})
    with open_browser(folder / "profile") as browser:
        browser.show(1200)
        browser.open(path)
        yield browser
        assert browser.errors == []


def test_charts_have_the_data(page):
    page.wait("document.querySelectorAll('.chart .main-svg').length > 0")
    chart = f"{CHART.format('critic')}.querySelector('.chart')"
    drawn = page.read(f"{chart}.data.map(t => [Array.from(t.x), Array.from(t.y)])")
    history = made_up_history()
    assert drawn == [[[line[key] for line in history] for key in ("kimg", "critic")]]
    assert page.read(f"{chart}.layout.shapes.map(s => [s.x0, s.x1])") == [
        [4, 8],
        [12, 16],
        [20, 24],
    ]
    assert page.read(f"{chart}.querySelectorAll('.scatterlayer .point').length") == len(history)
    scores = page.read(f"{CHART.format('inception')}.querySelector('.chart').data.map(t => t.name)")
    assert scores[-1] == "VGAN (paper)"


def test_values_appear_under_the_pointer(page):
    page.read(f"{CHART.format('critic')}.scrollIntoView()")
    box = page.read(
        f"{CHART.format('critic')}.querySelector('.nsewdrag').getBoundingClientRect().toJSON()"
    )
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    page.wait(f"{CHART.format('critic')}.querySelector('.hoverlayer').textContent.includes('8x')")


def test_clips_play(page):
    page.read("document.querySelector('#samples').scrollIntoView()")
    page.wait("[...document.querySelectorAll('#samples video')].every(v => v.currentTime > 0.2)")
    assert page.read("document.querySelector('#samples video').videoWidth") == 66


def test_the_slider_shows_other_moments_and_the_growth_plays(page):
    video, slider = (
        "document.querySelector('.growth video')",
        "document.querySelector('.growth input')",
    )
    text = "document.querySelector('.growth figcaption').innerText"
    page.read("document.querySelector('.growth').scrollIntoView()")
    assert page.read(text) == "kimg 28, 8x32x32 stable"
    page.read(f"{slider}.value = 0; {slider}.dispatchEvent(new Event('input'))")
    assert page.read(text) == "kimg 4, 4x4x4 stable"
    page.wait(f"{video}.src.includes('fakes-000004000') && {video}.currentTime > 0")
    page.read("document.querySelector('.growth button').click()")
    page.wait(f"{text} === 'kimg 28, 8x32x32 stable'")
    page.wait("document.querySelector('.growth button').innerText === 'Play the growth'")


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1200, True)])
def test_it_fits_a_telephone_and_the_dark(page, width, dark):
    page.show(width, dark=dark)
    assert page.read("document.documentElement.scrollWidth <= innerWidth")
    page.wait(f"document.querySelector('.chart').clientWidth < {width}")
    tables = "[...document.querySelectorAll('table')].filter(t => t.rows[0].cells.length === 2)"
    fits = "every(t => t.scrollWidth <= t.parentNode.clientWidth)"
    assert page.read(f"{tables}.length > 1 && {tables}.{fits}")
    back = page.read("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(20, 20, 20)") == dark
    text = "#e8e8e8" if dark else "#1c1c1c"
    page.wait(f"document.querySelector('.chart').layout.font.color === '{text}'")


def test_clips_are_no_higher_than_the_window(page):
    page.show(1200, height=300)
    heights = "[...document.querySelectorAll('video')].map(v => v.clientHeight)"
    page.wait(f"{heights}.length > 1 && {heights}.every(h => h > 0 && h < 300)")
