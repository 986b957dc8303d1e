import numpy as np
import pytest

from metrics.controls import CONTROLS, blur, frozen, half_size, noise, shuffled
from support.errors import UserError


@pytest.fixture
def clip():
    return np.random.default_rng(0).integers(0, 256, (8, 16, 24, 3), np.uint8)


def test_the_names():
    assert list(CONTROLS) == ["frozen", "shuffled", "noise", "blur", "half_size"]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_changes_a_clip_and_nothing_else(name, clip):
    before, changed = clip.copy(), CONTROLS[name](clip, 3)
    np.testing.assert_array_equal(clip, before)
    assert changed.shape == clip.shape
    assert changed.dtype == np.uint8
    assert (changed != clip).any()
    np.testing.assert_array_equal(CONTROLS[name](clip, 3), changed)
    np.testing.assert_array_equal(CONTROLS[name](clip, np.int64(3)), changed)


@pytest.mark.parametrize("name", ["shuffled", "noise"])
def test_chance_differs_from_clip_to_clip(name, clip):
    changed = [CONTROLS[name](clip, index).tobytes() for index in range(20)]
    assert len(set(changed)) == 20


def test_frozen_clips_stand_still(clip):
    still = frozen(clip, 0)
    assert (np.diff(still.astype(int), axis=0) == 0).all()
    np.testing.assert_array_equal(still[0], clip[4])


@pytest.mark.parametrize("num", [2, 3, 16])
def test_shuffled_clips_keep_their_frames_but_not_their_order(num):
    numbers = np.arange(num, dtype=np.uint8)
    clip = np.broadcast_to(numbers[:, None, None, None], (num, 2, 2, 3))
    for index in range(100):
        order = shuffled(clip, index)[:, 0, 0, 0]
        assert sorted(order) == list(numbers)
        assert list(order) != list(numbers)


def test_a_single_frame_cannot_be_shuffled(clip):
    with pytest.raises(UserError, match=r"at least 2 frames\. Received: 1$"):
        shuffled(clip[:1], 0)


@pytest.mark.parametrize("std", [5, 20])
def test_noise_has_its_deviation(std):
    grey = np.full((8, 64, 64, 3), 128, np.uint8)
    added = noise(grey, 7, std=std).astype(float) - 128
    assert added.mean() == pytest.approx(0, abs=0.05 * std)
    assert added.std() == pytest.approx(std, rel=0.02)
    assert np.abs(np.corrcoef(added[0].ravel(), added[1].ravel())[0, 1]) < 0.03
    np.testing.assert_array_equal(noise(grey, 7), noise(grey, 7, std=20))


def test_noise_is_cut_off():
    # Half of the noise on black and on white is lost: the rest has a mean of std / sqrt(2 pi).
    black, white = (np.full((8, 64, 64, 3), level, np.uint8) for level in (0, 255))
    assert noise(black, 0).mean() == pytest.approx(20 / np.sqrt(2 * np.pi), rel=0.02)
    assert noise(white, 0).mean() == pytest.approx(255 - 20 / np.sqrt(2 * np.pi), rel=0.02)


@pytest.mark.parametrize("height", [100, 200])
def test_blur_spreads_in_proportion_to_the_height(height):
    lines = np.zeros((2, height, 101, 3), np.uint8)
    lines[0, :, 50] = 255
    across = blur(lines, 0, sigma=0.03)[0, height // 2, :, 0].astype(float)
    place = np.arange(101) - 50
    np.testing.assert_array_equal(across, across[::-1])
    deviation = np.sqrt((across * place**2).sum() / across.sum())
    assert deviation == pytest.approx(0.03 * height, rel=0.05)


def test_blur_mixes_neither_frames_nor_channels():
    clip = np.zeros((3, 100, 100, 3), np.uint8)
    clip[1, ..., 2] = 200
    np.testing.assert_array_equal(blur(clip, 0), clip)
    clip[1, 40:60, 40:60, 2] = 0
    np.testing.assert_array_equal(blur(clip, 0)[[0, 2]], 0)
    np.testing.assert_array_equal(blur(clip, 0)[..., :2], 0)
    np.testing.assert_array_equal(blur(clip, 0), blur(clip, 0, sigma=0.02))
    assert (blur(clip, 0) != clip).any()


def test_half_size_by_hand():
    frame = np.uint8([[0, 10, 255, 255], [20, 31, 255, 254]])
    clip = np.stack([frame, np.full_like(frame, 7)])[..., None].repeat(3, axis=-1)
    expected = np.uint8([[15, 15, 255, 255], [15, 15, 255, 255]])  # 61 / 4 and 1019 / 4
    halved = half_size(clip, 0)
    np.testing.assert_array_equal(halved[0, ..., 1], expected)
    np.testing.assert_array_equal(halved[1], 7)
    np.testing.assert_array_equal(half_size(halved, 0), halved)


@pytest.mark.parametrize("shape", [(2, 15, 20, 3), (2, 20, 15, 3)])
def test_odd_sizes_cannot_be_halved(shape):
    with pytest.raises(UserError, match=f"even height and width.*: {shape[1]}x{shape[2]} "):
        half_size(np.zeros(shape, np.uint8), 0)
