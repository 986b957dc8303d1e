"""The stream of reals: a function of seed and position alone."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dataset.pipeline import ClipPipeline
from growth.ladder import make_ladder
from support.errors import UserError
from tests.dataset.conftest import LADDER

TOP = LADDER.top
ROOT = Path(__file__).parents[2]


@pytest.fixture
def clips(shapes):
    return ClipPipeline(shapes, LADDER, seed=3, mirror=True)


def take(dataset, elements):
    return np.concatenate([batch.numpy() for batch in itertools.islice(dataset, elements)])


def stream(clips, count, nimg=0):
    """Clips, and whether they are mirrored, at positions from `nimg` on."""
    found = clips.stream(nimg).take(count).as_numpy_iterator()
    return tuple(map(np.array, zip(*found, strict=True)))


def test_values(shapes):
    clips = ClipPipeline(shapes, LADDER, seed=0, mirror=False)
    for level, rung in enumerate(LADDER):
        batch = next(iter(clips.dataset(level, 0, 5)))
        assert batch.shape == (5, *rung.shape, 3)
        stored = clips.records.clips(rung, stream(clips, 5)[0])
        np.testing.assert_allclose((batch + 1) * 127.5, stored, atol=1e-4)


@pytest.mark.parametrize("nimg", [0, 6, 1003])
def test_replicas_see_the_stream_of_one(clips, nimg):
    one = take(clips.dataset(TOP, nimg, 4), 6)
    np.testing.assert_array_equal(take(clips.dataset(TOP, nimg, 4, replicas=2), 12), one)
    shares = [
        take(clips.dataset(TOP, nimg, 4, replicas=4, first_replica=r, local_replicas=2), 12)
        for r in (0, 2)
    ]
    joined = np.stack([share.reshape(6, 2, *one.shape[1:]) for share in shares], 1)
    np.testing.assert_array_equal(joined.reshape(one.shape), one)


def test_a_restart_goes_on_with_the_tail(clips):
    whole = take(clips.dataset(TOP, 0, 4), 9)
    np.testing.assert_array_equal(take(clips.dataset(TOP, 20, 4), 4), whole[20:])
    np.testing.assert_array_equal(take(clips.dataset(TOP, 20, 8), 2), whole[20:])


def test_every_epoch_shows_each_clip_once_in_another_order(clips):
    epochs = np.reshape(stream(clips, 50)[0], (5, 10))
    assert (np.sort(epochs) == np.arange(10)).all()
    assert len({tuple(epoch) for epoch in epochs}) == 5


@pytest.mark.parametrize("nimg", [1, 10, 37])
def test_the_stream_does_not_depend_on_where_it_was_entered(clips, nimg):
    whole, part = stream(clips, 60), stream(clips, 60 - nimg, nimg)
    for all_of_it, tail in zip(whole, part, strict=True):
        np.testing.assert_array_equal(all_of_it[nimg:], tail)


def test_the_seed_changes_the_order(shapes, clips):
    other = ClipPipeline(shapes, LADDER, seed=4, mirror=True)
    assert stream(clips, 10)[0].tolist() != stream(other, 10)[0].tolist()


def test_about_half_are_mirrored_left_to_right(shapes, clips):
    plain = ClipPipeline(shapes, LADDER, seed=3, mirror=False)
    _, mirrored = stream(clips, 1000)
    assert 430 < mirrored.sum() < 570
    assert not stream(plain, 1000)[1].any()
    straight, flipped = take(plain.dataset(TOP, 0, 10), 1), take(clips.dataset(TOP, 0, 10), 1)
    expected = np.where(mirrored[:10, None, None, None, None], straight[:, :, :, ::-1], straight)
    np.testing.assert_array_equal(flipped, expected)


def test_a_shorter_ladder_reads_its_rungs_by_size(shapes):
    clips = ClipPipeline(shapes, make_ladder("8x8x8 8x16x16"), seed=0, mirror=False)
    assert next(iter(clips.dataset(0, 0, 2))).shape == (2, 8, 8, 8, 3)


def test_a_process_ends_while_its_pipeline_is_at_work(shapes):
    code = (
        "from pathlib import Path; from dataset.pipeline import ClipPipeline;"
        "from growth.ladder import make_ladder;"
        f"clips = ClipPipeline(Path({str(shapes)!r}), make_ladder('thesis', 16), 0, True);"
        "batches = iter(clips.dataset(2, 0, 512)); next(batches)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_errors(shapes, clips):
    with pytest.raises(UserError, match="divisible by the 3 replicas. Received: 4"):
        clips.dataset(TOP, 0, 4, replicas=3)
    with pytest.raises(UserError, match="should be made for the ladder"):
        ClipPipeline(shapes, make_ladder("thesis", resolution=32), 0, True)
