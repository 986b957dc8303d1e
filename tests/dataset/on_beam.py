"""Sources that Beam's workers can list, and a runner of two processes. Workers import this."""

import dataclasses
import functools
import os
import signal
from pathlib import Path

from dataset.beam import Beam
from dataset.distribute import Distribution
from dataset.readers.source import Source
from dataset.readers.source_list import SourceList
from support.errors import UserError
from tests.dataset.sources import MIXED

PROCESSES = ("direct_num_workers=2", "direct_running_mode=multi_processing")
KILLER = "c"  # the source at which a worker is killed


def distribution(list_sources, *options, at_once=3):
    return Distribution(Beam("DirectRunner", options), SourceList(list_sources), at_once)


def mixed():
    """`MIXED`, whose sources need no arguments."""
    return MIXED


@dataclasses.dataclass(frozen=True)
class KilledOnce:
    """`MIXED`, but the first process that reads the middle of `KILLER` is killed.

    It makes the file `mark`.
    """

    mark: Path

    def __call__(self):
        return [
            dataclasses.replace(s, frames=functools.partial(self._frames, s))
            if s.name == KILLER
            else s
            for s in MIXED
        ]

    def _frames(self, source):
        for number, frame in enumerate(source.frames()):
            if number == 40 and not self.mark.exists():
                self.mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            yield frame


def wrong():
    def frames():
        raise UserError("should be right. Received: wrong")
        yield

    return [Source("x", frames) if s.name == "d" else s for s in MIXED]
