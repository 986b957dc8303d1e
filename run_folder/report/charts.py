"""Curves of one or several runs, as the traces that Plotly draws."""

import math
from collections.abc import Mapping, Sequence

from run_folder.reading import distance_over_floor, terms_of
from run_folder.report.run import Run
from support.curves import DISTANCES, measures_of, phase_spans, reals_key
from support.media import evenly

_MAX_POINTS = 2000  # of a curve
_FEW_POINTS = 60  # Curves with fewer have markers.
# Colours that the colour-blind can tell apart (Okabe and Ito), on white and on black.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
References = Mapping[str, Mapping[str, Mapping[str, float]]]  # by config, measure and method


def make_charts(runs: Sequence[Run], names: Sequence[str], references: References) -> list[dict]:
    """All charts: title, traces, and whether the values are on a logarithmic scale.

    Args:
        runs: in the order of their colours.
        names: of the runs.
        references: published scores, drawn as lines.
    """
    histories = {name: run.history for run, name in zip(runs, names, strict=True)}
    charts = [_over_floor(histories)]
    for title, keys in DISTANCES.items():
        title = f"distance {title}" if title.startswith("of ") else title
        charts.append(_chart(title, histories, *keys))
    charts += _scores(runs, names, references)
    for term in dict.fromkeys(term for lines in histories.values() for term in terms_of(lines)):
        charts.append(_chart(term.replace("_", " "), histories, term))
    charts.append(_chart("seconds per kimg", histories, "sec_per_kimg"))
    return [chart for chart in charts if chart["traces"]]


def make_phases(run: Run) -> list[dict]:
    """The phases of a run in kimg, to mark in its charts."""
    names = ("begin", "end", "rung", "fading")
    return [dict(zip(names, span, strict=True)) for span in phase_spans(run.history)]


def _over_floor(histories):
    ratios = {
        name: [line | {"ratio": distance_over_floor(line)} for line in lines if "swd" in line]
        for name, lines in histories.items()
    }
    chart = _chart("distance over its floor", ratios, "ratio")
    if chart["traces"]:
        end = max(trace["x"][-1] for trace in chart["traces"])
        chart["traces"].append(_line(1, end, "floor: reals to other reals", "dash"))
    return chart | {"log": True}


def _scores(runs, names, references):
    scores = {name: run.scores for run, name in zip(runs, names, strict=True)}
    lines = [line for run in runs for line in run.scores]
    for measure in measures_of(lines):
        chart = _chart(measure.replace("_", " "), scores, measure, reals_key(measure, lines))
        end = max(line["kimg"] for line in lines)
        published = {}
        for run in runs:
            published |= references.get(run.config.name, {}).get(measure, {})
        for method, value in published.items():
            chart["traces"].append(_line(value, end, f"{method} (paper)", "dot"))
        yield chart


def _chart(title: str, runs: dict[str, list[dict]], key: str, reals: str | None = None):
    """A chart of the values `key` in the lines of each run, and of those of the reals."""
    traces = []
    for number, (name, lines) in enumerate(runs.items()):
        traces.append(_trace(lines, key, name, number))
        if reals:
            traces.append(_trace(lines, reals, f"{name}, reals", number, dash="dash"))
    return {"title": title, "traces": [trace for trace in traces if trace["x"]], "log": False}


def _trace(lines, key, name, number, dash="solid"):
    lines = [line for line in lines if math.isfinite(line.get(key, math.nan))]
    lines = [lines[i] for i in evenly(len(lines), _MAX_POINTS)] if lines else []
    return {
        "x": [line["kimg"] for line in lines],
        "y": [line[key] for line in lines],
        "text": [line.get("rung", "") for line in lines],
        "name": name,
        "mode": "lines+markers" if len(lines) < _FEW_POINTS else "lines",
        "line": {"color": _COLOURS[number % len(_COLOURS)], "dash": dash, "width": 1.5},
        "hovertemplate": "%{y:.4g}  %{text}",
    }


def _line(value, end, name, dash):
    """A horizontal line from the beginning to `end`."""
    return {
        "x": [0, end],
        "y": [value, value],
        "name": name,
        "mode": "lines",
        "line": {"color": "#808080", "dash": dash, "width": 1},
        "hovertemplate": "%{y:.4g}",
    }
