import numpy as np
import pytest

from growth.resample import downscale, upscale
from metrics.sliced_wasserstein import (
    KINDS,
    PatchBank,
    laplacian_pyramid,
    pyramid_shapes,
    sliced_wasserstein,
    wasserstein_1d,
)

SHAPE = (8, 32, 32)


def moving_blobs(num, seed, shape=SHAPE):
    """Clips of one soft blob each: random colour, place and direction."""
    random = np.random.default_rng(seed)
    frames, height, width = shape
    t, y, x = np.mgrid[:frames, :height, :width]
    clips = np.empty((num, *shape, 3), np.float32)
    for clip in clips:
        (y0, x0), (dy, dx) = random.uniform(8, 24, 2), random.uniform(-1.5, 1.5, 2)
        blob = np.exp(-((y - y0 - dy * t) ** 2 + (x - x0 - dx * t) ** 2) / 20)
        clip[:] = blob[..., None] * random.uniform(0.5, 1.8, 3) - 0.9
    return clips


def bank(clips, **settings):
    made = PatchBank(clips.shape[1:4], **settings)
    made.update(clips)
    return made


@pytest.fixture(scope="module")
def reals():
    return moving_blobs(96, seed=1)


@pytest.fixture(scope="module")
def real_bank(reals):
    return bank(reals)


@pytest.fixture(scope="module")
def floor(real_bank):
    return sliced_wasserstein(real_bank, bank(moving_blobs(96, seed=2)))


def test_one_dimension_by_hand():
    a, b = np.array([[3.0, 1.0, 2.0]]), np.array([[5.0, 3.0, 4.0]])
    assert wasserstein_1d(a, a).tolist() == [0]
    assert wasserstein_1d(a, b).tolist() == [2]  # The same set shifted by 2.
    # Quantiles of four values at 1/4 and 3/4 are the middles of the pairs: 1.5 and 3.5.
    assert wasserstein_1d(np.array([1.0, 2.0]), np.array([1.0, 4.0, 2.0, 3.0])) == 1.0


def test_pyramid_by_hand():
    assert pyramid_shapes((32, 256, 256)) == [
        (32, 256, 256), (16, 128, 128), (8, 64, 64), (4, 32, 32), (4, 16, 16), (4, 8, 8), (4, 4, 4)
    ]  # fmt: skip
    assert pyramid_shapes((4, 4, 4)) == [(4, 4, 4)]
    assert pyramid_shapes((2, 8, 8)) == [(2, 8, 8), (2, 4, 4)]
    assert pyramid_shapes((8, 16, 8), "spatial") == [(8, 16, 8), (8, 8, 4)]
    assert pyramid_shapes((20, 36, 64)) == [(20, 36, 64), (10, 18, 32), (5, 9, 16)]
    assert pyramid_shapes((32, 4, 4), "temporal") == [(32, 4, 4), (16, 4, 4), (8, 4, 4), (4, 4, 4)]


@pytest.mark.parametrize("kind", KINDS)
def test_pyramid_adds_up(reals, kind):
    total, *finer = laplacian_pyramid(reals[:2], kind)[::-1]
    for band in finer:
        total = band + upscale(total, np.divide(band.shape, total.shape)[1:4].astype(int))
    np.testing.assert_allclose(total, reals[:2], atol=1e-6)
    factors = {"joint": (2, 2, 2), "spatial": (1, 2, 2), "temporal": (2, 1, 1)}[kind]
    coarse = downscale(finer[-1], factors)  # A band's blocks have mean 0.
    np.testing.assert_allclose(coarse, np.zeros(coarse.shape), atol=1e-6)


def test_equal_sets_have_no_distance(reals, real_bank):
    scores = sliced_wasserstein(real_bank, bank(reals))
    assert scores == {"8x32x32": 0, "4x16x16": 0, "4x8x8": 0, "4x4x4": 0, "mean": 0}


