"""What went wrong in a run: skipped steps, rollbacks, resumes, warnings."""

from run_folder.report.clips import Clips
from run_folder.report.run import Run


def describe(run: Run, clips: Clips) -> dict:
    """Counts, the ticks in which steps were skipped, and the warnings and notes of the log."""
    skipped, before = [], 0
    for line in run.history:
        total = line.get("skipped", 0)
        if total > before:
            skipped.append({"kimg": line["kimg"], "steps": total - before})
        before = total
    last = run.history[-1] if run.history else {}
    return {
        "failure": run.status.get("sentence", "") if run.status.get("state") == "failed" else "",
        "steps": last.get("skipped", 0),
        "skipped": skipped,
        "rollbacks": last.get("rollbacks", 0),
        "resumes": [start["kimg"] for start in run.starts[1:]],
        "remarks": run.remarks,
    }
