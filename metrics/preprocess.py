"""Prepares clips for a feature network, by a protocol of `metrics.protocols`."""

import cv2
import numpy as np
import tensorflow as tf

from metrics.protocols import Protocol
from support.errors import UserError

_C3D_FRAMES = 16  # input of C3D, and number of frames that the rules for longer clips choose
_MIN_I3D_FRAMES = 9
_CUBE = (16, 128, 171, 3)  # frames, height, width, channels of the mean cube
_CHANNELS = {"rgb": (0, 1, 2), "bgr": (2, 1, 0)}
_BILINEAR = {
    "bilinear": {"half_pixel_centers": True},
    "bilinear_corners": {"align_corners": True},
    "bilinear_tf1": {},
}


def preprocess(clips: np.ndarray, protocol: Protocol, mean: np.ndarray | None = None) -> np.ndarray:
    """Prepares clips for the protocol's network.

    Args:
        clips: [N, T, H, W, 3] uint8, RGB.
        protocol: one of `metrics.protocols`.
        mean: of the clips that a C3D was trained on, as grey levels in the order BGR: three
            numbers, which every protocol subtracts, or a cube [16, 128, 171, 3], of which a
            protocol subtracts its rows and columns, or nothing.

    Returns:
        [N, 16, 112, 112, 3] float32 for C3D, [N, T', 224, 224, 3] float32 in [-1, 1] for I3D,
        [N, 1, 299, 299, 3] in [-1, 1] for Inception.

    Raises:
        UserError: the clips have another shape or type, are too short or, for Inception, have
            several frames, or the mean is missing.
    """
    _check(clips, protocol)
    frames, mean = frame_indices(clips.shape[1], protocol), _mean(mean, protocol)
    low, high = protocol.values
    ready = np.empty((len(clips), len(frames), protocol.crop, protocol.crop, 3), np.float32)
    for clip, into in zip(clips, ready, strict=True):
        chosen = np.take(clip[frames], _CHANNELS[protocol.channels], axis=-1)
        levels = _cut(_resize(chosen, protocol), protocol.crop)
        into[:] = levels * ((high - low) / 255) + low - mean
    return ready


def preprocess_floats(
    clips: tf.Tensor, protocol: Protocol, mean: np.ndarray | None = None
) -> tf.Tensor:
    """As `preprocess`, with a gradient; nothing is rounded, and bicubic filters are bilinear.

    Args:
        clips: [N, T, H, W, 3] float32 in [-1, 1], RGB.
        protocol: one of `metrics.protocols`.
        mean: as in `preprocess`.

    Returns:
        As `preprocess`; raises as it does for a missing mean.
    """
    frames, mean = frame_indices(clips.shape[1], protocol), _mean(mean, protocol)
    low, high = protocol.values
    chosen = tf.gather(tf.gather(clips, frames, axis=1), _CHANNELS[protocol.channels], axis=-1)
    size = _target(clips.shape[2:4], protocol.size)
    grid = _BILINEAR.get(protocol.filter, _BILINEAR["bilinear"])
    flat = tf.reshape(chosen, [-1, *chosen.shape[2:]])  # [(NT)HWC]
    flat = _cut(tf.raw_ops.ResizeBilinear(images=flat, size=size, **grid), protocol.crop)
    ready = tf.reshape(flat, [-1, len(frames), *flat.shape[1:]])
    return (ready + 1) * ((high - low) / 2) + low - mean