def test_numbers_of_a_seed():
    # Earlier runs and the bound of the demo are compared with these.
    few, fewer = bank(moving_blobs(20, 1), seed=3), bank(moving_blobs(17, 2), seed=3)
    expected = {"8x32x32": 81.79084, "4x16x16": 82.89585, "4x8x8": 196.78016, "4x4x4": 319.91491}
    scores = sliced_wasserstein(few, fewer, seed=1)
    assert scores == pytest.approx(expected | {"mean": 170.34545}, rel=1e-5)


def test_order_of_clips_does_not_matter_where_the_clip_is_one_patch(reals, real_bank):
    assert sliced_wasserstein(real_bank, bank(reals[::-1]))["4x4x4"] < 1e-3


def test_contrast_and_colour_by_hand():
    # A level of constant patches 0 and 1 has mean 1/2 and deviation 1/2: patches -1 and 1. Adding
    # 1/2 moves each by 1 along (1, ..., 1), so a direction u sees |sum of u| of it.
    reals = np.zeros((2, 4, 4, 4, 3), np.float32)
    reals[1] = 1
    directions = np.random.default_rng(0).standard_normal((256, 192), np.float32)
    expected = np.abs(directions.sum(1) / np.linalg.norm(directions, axis=1)).mean()
    moved = sliced_wasserstein(bank(reals), bank(reals + 0.5))
    assert moved["4x4x4"] == pytest.approx(1e3 * expected, rel=1e-4)


def blurred(clips):
    return upscale(downscale(clips, (1, 4, 4)), (1, 4, 4)).numpy()


