"""Shots of a source, and clips that stay within one."""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dataset.clips import ClipRules
from dataset.faces.matching import Comparison
from dataset.faces.rules import FaceRules
from dataset.readers.source import RejectedSource


def find_shots(frames: Iterable[np.ndarray]) -> list[range]:
    """The frames of each shot, in order; reads `frames` uint8 [H, W, 3] to their end.

    Cuts are found as in `dataset.faces`: the share of keypoints that match drops. Pictures with few
    keypoints, such as black ones, have no cuts.
    """
    compare, begins, count = Comparison(FaceRules.same), [0], 0
    for number, frame in enumerate(frames):
        count += 1
        if compare.changes(np.asarray(frame)):
            begins.append(number)
    return [range(*ends) for ends in itertools.pairwise([*begins, count])]


def count_crossing(rules: ClipRules, shots: list[range], random: np.random.Generator) -> int:
    """How many of the clips that `rules` take of a source would cross a cut."""
    count = shots[-1].stop
    if count < rules.span:
        return 0
    is_all = rules.clip_rule in ("all", "windows")
    starts = rules.windows(count) if is_all else rules.starts(count, random)
    cuts = [shot.start for shot in shots[1:]]
    return sum(any(begin < cut < begin + rules.span for cut in cuts) for begin in starts)


def cut_within(
    rules: ClipRules,
    shots: list[range],
    open_frames: Callable[[], Iterator[np.ndarray]],
    random: np.random.Generator,
    prepare: Callable[[np.ndarray], np.ndarray],
) -> Iterator[np.ndarray]:
    """Yields clips as `ClipRules.cut` does, each within one of the shots.

    The rules "all" and "windows" apply to every shot that is long enough, "first" to the first
    such shot, and "centre" and "random" to the longest one.

    Raises:
        RejectedSource, UserError: as `ClipRules.cut`.
    """
    longest = max(shots, key=len)
    if len(longest) < rules.span and len(shots) > 1 and rules.short == "skip":
        raise RejectedSource(
            f"should have a shot of at least {rules.span} frames. Received: {len(longest)}"
        )
    chosen = [shot for shot in shots if len(shot) >= rules.span] or [longest]
    if rules.clip_rule in ("all", "windows"):
        frames, place = open_frames(), 0
        for shot in chosen:
            part = itertools.islice(frames, shot.start - place, shot.stop - place)
            place = shot.stop
            yield from rules.cut(functools.partial(iter, part), random, prepare)
        return
    shot = chosen[0] if rules.clip_rule == "first" else longest
    yield from rules.cut(
        lambda: itertools.islice(open_frames(), shot.start, shot.stop), random, prepare
    )
