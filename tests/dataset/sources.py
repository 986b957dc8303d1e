"""Sources of noise, and small data sets of them."""

import numpy as np

from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.readers.source import RejectedSource, Source
from tests.dataset.conftest import LADDER

RULES = ClipRules(8, clip_rule="all")


def noise(name, count, broken=False):
    """A source of `count` frames of noise; `broken` raises after the last one."""

    def frames():
        random = np.random.default_rng(count)
        for _ in range(count):
            yield random.integers(0, 256, (16, 16, 3), np.uint8)
        if broken:
            raise RejectedSource("should be whole. Received: half")

    return Source(name, frames)


def content(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def make(folder, sources, **more):
    """Small data sets of several shards, with clips of a source in more than one of them."""
    arguments = {"shard_clips": 3, "about": {"arguments": {"source": "videos"}}} | more
    return create_dataset(folder, sources, LADDER, RULES, **arguments)


MIXED = [noise("a", 25), noise("b", 7), noise("c", 80), noise("d", 9), noise("e", 40, broken=True)]
HELD_OUT = frozenset({"a"})
