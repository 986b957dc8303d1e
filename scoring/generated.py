"""Clips of a generator as what can be scored."""

import contextlib
import hashlib
import json
import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from growth.resample import upscale
from sampling.latents import even_labels, sample_latents
from sampling.snapshot import Snapshot
from scoring.clip_sets import ClipSet, Unlabelled
from support.errors import UserError
from support.media import from_uint8, to_uint8


class GeneratedClips(Unlabelled):
    """Clips of a generator, brought to its full size by repeating pixels and frames.

    Args:
        sample: makes clips [N, t, h, w, 3] float, about [-1, 1], of latents [N, K], and of
            `labels` [N] and a `past` where there are some.
        latents: [N, K], one per clip.
        shape: (frames, height, width) of the full clip.
        minibatch: clips made at a time.
        about: what is known of the generator.
        labels: [N], one per clip, of a generator of classes.
        past: makes the past [n, C, h, w, 3] of the clips of n indices, for a generator that
            predicts.
        label_names: the names of the classes.
        sha256: of all that the clips follow from; by default it is not known.
    """

    def __init__(
        self,
        sample: Callable[..., np.ndarray],
        latents: np.ndarray,
        shape: tuple[int, int, int],
        minibatch: int,
        about: dict[str, Any],
        labels: np.ndarray | None = None,
        past: Callable[[Sequence[int]], np.ndarray] | None = None,
        label_names: Sequence[str] = (),
        sha256: str | None = None,
    ):
        self.sample, self.latents, self.shape = sample, latents, tuple(shape)
        self.minibatch, self.about, self._labels, self._past = minibatch, about, labels, past
        self.label_names, self.sha256 = list(label_names), sha256

    @classmethod
    def of_snapshot(
        cls,
        snapshot: Snapshot,
        num: int,
        seed: int | None = None,
        reals: ClipSet | None = None,
        devices: Sequence[str] = (),
    ) -> "GeneratedClips":
        """`num` clips of a snapshot; the latent of clip i follows from the seed and i alone.

        Args:
            snapshot: the generator.
            num: how many.
            seed: of latents and labels; by default that of the run.
            reals: those whose labels a generator of classes draws from; by default there are as
                many clips of each class. A generator that predicts continues their first frames.
            devices: that make clips, such as "GPU:0". As many threads can ask for clips at a time,
                each for whole minibatches: the clips do not depend on the number of devices. By
                default TensorFlow's device.
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
        labels, past, continued = None, None, None
        if classes := config.num_classes:
            labels = even_labels(num, range(classes))
            if reals is not None:
                known = reals.labels()
                labels = np.random.default_rng((seed, 3)).choice(known[known >= 0], num)
            about["labels"] = "as many of each class" if reals is None else "drawn as in the reals"
        if snapshot.past_frames and reals is not None:
            continued = _draw_in_turn(len(reals), num, seed)
            past = _pasts(snapshot, reals, continued)
            labels = None if labels is None else reals.labels()[continued]
            about["past"] = "drawn from the reals"
        latents = sample_latents(num, config.latent_size, (seed, 2))
        followed = None if continued is None or reals is None else reals.about
        inputs = [about, repr(config), snapshot.view, snapshot.psi, followed]
        return cls(
            _in_turn([_sampler(snapshot, device) for device in devices or [""]]),
            latents,
            config.ladder[-1].shape,
            phase.minibatch,
            about,
            labels,
            past,
            config.class_names,
            _digest(inputs, latents, labels, continued),
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
            labels = {} if self._labels is None else {"labels": self._labels[part]}
            past = {} if self._past is None else {"past": self._past(part)}
            clips = self.sample(self.latents[part], **labels, **past)
            clips = as_written(clips, self.about.get("nimg"), self.about.get("config"))
            frames, height, width = np.floor_divide(self.shape, clips.shape[1:4]).tolist()
            yield from np.asarray(upscale(clips, (frames, height, width)))


def _sampler(snapshot, device):
    """Makes clips on a device, where the weights are copied to once."""
    there = snapshot.on(device) if device else snapshot

    def sample(latents, **more):
        with tf.device(device) if device else contextlib.nullcontext():
            return there.sample(latents, minibatch=snapshot.phase.minibatch, **more)

    return sample


def _in_turn(samplers):
    """A function that any thread can call: it waits until one of the samplers is free."""
    free = queue.SimpleQueue()
    for sampler in samplers:
        free.put(sampler)

    def sample(*inputs, **more):
        sampler = free.get()
        try:
            return sampler(*inputs, **more)
        finally:
            free.put(sampler)

    return sample


def _digest(known, *arrays):
    """A hash of plain values, and of arrays or None."""
    digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
    for array in arrays:
        digest.update(b"none" if array is None else np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _draw_in_turn(total, num, seed):
    """`num` indices below `total` in random order, each of them once before any is drawn again."""
    random = np.random.default_rng((seed, 4))
    rounds = [random.permutation(total) for _ in range(-(-num // total))]
    return np.concatenate(rounds)[:num]


def _pasts(snapshot, reals, continued):
    """The pasts of generated clips of some indices, which continue the reals `continued`."""

    def past(indices):
        clips = np.stack(list(reals.clips(continued[indices])))
        return snapshot.take_past(from_uint8(clips))

    return past


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
