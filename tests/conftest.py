import os
import signal
import warnings
from pathlib import Path

import support  # noqa: F401 - sets the environment before TensorFlow is imported.

# isort: split
import pytest
import tensorflow as tf

from support import autograph

autograph.keep_in_memory()

# Four logical devices, so that distribution can be tested where there is one CPU. It has to be said
# before TensorFlow starts; what names no device runs on the first one as ever.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 4
)

# Tests send it to processes, which would ignore it if these tests were started by nohup.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

NO_REAL_CLIPS = "REAL_CLIPS is not set"


def pytest_addoption(parser):
    parser.addoption("--soak", action="store_true", help="long forms of tests marked soak")
    parser.addoption("--logdir", type=Path, help="runs that TensorBoard shows (default: made-up)")
    parser.addoption("--screenshots", type=Path, help="folder for pictures of TensorBoard")


@pytest.hookimpl(tryfirst=True)  # Before `-m` selects.
def pytest_collection_modifyitems(items):
    for item in items:
        if "soak" in item.fixturenames:
            item.add_marker("soak")


@pytest.fixture(scope="session")
def soak(request) -> bool:
    """Whether to run long: all the kills, all the steps. A test that asks is marked `soak`."""
    return request.config.getoption("--soak")


@pytest.fixture
def eager():
    """Steps are not traced: tracing takes longer than a few small steps."""
    tf.config.run_functions_eagerly(True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Even though")  # tf.data is traced all the same.
        yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """The folder of real clips; the test is skipped where there is none."""
    folder = os.environ.get("REAL_CLIPS")
    if not folder:
        pytest.skip(NO_REAL_CLIPS)
    return Path(folder).resolve(strict=True)


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    count = sum(NO_REAL_CLIPS in str(report.longrepr) for report in skipped)
    if count:
        terminalreporter.write_line(f"{count} tests on real clips were skipped: set REAL_CLIPS")
