"""What a run is doing, and how long it still takes."""

import datetime

from run_folder.reading import distance_over_floor, find_best
from run_folder.report.clips import Clips
from run_folder.report.run import Run
from run_folder.status import RUNNING
from support.progress import format_seconds

_SILENT = 600  # seconds without an update, after which a run may be dead


def describe(run: Run, clips: Clips) -> dict:
    """Its state, a remark, how far it is, and the time left while it trains."""
    status = run.status
    now = status if "kimg" in status else run.history[-1] if run.history else {}  # The same keys.
    kimg, total = now.get("kimg", 0.0), run.config.train.total_kimg
    best = find_best(run.history)
    return {
        "state": status.get("state", "unknown"),
        "sentence": status.get("sentence", ""),
        "what": f"{run.config.name}: {run.config.model.kind}, loss {run.config.loss.kind}",
        "kimg": kimg,
        "total": total,
        "share": min(kimg / total, 1),
        "phase": f"{now.get('rung', run.rung)} {'fading in' if now.get('fading') else 'stable'}",
        "best": best and {"kimg": best["kimg"], "ratio": distance_over_floor(best)},
        **_progress(status, run.time),
    }


def _progress(status, now):
    """How long a process that trains still needs, and for how long it did not update its status."""
    if status.get("state") not in RUNNING:
        return {"left": "", "end": "", "silence": ""}
    left, silence = status.get("seconds_left"), _seconds_since(status["time"], now)
    return {
        "left": "" if left is None else format_seconds(left),
        "end": status.get("expected_end", ""),
        "silence": format_seconds(silence) if silence > _SILENT else "",
    }


def _seconds_since(time, now):
    try:
        return (now - datetime.datetime.fromisoformat(time)).total_seconds()
    except (TypeError, ValueError):
        return 0
