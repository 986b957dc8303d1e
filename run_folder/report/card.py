"""The card of the newest snapshot."""

import json

from run_folder.report.clips import Clips
from run_folder.report.run import Run

_SHOWN = (
    *("name", "nimg", "latents", "labels", "clips", "distance", "scores"),
    *("data", "sha256", "date", "versions"),
)


def describe(run: Run, clips: Clips) -> dict | None:
    """Its entries as text, without the config, which has a section of its own."""
    entries = {name: _text(run.card[name]) for name in _SHOWN if run.card.get(name)}
    return {"entries": entries} if entries else None


def _text(value):
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(below)}" for key, below in value.items())
    if isinstance(value, list):
        return "; ".join(map(_text, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value)