CHANGES = {
    "noise": lambda clips: clips + 0.1 * np.random.default_rng(0).standard_normal(clips.shape),
    "blur": blurred,
    "frozen": lambda clips: np.repeat(clips[:, :1], 8, axis=1),
    "shuffled": lambda clips: np.random.default_rng(0).permuted(clips, axis=1),
    "frames in another order": lambda clips: clips[:, [3, 0, 6, 1, 7, 4, 2, 5]],
    "colour": lambda clips: clips + np.array([0.15, 0, -0.15], np.float32),
    "contrast": lambda clips: 0.7 * clips,
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_seen(real_bank, floor, change):
    scores = sliced_wasserstein(real_bank, bank(CHANGES[change](moving_blobs(96, seed=2))))
    assert scores["mean"] > 1.2 * floor["mean"]
    assert any(scores[level] > 2 * floor[level] for level in floor)


def scores_of_kind(kind, change):
    """Scores of changed clips, and those of the same clips before, which are the floor."""
    real, others = bank(moving_blobs(96, seed=1), kind=kind), moving_blobs(96, seed=2)
    changed, same = (sliced_wasserstein(real, bank(x, kind=kind)) for x in (change(others), others))
    return changed, same


def rearranged(clips):
    """The pixels at other places, which are the same ones in all frames of all clips."""
    frames, height, width = SHAPE
    order = np.random.default_rng(0).permutation(height * width)
    return clips.reshape(-1, frames, height * width, 3)[:, :, order].reshape(clips.shape)


def test_spatial_patches_see_no_motion():
    changed, floor = scores_of_kind("spatial", CHANGES["frames in another order"])
    assert list(changed) == ["8x32x32", "8x16x16", "8x8x8", "8x4x4", "mean"]
    assert changed["mean"] == pytest.approx(floor["mean"], rel=0.1)
    changed, floor = scores_of_kind("spatial", CHANGES["frozen"])
    assert changed["8x32x32"] < 1.3 * floor["8x32x32"]
    changed, floor = scores_of_kind("spatial", rearranged)
    assert changed["mean"] > 5 * floor["mean"]
    changed, floor = scores_of_kind("spatial", blurred)
    assert changed["mean"] > 3 * floor["mean"]


def test_temporal_patches_see_no_pictures():
    changed, floor = scores_of_kind("temporal", rearranged)
    assert list(changed) == ["8x32x32", "4x32x32", "mean"]
    assert changed["mean"] < 1.5 * floor["mean"]
    for change in ("frozen", "frames in another order"):
        changed, floor = scores_of_kind("temporal", CHANGES[change])
        assert changed["8x32x32"] > 8 * floor["8x32x32"]


def test_a_spatial_patch_is_of_one_frame():
    clips = np.random.default_rng(0).uniform(-1, 1, (1, 16, 4, 4, 3)).astype(np.float32)
    patches = bank(clips, kind="spatial").patches[16, 4, 4].reshape(-1, 3, 4, 4)
    frames = {frame.transpose(2, 0, 1).tobytes() for frame in clips[0]}
    assert len(patches) == 8  # Frames that patches are taken from.
    assert len({patch.tobytes() for patch in patches} & frames) == 8


def test_a_temporal_patch_is_of_one_pixel():
    clips = np.random.default_rng(0).uniform(-1, 1, (1, 4, 8, 8, 3)).astype(np.float32)
    patches = bank(clips, kind="temporal").patches[4, 8, 8]  # [32, 3, 4]
    courses = {course.tobytes() for course in clips[0].reshape(4, 64, 3).transpose(1, 2, 0)}
    assert patches.shape == (32, 3, 4)
    assert len({patch.tobytes() for patch in patches} & courses) == 32
    longer = bank(np.repeat(clips, 8, axis=1), kind="temporal").patches
    assert [x.shape[2] for x in longer.values()] == [8, 8, 8, 4]


def test_the_floor_falls_with_the_number_of_clips(reals, floor):
    few = sliced_wasserstein(bank(reals[:24]), bank(moving_blobs(24, seed=2)))
    assert 0 < floor["mean"] < few["mean"] < 200


@pytest.mark.parametrize("kind", KINDS)
def test_streaming_equals_batch(reals, kind):
    whole, parts = bank(reals[:10], kind=kind), PatchBank(SHAPE, kind=kind)
    for part in np.split(reals[:10], [1, 4]):
        parts.update(part)
    for level, patches in whole.patches.items():
        np.testing.assert_array_equal(patches, parts.patches[level])


def test_places_follow_the_seed(reals):
    first, same, other = bank(reals[:4]), bank(reals[:4]), bank(reals[:4], seed=7)
    level = (8, 32, 32)
    np.testing.assert_array_equal(first.patches[level], same.patches[level])
    assert np.abs(first.patches[level] - other.patches[level]).max() > 0.01


def test_patches_are_those_of_the_clip():
    clips = np.random.default_rng(0).uniform(-1, 1, (1, 4, 4, 4, 3)).astype(np.float32)
    patches = bank(clips).patches[4, 4, 4]
    np.testing.assert_array_equal(patches.reshape(3, 4, 4, 4), clips[0].transpose(3, 0, 1, 2))


def test_unequal_numbers_of_clips(real_bank, floor):
    scores = sliced_wasserstein(real_bank, bank(moving_blobs(60, seed=2)))
    assert 0.5 * floor["mean"] < scores["mean"] < 2 * floor["mean"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(4, 4, 4), (2, 8, 8), (16, 4, 4), (16, 64, 64), (1, 16, 16)])
def test_every_size_has_a_score(shape, kind):
    banks = (bank(moving_blobs(3, seed, shape), kind=kind) for seed in (1, 2))
    scores = sliced_wasserstein(*banks)
    assert all(np.isfinite(list(scores.values())))
    assert next(iter(scores)) == "x".join(map(str, shape))


def test_mistakes():
    with pytest.raises(ValueError, match=r"shape \[N, 8, 32, 32, 3\]"):
        PatchBank(SHAPE).update(np.zeros((1, 8, 32, 16, 3), np.float32))
    with pytest.raises(ValueError, match="one shape"):
        sliced_wasserstein(PatchBank(SHAPE), PatchBank(SHAPE))
    clips = moving_blobs(2, seed=1)
    with pytest.raises(ValueError, match="one kind.*joint patches and 2 of .*, spatial patches"):
        sliced_wasserstein(bank(clips), bank(clips, kind="spatial"))


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_are_the_floats_that_they_stand_for(kind):
    clips = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 8, 3), np.uint8)
    floats = clips / np.float32(127.5) - 1
    for a, b in zip(
        bank(clips, kind=kind).patches.values(),
        bank(floats, kind=kind).patches.values(),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
