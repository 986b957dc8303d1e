"""Modules that take long to import, for modules that the commands import before they need them.

Importing TensorFlow takes seconds. Modules that only describe settings take it from here, so that
`--help` and a wrong flag are answered at once; the first use imports it.
"""

import importlib
from typing import TYPE_CHECKING


class Deferred:
    """Stands for a module, which is imported when one of its names is first used."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute):
        return getattr(importlib.import_module(self._name), attribute)


if TYPE_CHECKING:
    import av
    import cv2
    import tensorflow as tf
else:
    av, cv2, tf = Deferred("av"), Deferred("cv2"), Deferred("tensorflow")
