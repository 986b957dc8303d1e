"""Errors of frames by hand, and their best values."""

import numpy as np
import pytest

from metrics.frame_errors import BETTER, frame_errors, sharpness
from metrics.prediction_protocols import PREDICTION_PROTOCOLS
from support.errors import UserError

RANDOM = np.random.default_rng(0)


def test_errors_by_hand():
    real = np.zeros([1, 2, 12, 12, 3], np.float32)
    fake = real.copy()
    fake[0, 1] = 0.1
    fake[0, 1, 0, 0] = 2.0  # It is cut off at 1.
    found = {name: values[0, 1] for name, values in frame_errors(real, fake).items()}
    mse, mae = (143 * 0.01 + 1) / 144, (143 * 0.1 + 1) / 144
    assert found["mse"] == pytest.approx(mse, rel=1e-5)
    assert found["mae"] == pytest.approx(mae, rel=1e-5)
    assert found["mse_sum"] == pytest.approx(432 * mse, rel=1e-5)
    assert found["mae_sum"] == pytest.approx(432 * mae, rel=1e-5)
    assert found["psnr"] == pytest.approx(-10 * np.log10(mse), rel=1e-5)


def test_equal_frames():
    clips = RANDOM.uniform(0, 1, [2, 3, 16, 16, 3]).astype(np.float32)
    found = frame_errors(clips, clips)
    assert found.keys() == BETTER.keys() - {"lpips"}
    assert (found["psnr"] == 100).all()
    np.testing.assert_allclose(found["ssim"], 1, atol=1e-5)
    assert not found["mse"].any()


def test_frames_that_are_too_small_for_the_window_have_no_ssim():
    clips = np.zeros([1, 1, 8, 8, 3], np.float32)
    assert "ssim" not in frame_errors(clips, clips)


def test_sharpness_is_the_mean_laplacian():
    frame = np.zeros([5, 5, 1], np.float32)
    frame[2, 2] = 1
    assert sharpness(frame) == pytest.approx(255 * (4 + 4 * 1) / 9)
    ramp = np.linspace(0, 1, 5, dtype=np.float32)[:, None, None] * np.ones([5, 5, 3], np.float32)
    assert sharpness(ramp) == pytest.approx(0, abs=1e-3)


def test_protocols_refuse_generators_of_other_sizes():
    PREDICTION_PROTOCOLS["any"].check(4, (8, 32, 32))
    PREDICTION_PROTOCOLS["bair"].check(2, (16, 64, 64))
    with pytest.raises(UserError, match="of 4 frames to 4 at 32x32. Received: movingmnist, which"):
        PREDICTION_PROTOCOLS["movingmnist"].check(4, (8, 32, 32))
