"""Runs a feature network on clips, and caches features and class probabilities."""

import contextlib
import dataclasses
import functools
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from metrics import weights
from metrics.preprocess import preprocess
from metrics.protocols import Protocol
from scoring import feature_table
from scoring.changed_clips import change
from scoring.clip_sets import ClipSet
from scoring.feature_parts import Parts, take_turns
from scoring.feature_table import Features
from scoring.generated import GeneratedClips
from support.addresses import is_remote
from support.errors import UserError
from support.precision import without_tf32
from support.progress import Progress
from support.threads import ahead

_BATCH = 8
_PART = 64 * _BATCH  # clips whose features are kept together, until all are there


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A feature network with a protocol; it computes in float32 on every device.

    Each batch passes the network on one device, so the features do not depend on how many there
    are.

    Args:
        network: a `C3D` or an `I3D`.
        protocol: how clips are prepared for the network.
        mean: of the training data, as `metrics.preprocess` takes it.
        about: the network's sidecar, with the hash of its weights.
        cache: folder for the features of data sets and of generators, or None.
        strategy: over whose devices batches are divided; the network is in its scope. By default
            TensorFlow's device.
        worker: index of this process, and the number of those that run the same command with the
            same cache. Each computes a share of the parts; all have the whole table at the end.
        keep_fakes: whether the features of generators are cached too.
    """

    network: keras.Model
    protocol: Protocol
    mean: np.ndarray | None
    about: dict
    cache: Path | None = None
    strategy: tf.distribute.Strategy | None = None
    worker: tuple[int, int] = (0, 1)
    keep_fakes: bool = True

    def __post_init__(self):
        if self.about["network"] != self.protocol.network:
            raise UserError(
                f"`weights` should be of {self.protocol.network} for the protocol "
                f"{self.protocol.name}. Received: weights of {self.about['network']}"
            )

    def extract(
        self, clips: ClipSet, indices: Iterable[int], control: str | None = None
    ) -> Features:
        """Features of the clips `indices` of a clip set; few batches are in memory at a time.

        They are kept in the cache, in parts until all are there: after a kill, the parts that are
        whole are not computed again. Those of videos and arrays are not kept.

        Args:
            clips: the clip set.
            indices: which of its clips, in this order.
            control: name of a change (`metrics.controls`) that is made to each clip first.

        Raises:
            UserError: a clip does not suit the protocol.
        """
        indices = [int(index) for index in indices]
        path = self._cached(clips, indices, control)
        if path and path.is_file():
            return feature_table.load(path, len(indices))
        parts = Parts(path, _PART)
        found = feature_table.store(self._compute_parts(clips, indices, control, parts), path)
        parts.delete()
        return found

    def prepare(self, clips: list[np.ndarray]) -> np.ndarray:
        """Clips as the network takes them; raises as `preprocess_each` does."""
        return preprocess_each(clips, self.protocol, self.mean)

    def values(self, clips: list[np.ndarray]) -> np.ndarray:
        """Features [N, D] of clips in memory, uint8 [T, H, W, 3]; raises as `prepare` does."""
        with without_tf32():
            parts = [
                self._forward(tf.constant(self.prepare(clips[i : i + _BATCH])))[0].numpy()
                for i in range(0, len(clips), _BATCH)
            ]
        return np.concatenate(parts)

    def _compute_parts(self, clips, indices, control, parts) -> Iterator[np.ndarray]:
        """Yields the rows of all clips; where there are several workers, they share the work."""
        title = f"clips ({', '.join(filter(None, [clips.about['kind'], control]))})"
        clips = change(clips, control) if control else clips
        count = -(-len(indices) // _PART)
        is_shared = self.worker[1] > 1 and parts.are_kept

        def rows(number, advance):
            found = parts.read(number)
            if found is not None:
                advance(len(found))
                return found
            part = indices[number * _PART : (number + 1) * _PART]
            found = np.concatenate(list(self._compute(clips, part, advance)))
            if is_shared or number + 1 < count:  # The whole table is stored right after the last.
                parts.keep(number, found)
            return found

        with Progress(len(indices), title) as progress:
            if is_shared:
                for number in take_turns(count, self.worker):
                    rows(number, progress.advance)
            advance = (lambda _: None) if is_shared else progress.advance
            yield from (rows(number, advance) for number in range(count))

    def _compute(self, clips, indices, advance) -> Iterator[np.ndarray]:
        def prepare(part):
            shown = list(clips.clips(part))
            return shown, self.prepare(shown)

        parts = [indices[i : i + _BATCH] for i in range(0, len(indices), _BATCH)]
        replicas = self.strategy.num_replicas_in_sync if self.strategy else 1
        prepared = ahead(prepare, parts, workers=replicas, look_ahead=replicas)
        while batches := list(itertools.islice(prepared, replicas)):
            found = self._forward_each([batch for _, batch in batches])
            for (shown, _), (values, probabilities) in zip(batches, found, strict=True):
                digests = [hashlib.sha256(np.ascontiguousarray(c).data).hexdigest() for c in shown]
                yield feature_table.make_rows(values, probabilities, digests)
                advance(len(shown))

    def _forward_each(self, batches) -> list[tuple[np.ndarray, np.ndarray]]:
        """Features and probabilities of each batch; at most one per device."""
        with without_tf32():
            if self.strategy is None or len(batches) < self.strategy.num_replicas_in_sync:
                found = [self._forward(tf.constant(batch)) for batch in batches]
                return [(values.numpy(), classes.numpy()) for values, classes in found]
            given = self.strategy.experimental_distribute_values_from_function(
                lambda context: tf.constant(batches[context.replica_id_in_sync_group])
            )
            values, classes = (
                [value.numpy() for value in self.strategy.experimental_local_results(output)]
                for output in self.strategy.run(self._forward, args=(given,))
            )
            return list(zip(values, classes, strict=True))

    @functools.cached_property
    def _forward(self):
        """The network's features and probabilities of a batch, traced once."""

        @tf.function(reduce_retracing=True)
        def forward(batch):
            endpoints = self.network.endpoints(batch)
            return endpoints[self.protocol.features], endpoints["probabilities"]

        return forward

    def _cached(self, clips, indices, control):
        """The cache file of these features; None where they are not kept."""
        about, data = clips.about, None
        if about["kind"] == "data set":
            data = [about["sha256"], about["clip"], *about.get("classes", [])]
        elif isinstance(clips, GeneratedClips) and clips.sha256 and self.keep_fakes:
            data = [clips.sha256]
        if self.cache is None or data is None:
            return None
        key = {
            "data": data,
            "indices": indices,
            "control": control,
            "protocol": dataclasses.asdict(self.protocol),
            "weights": self.about["sha256"],
            "mean": None if self.mean is None else hashlib.sha256(self.mean.tobytes()).hexdigest(),
        }
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        return self.cache / f"{self.protocol.name}-{digest[:16]}.npy"


def cache_beside(data: Path | str) -> Path | None:
    """The default cache of a data set's features: a folder in it, None for remote data sets."""
    return None if is_remote(data) else Path(data) / "features"


def load_extractor(
    path: Path,
    protocol: Protocol,
    cache: Path | None,
    strategy: tf.distribute.Strategy | None = None,
    worker: tuple[int, int] = (0, 1),
) -> Extractor:
    """The network whose weights are at `path`, with their sidecar, for a protocol.

    Args:
        path: of the weights.
        protocol: how clips are prepared.
        cache: folder for features, or None.
        strategy, worker: as `Extractor` takes them.
    """
    with strategy.scope() if strategy else contextlib.nullcontext():
        network, about, mean = weights.load(path)
    return Extractor(network, protocol, mean, about, cache, strategy, worker)


def preprocess_each(
    clips: list[np.ndarray], protocol: Protocol, mean: np.ndarray | None
) -> np.ndarray:
    """Prepares clips uint8 [T, H, W, 3], which may differ in size, for a protocol's network.

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
