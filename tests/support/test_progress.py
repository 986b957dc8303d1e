import io

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


def test_a_line_on_a_terminal_covers_the_one_before(clock):
    stream = Terminal()
    report = Progress(4000, "clips", stream=stream)
    clock[0] += 100
    report.advance()
    clock[0] += 1
    report.advance(3999)
    report.close()
    _, first, second, last = stream.getvalue().split("\r")
    assert first.rstrip() == "1 of 4000 clips, 0.0/s, 4d 15h left"
    assert second.rstrip() == "4000 of 4000 clips, 39.6/s, 0s left"
    assert len(second) >= len(first)
    assert last.endswith("\n")
