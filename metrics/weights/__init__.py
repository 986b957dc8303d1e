"""Weights of the feature networks: published ones converted, and our own files."""

from metrics.weights.store import load, save

__all__ = ["load", "save"]
