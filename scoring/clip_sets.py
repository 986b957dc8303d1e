"""What can be scored: clips of a data set, a folder of videos or an array."""

import abc
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dataset.cache import Cache
from dataset.classes import Classes
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from dataset.records import open_records
from growth.ladder import Ladder, Rung
from support.arrays import open_array
from support.errors import UserError
from support.media import evenly, to_uint8
from support.threads import ahead

_REQUESTS = 8  # clips of a remote data set that are read at a time
_MAX_FRAMES = 1024  # of a video that is one clip
_LOOKED_AT = 16  # clips of an array whose range is looked at before any is scored


class ClipSet(Protocol):
    """Clips that can be read in any order."""

    about: dict[str, Any]
    """What the set is, in plain values (for JSON): "kind" and what identifies it."""

    @property
    def label_names(self) -> list[str]:
        """The name of each label; none where the clips have none."""
        ...

    def __len__(self) -> int: ...

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the clips `indices`, each uint8 [T, H, W, 3]."""
        ...

    def labels(self) -> np.ndarray:
        """The label of each clip, [N] int; -1 where there is none."""
        ...


class Unlabelled(abc.ABC):
    """Base of sets whose clips have no labels."""

    label_names: list[str] = []

    @abc.abstractmethod
    def __len__(self) -> int: ...

    def labels(self) -> np.ndarray:
        """The label of each clip: -1, since there are none."""
        return np.full(len(self), -1)


class RecordClips:
    """The clips of a data set at one of its rungs.

    Args:
        folder: of the data set.
        rung: by default the full clip.
        classes: names of labels; only their clips are in the set, labelled in this order. By
            default all clips are.
        cache: for what is read of a remote data set.

    Raises:
        UserError: no whole data set, or one without this rung or without clips of a class.
    """

    def __init__(
        self,
        folder: Path | str,
        rung: Rung | None = None,
        classes: Sequence[str] = (),
        cache: Cache | None = None,
    ):
        self.records = open_records(folder, cache=cache)
        self.rung = rung or self.records.ladder[-1]
        self.records.check_ladder(Ladder((self.rung,)))
        self.about: dict[str, Any] = {
            **self.records.identity(),
            "kind": "data set",
            "clip": str(self.rung),
        }
        self._classes = Classes(self.records.label_names, classes)
        self._indices = np.arange(len(self.records))
        if not self._classes.are_all:
            groups = self._classes.groups(self.records.labels(self._indices), self._indices)
            self._indices = np.sort(np.concatenate(groups))
            self.about["classes"] = list(classes)

    def __len__(self) -> int:
        return len(self._indices)

    @property
    def label_names(self) -> list[str]:
        """The name of each label; none where the clips have none."""
        return list(self._classes.names)

    def labels(self) -> np.ndarray:
        """The label of each clip, [N] int; -1 where there is none."""
        return np.asarray(self._classes.renumber(self.records.labels(self._indices)))

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the clips `indices`; those of a remote data set are read ahead."""

        def read(index):
            return self.records.clips(self.rung, [self._indices[index]])[0]

        is_fetched = self.records.is_fetched
        yield from ahead(read, indices, _REQUESTS) if is_fetched else map(read, indices)


class VideoClips(Unlabelled):
    """Videos, strips or folders of frames, each of them one clip.

    Args:
        path: of a file or folder that `dataset.readers` can read.
        num_frames: maximum number of frames; the central ones of a longer video are taken.
    """

    def __init__(self, path: Path, num_frames: int):
        self.sources = list_sources(path, "auto", ReaderOptions())
        self.num_frames = num_frames
        self.about = {"kind": "videos", "folder": str(path), "clips": len(self.sources)}

    def __len__(self) -> int:
        return len(self.sources)

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the clips `indices`; raises `UserError` where a video cannot be used."""
        for index in indices:
            yield self._read(self.sources[index])

    def _read(self, source):
        try:
            frames = list(itertools.islice(source.frames(), _MAX_FRAMES + 1))
            if not 1 <= len(frames) <= _MAX_FRAMES:
                raise UserError(
                    f"should be one clip, of 1 to {_MAX_FRAMES} frames. Received: "
                    f"{len(frames) or 'none'}{' or more' if len(frames) > _MAX_FRAMES else ''}"
                )
            begin = max(len(frames) - self.num_frames, 0) // 2
            frames = [np.asarray(f) for f in frames[begin : begin + self.num_frames]]
            if len(sizes := {frame.shape[:2] for frame in frames}) > 1:
                found = " and ".join(f"{height}x{width}" for height, width in sorted(sizes)[:2])
                raise UserError(f"should have frames of one size. Received: {found}")
            return np.stack(frames)
        except UserError as error:
            raise UserError(f"{source.name} {error}") from error


class ArrayClips(Unlabelled):
    """Clips in a .npy file: [N, T, H, W, 3], uint8 or floating point in [-1, 1].

    Args:
        path: of the file; its clips are read one by one.

    Raises:
        UserError: another file, shape or type; or floats that look like [0, 1].
    """

    def __init__(self, path: Path):
        self.path, array = Path(path), open_array(path)
        if array.ndim != 5 or array.shape[-1] != 3 or not array.size:
            raise UserError(
                f"{path} should hold colour clips [N, T, H, W, 3]. Received: {list(array.shape)}"
            )
        if array.dtype != np.uint8 and array.dtype.kind != "f":
            raise UserError(
                f"{path} should hold uint8, or floats in [-1, 1]. Received: {array.dtype}"
            )
        if array.dtype != np.uint8:
            _check_range(path, array[evenly(len(array), _LOOKED_AT)])
        self.about = {"kind": "array", "file": str(path), "clips": len(array)}
        self._count = len(array)

    def __len__(self) -> int:
        return self._count

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the clips `indices`; raises `UserError` for numbers beyond [-1, 1] and for NaN."""
        for index in indices:
            clip = np.array(open_array(self.path)[index])  # Opened anew: its pages are freed.
            if clip.dtype == np.uint8:
                yield clip
                continue
            if not np.abs(clip).max() <= 1.001:
                raise UserError(
                    f"{self.path} should hold floats in [-1, 1]. Received: "
                    f"{np.abs(clip).max():g} in clip {index}"
                )
            yield to_uint8(clip)


def clip_set(path: Path, num_frames: int) -> RecordClips | VideoClips | ArrayClips:
    """The clips at `path`: a data set, a .npy, or videos in a layout of `dataset.readers`."""
    path = Path(path)
    if (path / "metadata.json").is_file():
        return RecordClips(path)
    return ArrayClips(path) if path.suffix == ".npy" else VideoClips(path, num_frames)


def _check_range(path, clips):
    """Refuses floats of [0, 1], which would be taken for the brighter half of [-1, 1]."""
    low, high = clips.min(), clips.max()
    if 0 <= low < high <= 1:
        raise UserError(
            f"{path} should hold floats in [-1, 1]. Received: {low:g} to {high:g} in "
            f"{len(clips)} clips, which looks like [0, 1]. Convert them by 2 * clips - 1, or save "
            "them as uint8."
        )
