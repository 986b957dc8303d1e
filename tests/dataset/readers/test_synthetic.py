"""The shapes: their motion is their class, and nothing else is."""

import numpy as np
import pytest

from dataset.readers import synthetic
from dataset.readers.source import ReaderOptions
from dataset.readers.synthetic import MOTIONS, draw

STEPS = {"right": (1, 0), "left": (-1, 0), "up": (0, -1), "down": (0, 1)}


def places(motion, num_frames=8, seed=0):
    """Centre of the shape in each frame [T, (x, y)] on the circle of wrapped places, in turns."""
    clip = np.stack(list(draw(motion, num_frames, 32, seed))).astype(float)
    colours, counts = np.unique(clip[0].reshape(-1, 3), axis=0, return_counts=True)
    cover = np.abs(clip - colours[counts.argmax()]).sum(-1)  # [THW] Nothing but the shape.
    wave = np.exp(2j * np.pi * (np.arange(32) + 0.5) / 32)
    x, y = (cover.sum(1) * wave).sum(-1), (cover.sum(2) * wave).sum(-1)
    return np.angle(np.stack([x, y], -1)) / (2 * np.pi)


def steps(motion, seed):
    moved = np.diff(places(motion, seed=seed), axis=0)
    return (moved + 0.5) % 1 - 0.5


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("seed", range(4))
def test_motion_is_what_the_label_says(motion, seed):
    moved = steps(motion, seed)
    assert np.hypot(*moved.T).mean() > 0.05  # More than 1.5 of 32 pixels a frame.
    if motion in STEPS:
        np.testing.assert_allclose(moved, np.outer(moved @ STEPS[motion], STEPS[motion]), atol=0.01)
        assert (moved @ STEPS[motion] > 0.06).all()
    elif motion.endswith("clockwise"):
        (x0, y0), (x1, y1) = moved[:-1].T, moved[1:].T
        turn = x0 * y1 - y0 * x1  # Positive is clockwise where y points down.
        assert ((turn < 0) if motion.startswith("counter") else (turn > 0)).all()
    else:
        still = 1 if motion == "swaying" else 0
        assert np.abs(moved[:, still]).max() < 0.01
        assert moved[:, 1 - still].min() < 0 < moved[:, 1 - still].max()


@pytest.mark.parametrize("frame", [0, 7])
def test_places_are_uniform_whatever_the_motion(frame):
    for motion in MOTIONS:
        seen = np.array([places(motion, seed=seed)[frame] for seed in range(150)])
        # The mean of uniform angles is 0; its length has a standard deviation of about 1 / 17.
        assert np.abs(np.exp(2j * np.pi * seen).mean(0)).max() < 0.25


def test_a_clip_depends_on_seed_and_index_alone():
    few, many = (
        synthetic.list_sources(
            None, ReaderOptions(num_clips=n, num_frames=4, resolution=16, seed=5)
        )
        for n in (9, 20)
    )
    assert [source.label for source in few] == [*MOTIONS, MOTIONS[0]]
    for a, b in zip(few, many, strict=False):
        np.testing.assert_array_equal(list(a.frames()), list(b.frames()))
    assert not np.array_equal(list(few[0].frames()), list(few[8].frames()))
