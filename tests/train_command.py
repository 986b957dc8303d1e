"""train.py as users run it, for tests: a tiny run, and its data."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TINY = [
    "--config=demo",
    "--set=growth.ladder=4x4x4 4x8x8",
    "growth.resolution=8",
    "growth.num_frames=4",
    "growth.feature_maps_max=4",
    "schedule.minibatch=4",
    "schedule.lod_training_kimg=0.1",
    "schedule.lod_transition_kimg=0.1",
    "train.tick_kimg=0.05",
    "train.total_kimg=0.4",
    "train.distance_clips=8",
]


def command(script: str, *flags) -> list[str]:
    """The arguments of a process of one of our scripts."""
    return [sys.executable, str(ROOT / script), *map(str, flags)]


def run_script(script: str, *flags, cwd=ROOT) -> subprocess.CompletedProcess:
    """Runs it to its end."""
    return subprocess.run(command(script, *flags), cwd=cwd, capture_output=True, text=True)


def make_data(folder: Path) -> Path:
    """A data set of 32 clips for `TINY`."""
    made = run_script(
        "dataset_tool.py",
        "create_tfrecords",
        "--config=demo",
        "--source_format=synthetic",
        "--ladder=4x4x4 4x8x8",
        "--resolution=8",
        "--num_frames=4",
        "--max_clips=32",
        f"--output={folder}",
    )
    assert made.returncode == 0, made.stderr
    return folder
