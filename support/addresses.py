"""Paths that may be addresses, such as s3://bucket/faces or https://host/faces.weights.h5."""

import re
from pathlib import Path


def normalise(path: Path | str) -> str:
    """The path as text; `Path` takes a slash from s3://bucket, which is put back."""
    return re.sub(r"^(\w+):/(?!/)", r"\1://", str(path))


def is_remote(path: Path | str) -> bool:
    """Whether the path is outside of the file systems of this machine."""
    return "://" in normalise(path)
