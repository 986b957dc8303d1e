"""Sources for workers in other processes, which list them for themselves.

Sources cannot be sent to them: some share an open file, or the frames of a whole video.
"""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions, Source
from support.errors import UserError


@dataclasses.dataclass(frozen=True)
class Location:
    """Where sources are; a call lists them."""

    path: Path
    layout: str
    options: ReaderOptions

    def __call__(self) -> list[Source]:
        """The sources of `readers.list_sources`."""
        return list_sources(self.path, self.layout, self.options)

    def absolute(self) -> "Location":
        """The same sources from any working directory."""
        path = self.path.absolute() if self.path.exists() else self.path  # Or a name, as "font".
        split = self.options.split and self.options.split.absolute()
        return Location(path, self.layout, dataclasses.replace(self.options, split=split))


@dataclasses.dataclass(frozen=True)
class SourceList:
    """Sources that each process lists once, when it needs the first of them."""

    list_sources: Callable[[], list[Source]]  # hashable; lists the same in every process

    def find(self, index: int, name: str) -> Source:
        """Source `index`; raises `UserError` if it has another name than `name` in this process."""
        sources = _list_once(self.list_sources)
        found = sources[index].name if index < len(sources) else "none"
        if found != name:
            raise UserError(
                f"`source` should have the same files for all workers. Received: {found} in place "
                f"of {name}"
            )
        return sources[index]


@functools.cache
def _list_once(list_sources):
    return list_sources()
