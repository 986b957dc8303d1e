"""The data set of a run: counts, rates, labels, and sources that were rejected."""

from run_folder.report.clips import Clips
from run_folder.report.run import Run

_MAX_ROWS = 200  # of a histogram


def describe(run: Run, clips: Clips) -> dict:
    """Its card, with histograms; where it is no longer there, what the run knows of it."""
    card = run.data_set
    histograms = {
        "Clips by label": [(name, clips) for name, clips in card.get("labels", [])],
        "Sources by frames per second": card.get("rates", []),
        "Sources by frames": card.get("lengths", []),
    }
    return {
        "known": run.description["data"],
        "card": card,
        "histograms": {name: _bars(rows) for name, rows in histograms.items() if rows},
    }


def _bars(rows):
    """The rows of a histogram with their share of the largest."""
    largest = max(number for _, number in rows)
    return [(name, number, number / largest) for name, number in rows[:_MAX_ROWS]]
