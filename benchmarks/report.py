"""Prints results together with the machine and the versions."""

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "av")


def machine() -> dict[str, str | int]:
    """Processor, cores, and versions of Python and of the packages that measurements depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    versions = {package: version(package) for package in PACKAGES}
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        **versions,
    }


def report(rows: list[dict], as_json: bool):
    """Prints rows of results as one JSON line, or as a table; the machine is printed too."""
    if as_json:
        print(json.dumps({"machine": machine(), "results": rows}))
        return
    print(" ".join(f"{k}={v}" for k, v in machine().items()), file=sys.stderr)
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        print("  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)))


def _cell(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
