"""TensorBoard as a browser shows it, and its pictures in docs/training.md.

python -m pytest tests/docs/test_tensorboard.py --logdir=runs --screenshots=docs/pictures
"""

import re
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from tests.browser import open_browser
from tests.support.test_plots import TERMS, made_up_history
from tests.training.toys import tiny_config
from training.overview import write_overview
from training.summaries import write_scalars

# All elements of the page, those in shadow roots too.
ELEMENTS = """(() => {
  const found = [];
  const add = (root) => root.querySelectorAll('*').forEach((element) => {
    found.push(element);
    if (element.shadowRoot) add(element.shadowRoot);
  });
  add(document);
  return found;
})()"""
SHOWN = {  # Elements that a page of TensorBoard has once it is drawn.
    "custom_scalars": "e.localName === 'path' && e.classList.contains('line')",
    "histograms": "e.getRootNode().host?.localName.startsWith('vz-histogram') && e.matches('path')",
}
SETTLE = 3  # seconds in which charts are drawn in full


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """The folder of --logdir, or one with a made-up run."""
    if folder := request.config.getoption("--logdir"):
        return folder
    folder = tmp_path_factory.mktemp("runs")
    history = made_up_history()
    with tf.summary.create_file_writer(str(folder / "demo")).as_default(step=0):
        write_overview("runs/demo", tiny_config(), {"data_set": {"clips": 2048}})
        for line in history:
            tf.summary.experimental.set_step(line["nimg"])
            terms = {term: line[term] for term in TERMS}
            write_scalars(line | {"sec_per_kimg": 2.0, "lod": 0.0}, terms)
        tf.summary.histogram("weights/G/dense/kernel", tf.random.stateless_normal([99], [0, 1]))
    return folder


@pytest.fixture(scope="module")
def page(runs, tmp_path_factory):
    """TensorBoard in a browser, and its address."""
    with open_browser(tmp_path_factory.mktemp("profile")) as browser:
        flags = (f"--logdir={runs}", "--port=0", "--host=localhost", "--load_fast=false")
        process = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            address = next(filter(None, (re.search(r"http://\S+", x) for x in process.stderr)))[0]
            browser.show(1100, 700)
            browser.open(f"{address}#custom_scalars&_smoothingWeight=0")
            yield browser
        finally:
            process.kill()
            process.wait(30)
            process.stderr.close()


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_is_drawn(page, name, request, tmp_path):
    folder = request.config.getoption("--screenshots") or tmp_path
    page.read(f"location.hash = '{name}&_smoothingWeight=0'")
    page.wait(f"{ELEMENTS}.some((e) => {SHOWN[name]})")
    if request.config.getoption("--screenshots"):
        time.sleep(SETTLE)
    picture = folder / f"tensorboard-{name}.png"
    page.screenshot(picture, full=False)
    assert 5_000 < picture.stat().st_size < 150_000


def test_custom_scalars_have_lines_for_each_tag(page):
    page.read("location.hash = 'custom_scalars'")
    cards = f"{ELEMENTS}.filter((e) => e.localName === 'tf-custom-scalar-multi-line-chart-card')"
    page.wait(f"{cards}.length >= 3")
    titles = page.read(f"{cards}.map((e) => e.title)")
    assert {"sliced Wasserstein distance", "losses", "level of detail"} <= set(titles)
    matches = f"{ELEMENTS}.map((e) => e.textContent.trim().match(/^Matches \\((\\d+)\\)$/))"
    page.wait(f"{matches}.filter((m) => m).some((m) => m[1] >= 4)")  # The losses of the run.
