"""Nearest neighbours, and a measure of memorised training clips."""

import numpy as np

from metrics.values import check_count, checked_sets
from support.errors import UserError

_BLOCK = 256  # queries at a time: 2 kB per real


def nearest(
    queries: np.ndarray, reals: np.ndarray, count: int = 1, block: int = _BLOCK
) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest of `reals` to each of `queries`, nearest first.

    Args:
        queries: [N, D] of any real type.
        reals: [M, D]; a copy in float64 is made.
        count: number of neighbours per query.
        block: queries at a time; the result does not depend on it.

    Returns:
        Indices [N, count] among the reals, and Euclidean distances [N, count] in float64. A copy
        has distance 0; reals at the same distance are in the order of their indices.

    Raises:
        UserError: there are no queries, fewer than `count` reals, values that are not finite, or
            different numbers of values per clip.
    """
    queries, reals = checked_sets(1, queries=queries, reals=reals)
    check_count("reals", len(reals), count)
    centre = reals.mean(0, dtype=np.float64)
    centred, found = reals - centre, []
    squares = np.square(centred).sum(1)
    for begin in range(0, len(queries), block):
        part = queries[begin : begin + block].astype(np.float64)
        candidates = _candidates(part - centre, centred, squares, count)
        found += [_nearest(q, reals, c, count) for q, c in zip(part, candidates, strict=True)]
    indices, distances = zip(*found, strict=True)
    return np.stack(indices), np.stack(distances)


def nearest_within(
    queries: np.ndarray,
    query_labels: np.ndarray,
    reals: np.ndarray,
    real_labels: np.ndarray,
    count: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """As `nearest`, among the reals that have the label of the query.

    Args:
        queries: [N, D].
        query_labels: [N].
        reals: [M, D].
        real_labels: [M].
        count: number of neighbours per query.

    Raises:
        UserError: as `nearest`, for the reals of a label.
    """
    indices = np.empty((len(queries), count), int)
    distances = np.empty((len(queries), count))
    for label in np.unique(query_labels):
        own, others = np.flatnonzero(query_labels == label), np.flatnonzero(real_labels == label)
        found, distances[own] = nearest(queries[own], reals[others], count)
        indices[own] = others[found]
    return indices, distances


def memorisation_ratio(
    fakes: np.ndarray,
    reals: np.ndarray,
    held_out: np.ndarray,
    labels: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> float:
    """The distance of fakes to the training clips, relative to that of new real clips.

    The median distance of a fake to its nearest training clip, divided by the same for held-out
    clips. It is 0 for copies of training clips and about 1 for an exact sampler. Below 1 the fakes
    are closer to the training clips than new clips are; above 1 they are farther from them, which
    is not memorisation. Compare features of a network: pixel by pixel, blurred clips are close to
    everything.

    Args:
        fakes: [N, D] values of generated clips.
        reals: [M, D] of the clips that the generator was trained on.
        held_out: [K, D] of real clips that it was not trained on; none of them is in `reals`.
        labels: [N], [M] and [K] of the three; then clips are compared within their class.

    Raises:
        UserError: as `nearest`; or half of the held-out clips are in `reals`.
    """
    checked_sets(1, fakes=fakes, reals=reals, held_out=held_out)
    if labels is None:
        distances = [nearest(clips, reals)[1] for clips in (fakes, held_out)]
    else:
        sets = (fakes, labels[0]), (held_out, labels[2])
        distances = [nearest_within(*clips, reals, labels[1])[1] for clips in sets]
    of_fakes, of_held_out = map(np.median, distances)
    if not of_held_out:
        raise UserError("`held_out` should hold other clips than `reals`. Received: copies")
    return float(of_fakes / of_held_out)


def _candidates(queries, reals, squares, count):
    """The indices of all reals that may be among the nearest of each query.

    The squared distance |q|^2 - 2 q'r + |r|^2 is fast, but its rounding error is up to
    D (|q| + |r|)^2 units of the last place, which is the margin.
    """
    own = np.square(queries).sum(1)
    distances = own[:, None] - 2 * queries @ reals.T + squares
    kth = np.partition(distances, count - 1)[:, count - 1]
    scale = np.square(np.sqrt(own) + np.sqrt(squares.max()))
    margin = 4 * (reals.shape[1] + 8) * np.finfo(np.float64).eps * scale
    near = distances <= (kth + margin)[:, None]
    return [np.flatnonzero(row) for row in near]


def _nearest(query, reals, candidates, count):
    distances = np.sqrt(np.square(reals[candidates] - query).sum(1))
    order = np.argsort(distances, kind="stable")[:count]
    return candidates[order], distances[order]
