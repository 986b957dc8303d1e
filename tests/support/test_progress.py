import concurrent.futures
import io
import re
import time

import pytest

from support import progress
from support.progress import Progress, format_seconds


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds, as a list of one: what the progress takes for the time."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.4, "59s"),
        (59.6, "1m 00s"),
        (725, "12m 05s"),
        (3599.7, "1h 00m"),
        (12000, "3h 20m"),
        (86399, "23h 59m"),
        (86400, "1d 00h"),
        (187200, "2d 04h"),
    ],
)
def test_format_seconds(seconds, text):
    assert format_seconds(seconds) == text


def test_plain_lines_come_now_and_then(clock):
    stream = io.StringIO()
    report = Progress(100, "clips", every=10, stream=stream)
    for _ in range(5):
        clock[0] += 4
        report.advance(2)
    report.close()
    assert stream.getvalue() == (
        "6 of 100 clips, 0.5/s, 3m 08s left\n10 of 100 clips, 0.5/s, 3m 00s left\n"
    )


def test_an_unknown_total(clock):
    stream = io.StringIO()
    report = Progress(None, "shots", stream=stream)
    clock[0] += 2
    report.advance(3)
    report.close()
    assert stream.getvalue() == "3 shots, 1.5/s\n"


def test_a_bar_moves_on_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with Progress(4000, "clips", stream=stream) as report:
        report.advance(1000)
        time.sleep(0.15)
        report.advance(2000)
        report.advance(1000)
    shown = re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "3000 of 4000 clips, " in shown
    assert re.search("4000 of 4000 clips, [0-9.]+/s, 0s left *\n$", shown)
    assert stream.getvalue().endswith("\x1b[?25h")  # The cursor is back.


def test_a_terminal_without_cursor_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    Progress(4, "clips", stream=stream).close()
    assert stream.getvalue() == "0 of 4 clips, 0.0/s\n"


def test_the_last_line_comes_after_an_error_too(clock):
    stream = io.StringIO()
    with pytest.raises(KeyError), Progress(4, "clips", stream=stream) as report:
        clock[0] += 2
        report.advance()
        raise KeyError
    assert stream.getvalue() == "1 of 4 clips, 0.5/s, 6s left\n"


def test_threads_share_a_count():
    report = Progress(None, "clips", stream=io.StringIO())
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(lambda: [report.advance() for _ in range(10_000)])
    assert report.done == 40_000


def test_nothing_is_shown_where_there_is_nothing_to_do():
    stream = io.StringIO()
    with Progress(0, "files checked", stream=stream):
        pass
    assert stream.getvalue() == ""
