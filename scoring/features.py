"""What a network sees in clips: features and class probabilities, cached for the reals."""

import concurrent.futures
import dataclasses
import functools
import hashlib
import itertools
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from dataset.storage import is_remote, normalise
from metrics import weights
from metrics.controls import CONTROLS
from metrics.preprocess import preprocess
from metrics.protocols import Protocol
from support.errors import UserError
from support.files import write_atomically
from support.progress import Progress

_BATCH = 8


@dataclasses.dataclass(frozen=True)
class Features:
    """What the network made of N clips.

    `values` [N, D] float32 is the protocol's endpoint, `probabilities` [N, C] float32 are of the
    classes, and `digests` [N] hashes of each clip's pixels.
    """

    values: np.ndarray
    probabilities: np.ndarray
    digests: np.ndarray

    def __len__(self):
        return len(self.values)

    def __getitem__(self, part) -> "Features":
        return Features(self.values[part], self.probabilities[part], self.digests[part])

    @property
    def sha256(self) -> str:
        """A hash of all pixels, in order."""
        return hashlib.sha256(b"".join(self.digests.tolist())).hexdigest()


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A feature network, used as a protocol says.

    Args:
        network: a `C3D` or an `I3D`.
        protocol: how clips come to the network.
        mean: what the protocol subtracts, as `metrics.preprocess` takes it.
        about: the network's sidecar, with the hash of its weights.
        cache: folder in which the features of data sets are kept, or None.
    """

    network: keras.Model
    protocol: Protocol
    mean: np.ndarray | None
    about: dict
    cache: Path | None = None

    def __post_init__(self):
        if self.about["network"] != self.protocol.network:
            raise UserError(
                f"--weights should be of {self.protocol.network} for the protocol "
                f"{self.protocol.name}. Received: weights of {self.about['network']}"
            )

    def extract(self, clips, indices: Iterable[int], control: str | None = None) -> Features:
        """Features of the clips `indices` of a clip set, a batch in memory.

        Args:
            clips: one of `scoring.clip_sets`.
            indices: which of its clips, in this order.
            control: name of a change (`metrics.controls`) that is made to each clip first.

        Raises:
            UserError: a clip does not suit the protocol.
        """
        indices = [int(index) for index in indices]
        path = self._cached(clips, indices, control)
        if path and path.is_file():
            return _load(path)
        features = self._compute(clips, indices, control)
        if path:
            try:
                _save(path, features)
            except OSError as error:
                print(f"Features are not kept: {error.strerror}: {path} (--cache=FOLDER)")
        return features

    def prepare(self, clips: list[np.ndarray]) -> np.ndarray:
        """Clips as the network takes them; raises as `preprocess_each` does."""
        return preprocess_each(clips, self.protocol, self.mean)

    def _compute(self, clips, indices, control):
        title = f"clips ({', '.join(filter(None, [clips.about['kind'], control]))})"
        progress = Progress(len(indices), title)

        def prepare(part):
            shown = list(clips.clips(part))
            if control:
                shown = [CONTROLS[control](c, i) for c, i in zip(shown, part, strict=True)]
            return shown, self.prepare(shown)

        values, probabilities, digests = [], [], []
        parts = [indices[i : i + _BATCH] for i in range(0, len(indices), _BATCH)]
        for shown, batch in one_ahead(prepare, parts):
            digests += [hashlib.sha256(np.ascontiguousarray(c)).hexdigest().encode() for c in shown]
            outputs = self._forward(tf.constant(batch))
            values.append(outputs[0].numpy())
            probabilities.append(outputs[1].numpy())
            progress.advance(len(shown))
        progress.close()
        return Features(*map(np.concatenate, (values, probabilities)), np.array(digests))

    @functools.cached_property
    def _forward(self):
        """The network's features and probabilities of a batch, traced once."""

        @tf.function(reduce_retracing=True)
        def forward(batch):
            endpoints = self.network.endpoints(batch)
            return endpoints[self.protocol.features], endpoints["probabilities"]

        return forward

    def _cached(self, clips, indices, control):
        """Where the features lie that depend on all this, or None for what is not a data set."""
        if self.cache is None or clips.about["kind"] != "data set":
            return None
        key = {
            "data": [clips.about["sha256"], clips.about["clip"]],
            "indices": indices,
            "control": control,
            "protocol": dataclasses.asdict(self.protocol),
            "weights": self.about["sha256"],
            "mean": None if self.mean is None else hashlib.sha256(self.mean.tobytes()).hexdigest(),
        }
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        return self.cache / f"{self.protocol.name}-{digest[:16]}.npz"


def cache_beside(data: Path | str) -> Path | None:
    """Where the features of a data set are kept by default: in its folder, if that is here."""
    return None if is_remote(normalise(data)) else Path(data) / "features"


def load_extractor(path: Path, protocol: Protocol, cache: Path | None) -> Extractor:
    """The network whose weights and sidecar lie at `path`, used as `protocol` says."""
    network, about, mean = weights.load(path)
    return Extractor(network, protocol, mean, about, cache)


def preprocess_each(clips: list[np.ndarray], protocol: Protocol, mean) -> np.ndarray:
    """Clips uint8 [T, H, W, 3], of one size or of several, as a protocol's network takes them.

    Raises:
        UserError: the protocol takes all frames, and the clips differ in their number.
    """
    ready = [preprocess(clip[None], protocol, mean) for clip in clips]
    lengths = {clip.shape[1] for clip in ready}
    if len(lengths) > 1:
        raise UserError(
            f"Clips for the protocol {protocol.name} should be of one length. "
            f"Received: clips of {' and '.join(map(str, sorted(lengths)))} frames"
        )
    return np.concatenate(ready)


def one_ahead(work: Callable, items: Iterable) -> Iterator:
    """`work(item)` of each item, in order; a thread works at the next one while one is used."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        items = iter(items)
        waiting = [pool.submit(work, item) for item in itertools.islice(items, 2)]
        while waiting:
            result = waiting.pop(0).result()
            waiting += [pool.submit(work, item) for item in itertools.islice(items, 1)]
            yield result


def _save(path, features):
    with write_atomically(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **vars(features))


def _load(path):
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Features(arrays["values"], arrays["probabilities"], arrays["digests"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path} should hold cached features. Received: {error} (remove it)"
        ) from error
