"""Resampling between rungs and the fade; the same functions serve both networks and reals."""

import tensorflow as tf


def upscale(clips: tf.Tensor, factors: tuple[int, int, int]) -> tf.Tensor:
    """Nearest-neighbour upscaling of `clips` [N, T, H, W, C] by `factors` (time, height, width)."""
    for axis, factor in enumerate(factors, start=1):
        if factor > 1:
            clips = tf.repeat(clips, factor, axis=axis)
    return clips


def downscale(clips: tf.Tensor, factors: tuple[int, int, int]) -> tf.Tensor:
    """Box average of `clips` [N, T, H, W, C] over blocks of `factors` (time, height, width)."""
    for axis, factor in enumerate(factors, start=1):
        if factor > 1:
            shape = list(clips.shape)
            blocks = [-1, *shape[1:axis], shape[axis] // factor, factor, *shape[axis + 1 :]]
            clips = tf.reduce_mean(tf.reshape(clips, blocks), axis + 1)
    return clips


def fade(coarse: tf.Tensor, fine: tf.Tensor, weight: tf.Tensor | float) -> tf.Tensor:
    """Blends `coarse` into `fine`; `weight` in [0, 1] is the share of `fine`."""
    return coarse + (fine - coarse) * tf.cast(weight, fine.dtype)


def fade_clips(
    clips: tf.Tensor, factors: tuple[int, int, int], weight: tf.Tensor | float, past: int = 0
) -> tf.Tensor:
    """`clips` [N, T, H, W, C] as they fade in: blended with the rung below's version of them.

    The first `past` frames show nothing of later ones.
    """
    faded = fade(upscale(downscale(clips, factors), factors), clips, weight)
    if past % factors[0] == 0:
        return faded
    return tf.concat([fade_past(clips[:, :past], factors, weight), faded[:, past:]], 1)


def fade_past(
    past: tf.Tensor, factors: tuple[int, int, int], weight: tf.Tensor | float
) -> tf.Tensor:
    """The first frames of a clip as they fade in; a last one without its pair stays as it is."""
    pairs = past.shape[1] // factors[0] * factors[0]
    if not pairs:
        return past
    return tf.concat([fade_clips(past[:, :pairs], factors, weight), past[:, pairs:]], 1)
