"""How to make the data set and the run again."""

import shlex

from run_folder.report.clips import Clips
from run_folder.report.run import Run


def describe(run: Run, clips: Clips) -> dict:
    """Commands, and what each start of the run ran on."""
    folder = run.description["data"].get("folder", "DATA")
    config = run.path / "config.json"
    return {
        "data": run.data_set.get("command", ""),
        "train": f"python {run.starts[0]['command']}" if run.starts else "",
        "again": shlex.join(
            ["python", "train.py", f"--config={config}", f"--data={folder}", "--run=NEW"]
        ),
        "samples": shlex.join(["python", "generate.py", "samples", f"--run={run.path}"]),
        "starts": run.starts,
        "data_sha256": run.description["data"].get("sha256", ""),
    }