def frame_indices(num_frames: int, protocol: Protocol) -> list[int]:
    """The frames of a clip of `num_frames` that the network is given.

    first16 and centre16 take consecutive frames, stride2 every second one of the central 32, or 16
    of all frames where there are fewer than 32. For C3D, shorter clips are repeated evenly to 16.
    """
    if protocol.frames == "all":
        return list(range(num_frames))
    span = min(num_frames, 2 * _C3D_FRAMES if protocol.frames == "stride2" else _C3D_FRAMES)
    begin = 0 if protocol.frames == "first16" else (num_frames - span) // 2
    count = _C3D_FRAMES if protocol.network == "c3d" else min(span, _C3D_FRAMES)
    return [begin + i * span // count for i in range(count)]


def describe_frames(num_frames: int, protocol: Protocol) -> str:
    """A description of `frame_indices`, counted from 0: "frames 8 to 23 of 32"."""
    taken = frame_indices(num_frames, protocol)
    if taken == list(range(num_frames)):
        return f"all {num_frames} frames"
    words = f"frames {taken[0]} to {taken[-1]} of {num_frames}"
    if num_frames < len(taken):
        return f"{words}, repeated evenly to {len(taken)}"
    steps = set(np.diff(taken).tolist())
    if steps == {1}:
        return words
    return f"{words}, {'every second' if steps == {2} else f'{len(taken)} of them, evenly'}"


def _check(clips, protocol):
    if clips.ndim != 5 or clips.shape[-1] != 3:
        raise UserError(
            "Clips to score should be in colour, [N, T, H, W, 3]. "
            f"Received: shape {list(clips.shape)}"
        )
    if not clips.size:
        raise UserError(
            "There should be at least one clip to score, with frames and pixels. "
            f"Received: shape {list(clips.shape)}"
        )
    if clips.dtype != np.uint8:
        unknown = clips.dtype.kind == "f" and np.isnan(clips).any()
        raise UserError(
            "Clips to score should be uint8, grey levels of 0 to 255. "
            f"Received: {clips.dtype}{' with NaN' if unknown else ''}"
        )
    if protocol.network == "inception" and clips.shape[1] != 1:
        raise UserError(
            f"Clips for the protocol {protocol.name} should be single frames. Use evaluate.py "
            f"frames. Received: {clips.shape[1]} frames"
        )
    if protocol.network == "i3d" and clips.shape[1] < _MIN_I3D_FRAMES:
        raise UserError(
            f"Clips for the protocol {protocol.name} should have at least {_MIN_I3D_FRAMES} "
            f"frames. Received: {clips.shape[1]}"
        )


def _mean(mean, protocol):
    """The mean to subtract from a clip, in the protocol's order of channels."""
    if protocol.network != "c3d" or (mean is None and not protocol.mean):
        return np.float32(0)
    if mean is None:
        raise UserError(
            f"The protocol {protocol.name} should be given the mean of the network's training "
            "data. Received: none. Convert the weights with a mean, or use the protocol c3d_torch."
        )
    mean = np.asarray(mean, np.float32)
    if mean.shape not in ((3,), _CUBE) or not np.isfinite(mean).all():
        raise UserError(
            f"`mean` should be 3 finite numbers or a cube {list(_CUBE)}, in BGR order. "
            f"Received: shape {list(mean.shape)}"
        )
    if mean.shape == _CUBE:
        if protocol.mean is None:
            return np.float32(0)
        (top, bottom), (left, right) = protocol.mean
        mean = mean[:, top:bottom, left:right]
    return mean if protocol.channels == "bgr" else mean[..., ::-1]


def _resize(clip, protocol):
    """Frames [T, H, W, 3] uint8 at the protocol's size, float32."""
    size = _target(clip.shape[1:3], protocol.size)
    if protocol.filter == "bicubic":
        frames = (np.float32(frame) for frame in clip)
        return np.stack([cv2.resize(f, size[::-1], interpolation=cv2.INTER_CUBIC) for f in frames])
    grid = _BILINEAR[protocol.filter]
    return tf.raw_ops.ResizeBilinear(images=clip, size=size, **grid).numpy()


def _target(shape, size):
    """Height and width after resizing, the longer side in proportion to the nearest pixel."""
    if isinstance(size, int):
        return tuple(round(side * size / min(shape)) for side in shape)
    return size


def _cut(clip, side):
    top, left = ((length - side) // 2 for length in clip.shape[1:3])
    return clip[:, top : top + side, left : left + side]
