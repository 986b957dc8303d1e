"""What can be scored: clips of a data set, a folder of videos, an array or a generator."""

import abc
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dataset.classes import Classes
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from dataset.records import open_records
from growth.ladder import Ladder, Rung
from growth.resample import upscale
from sampling.latents import even_labels, sample_latents
from sampling.snapshot import Snapshot
from support.arrays import open_array
from support.errors import UserError
from support.media import evenly, to_uint8

_MAX_FRAMES = 1024  # of a video that is one clip
_LOOKED_AT = 16  # clips of an array whose range is looked at before any is scored


class ClipSet(Protocol):
    """Clips that can be read in any order."""

    about: dict[str, Any]
    """What the set is, in plain values (for JSON): "kind" and what identifies it."""

    def __len__(self) -> int: ...

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the clips `indices`, each uint8 [T, H, W, 3]."""
        ...

    def labels(self) -> np.ndarray:
        """The label of each clip, [N] int; -1 where there is none."""
        ...


class _Unlabelled(abc.ABC):
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

    Raises:
        UserError: no whole data set, or one without this rung or without clips of a class.
    """

    def __init__(self, folder: Path | str, rung: Rung | None = None, classes: Sequence[str] = ()):
        self.records = open_records(folder)
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
        """Yields the clips `indices`."""
        for index in indices:
            yield self.records.clips(self.rung, [self._indices[index]])[0]


class VideoClips(_Unlabelled):
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


class ArrayClips(_Unlabelled):
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


class GeneratedClips(_Unlabelled):
    """Clips of a generator, brought to its full size by repeating pixels and frames.

    Args:
        sample: makes clips [N, t, h, w, 3] float, about [-1, 1], of latents [N, K], and of labels
            [N] where there are some.
        latents: [N, K], one per clip.
        shape: (frames, height, width) of the full clip.
        minibatch: clips made at a time.
        about: what is known of the generator.
        labels: [N], one per clip, of a generator of classes.
    """

    def __init__(
        self,
        sample: Callable[..., np.ndarray],
        latents: np.ndarray,
        shape: tuple[int, int, int],
        minibatch: int,
        about: dict[str, Any],
        labels: np.ndarray | None = None,
    ):
        self.sample, self.latents, self.shape = sample, latents, tuple(shape)
        self.minibatch, self.about, self._labels = minibatch, about, labels

    @classmethod
    def of_snapshot(
        cls, snapshot: Snapshot, num: int, seed: int | None = None, reals: ClipSet | None = None
    ) -> "GeneratedClips":
        """`num` clips of a snapshot.

        Args:
            snapshot: the generator.
            num: how many.
            seed: of latents and labels; by default that of the run.
            reals: those whose labels a generator of classes draws from; by default there are as
                many clips of each class.
        """
        config, phase = snapshot.config, snapshot.phase
        seed = config.train.seed if seed is None else seed
        about = {
            "kind": "generator",
            "config": config.name,
            "nimg": phase.nimg,
            "phase": f"{config.ladder[phase.level]} {phase}",
            "seed": seed,
            "weights": snapshot.weights_hash(),
        }
        labels = None
        if classes := config.network.num_classes:
            labels = even_labels(num, range(classes))
            if reals is not None:
                known = reals.labels()
                labels = np.random.default_rng((seed, 3)).choice(known[known >= 0], num)
            about["labels"] = "as many of each class" if reals is None else "drawn as in the reals"
        return cls(
            lambda *inputs: snapshot.sample(inputs[0], phase.minibatch, *inputs[1:]),
            sample_latents(num, config.latent_size, (seed, 2)),
            config.ladder[-1].shape,
            phase.minibatch,
            about,
            labels,
        )

    def __len__(self) -> int:
        return len(self.latents)

    def labels(self) -> np.ndarray:
        """The label that each clip was made for, [N] int; -1 where the generator has no classes."""
        return super().labels() if self._labels is None else self._labels

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the clips `indices`; raises `UserError` where they are not finite."""
        indices = list(indices)
        for begin in range(0, len(indices), self.minibatch):
            part = indices[begin : begin + self.minibatch]
            inputs = (self.latents, self._labels)
            clips = self.sample(*(values[part] for values in inputs if values is not None))
            clips = as_written(clips, self.about.get("nimg"), self.about.get("config"))
            frames, height, width = np.floor_divide(self.shape, clips.shape[1:4]).tolist()
            yield from np.asarray(upscale(clips, (frames, height, width)))


def as_written(clips: np.ndarray, nimg: int | None, config: str | None) -> np.ndarray:
    """Generated clips as files hold them, and as every measure looks at them.

    Args:
        clips: [..., 3] floats; values beyond [-1, 1] are cut off.
        nimg: of the snapshot, for messages.
        config: name of its config.

    Returns:
        uint8, rounded to the nearest grey level.

    Raises:
        UserError: the clips are not finite.
    """
    if not np.isfinite(clips).all():
        raise UserError(f"Cannot score snapshot {nimg} of {config}: it makes NaN or infinity.")
    return to_uint8(clips)


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
