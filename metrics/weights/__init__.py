"""Weights of the feature networks: published ones converted, and our own files.

A published file has a class in one of the modules here, which tells its arrays' names and shapes
and reads them one at a time; `convert` puts them into a `C3D` or an `I3D`. A new format is a class
and a line in `metrics.weights.convert`.
"""

from metrics.weights.convert import convert
from metrics.weights.store import check_new, load, save

__all__ = ["check_new", "convert", "load", "save"]
