"""Predictions compared with what followed, and with two that need no network."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from growth.resample import upscale
from metrics.frame_errors import BETTER, frame_errors, sharpness
from metrics.lpips import LPIPS
from sampling.futures import sample_futures
from sampling.snapshot import Snapshot
from scoring.clip_sets import ClipSet
from scoring.generated import as_written
from support.errors import UserError
from support.media import from_uint8

_VALUES = 2**25  # of the futures that are compared at a time

# Takes clips [n, T, H, W, 3] uint8 and their indices, and returns futures [n, S, T - C, H, W, 3]
# float32 in [0, 1].
Method = Callable[[np.ndarray, range], np.ndarray]


def of_snapshot(snapshot: Snapshot, count: int, seed: int, labels: np.ndarray) -> Method:
    """`count` futures of a generator, brought to the full size and rounded to grey levels.

    Args:
        snapshot: a generator that predicts.
        count: futures per clip.
        seed: of the latents; the futures of a clip follow from it and from the clip's index.
        labels: of all clips.
    """
    ladder, past = snapshot.config.ladder, snapshot.config.prediction.past
    classes = snapshot.config.num_classes

    def predict(clips, indices):
        futures = [
            sample_futures(
                snapshot,
                from_uint8(clip[None, :past]),
                count,
                (seed, 5, index),
                labels=labels[index : index + 1] if classes else None,
            )[0]
            for clip, index in zip(clips, indices, strict=True)
        ]
        made = as_written(np.concatenate(futures), snapshot.phase.nimg, snapshot.config.name)
        time, height, width = np.floor_divide(ladder[ladder.top].shape, made.shape[1:4]).tolist()
        made = np.asarray(upscale(made, (time, height, width)))[:, past:]
        return _to_floats(made.reshape(len(clips), count, *made.shape[1:]))

    return predict


def copy_last(past: int) -> Method:
    """The last frame of the past again and again."""
    return lambda clips, _: _hold(clips, past, lambda given: given[:, -1])


def mean_of_past(past: int) -> Method:
    """The mean of the frames of the past again and again."""
    return lambda clips, _: _hold(clips, past, lambda given: given.mean(1))


def _hold(clips, past, choose):
    frame = choose(_to_floats(clips[:, :past]))[:, None, None]
    return np.repeat(frame, clips.shape[1] - past, axis=2)


def compare(
    reals: ClipSet,
    past: int,
    methods: Mapping[str, Method],
    num: int,
    *,
    grey: bool = False,
    futures: int = 1,
    lpips: LPIPS | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> dict[str, dict[str, Any]]:
    """Compares predictions with the frames after the past.

    Args:
        reals: the clips.
        past: number of frames that are given.
        methods: what predicts, by name.
        num: number of clips, the first ones.
        grey: whether to compare the mean of the colours.
        futures: the maximum per clip, for the size of the parts that are in memory.
        lpips: measures this distance too.
        advance: called with a number of clips that were compared.

    Returns:
        {method: {measure: {"mean": over frames and clips, "frames": [T - C], mean over clips}}}
        with the measures of `frame_errors`, each of the best future of each clip by this measure;
        "sharpness" of the first future; and "diversity", the standard deviation over futures in
        grey levels, where there are several. The method "truth" has "sharpness" alone.

    Raises:
        UserError: there are no frames to predict.
    """
    shape = next(iter(reals.clips([0]))).shape
    if shape[0] <= past:
        raise UserError(f"`reals` should have more than {past} frames. Received: {shape[0]}")
    size = max(1, _VALUES // (int(np.prod(shape)) * futures))
    sums: dict[str, dict[str, np.ndarray]] = {name: {} for name in (*methods, "truth")}
    for begin in range(0, num, size):
        indices = range(begin, min(begin + size, num))
        clips = np.stack(list(reals.clips(indices)))
        truth = _channels(_to_floats(clips[:, past:]), grey)
        _add(sums["truth"], {"sharpness": sharpness(truth)})
        for name, method in methods.items():
            _add(sums[name], _measure(truth, _channels(method(clips, indices), grey), lpips))
        advance(len(indices))
    return {
        name: {k: {"mean": float(v.mean()), "frames": v.tolist()} for k, v in found.items()}
        for name, found in _divide(sums, num).items()
    }


def _measure(truth, futures, lpips):
    """{measure: [n, F]}, the best future of each clip by each measure."""
    of_futures = [frame_errors(truth, futures[:, i], lpips) for i in range(futures.shape[1])]
    found = {}
    for name in of_futures[0]:
        values = np.stack([errors[name] for errors in of_futures], 1)  # [nSF]
        means = values.mean(2)
        best = means.argmax(1) if BETTER[name] is max else means.argmin(1)
        found[name] = values[np.arange(len(values)), best]
    found["sharpness"] = sharpness(futures[:, 0])
    if futures.shape[1] > 1:
        found["diversity"] = 255 * futures.std(1).mean((2, 3, 4), dtype=np.float64)
    return found


def _add(sums, found):
    for name, values in found.items():
        sums[name] = sums.get(name, 0) + values.sum(0)


def _divide(sums, num):
    return {name: {k: v / num for k, v in found.items()} for name, found in sums.items()}


def _to_floats(clips):
    return clips.astype(np.float32) / 255


def _channels(clips, grey):
    return clips.mean(-1, keepdims=True) if grey else clips
