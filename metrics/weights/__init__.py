"""Weights of the feature networks: published ones converted, and our own files.

Each published format is a class in one of the modules here, which lists the names and shapes of its
arrays and reads them one at a time; `convert` copies them into a `C3D` or an `I3D`. A new format is
a class and a line in `metrics.weights.convert`.
"""

from metrics.weights.convert import convert
from metrics.weights.store import check_new, load, save

__all__ = ["check_new", "convert", "load", "save"]
