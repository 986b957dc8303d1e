"""Predictions that need no network: the last frame and the mean of the past, on known clips."""

import numpy as np
import pytest

from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from metrics.lpips import LPIPS
from scoring.prediction import compare, copy_last, mean_of_past
from support.errors import UserError
from tests.metrics.alexnet import write_weights


class Clips:
    """A clip set in memory."""

    def __init__(self, clips):
        self.all = clips

    def __len__(self):
        return len(self.all)

    def clips(self, indices):
        return (self.all[i] for i in indices)


@pytest.fixture(scope="module")
def shapes():
    """256 synthetic clips of 8x32x32 of the seed 7."""
    options = ReaderOptions(num_clips=256, num_frames=8, resolution=32, seed=7)
    return Clips([np.stack(list(s.frames())) for s in list_sources("", "synthetic", options)])


def test_reference_numbers_of_shapes(shapes):
    methods = {"copy": copy_last(4), "mean": mean_of_past(4)}
    found = compare(shapes, 4, methods, 256)
    copy = {name: values["mean"] for name, values in found["copy"].items()}
    assert copy["psnr"] == pytest.approx(14.21, abs=0.005)
    assert copy["ssim"] == pytest.approx(0.6285, abs=5e-5)
    assert copy["mse"] == pytest.approx(0.04758, abs=5e-6)
    assert copy["mse_sum"] == pytest.approx(146.2, abs=0.05)
    assert copy["mae"] == pytest.approx(0.0831, abs=5e-5)
    first, *_, last = found["copy"]["psnr"]["frames"]
    assert (first, last) == (pytest.approx(17.14, abs=0.005), pytest.approx(12.43, abs=0.005))
    assert found["mean"]["mse"]["mean"] == pytest.approx(0.0426, abs=5e-5)
    assert found["copy"]["sharpness"]["mean"] == pytest.approx(
        found["truth"]["sharpness"]["mean"], rel=0.05
    )


def test_reference_numbers_of_real_strips(real_clips):
    sources = list_sources(real_clips / "weizmann_actions", "strips", ReaderOptions())
    strips = [np.stack(list(source.frames())) for source in sources]
    windows = [s[i : i + 20] for s in strips for i in range(0, len(s) - 19, 20)]
    assert len(windows) == 236
    methods = {"copy": copy_last(10), "mean": mean_of_past(10)}
    found = compare(Clips(windows), 10, methods, len(windows))
    copy = {name: values["mean"] for name, values in found["copy"].items()}
    assert copy["psnr"] == pytest.approx(25.74, abs=0.005)
    assert copy["ssim"] == pytest.approx(0.8253, abs=5e-5)
    assert copy["mse_sum"] == pytest.approx(59.8, abs=0.05)
    assert found["mean"]["mse"]["mean"] == pytest.approx(0.00431, abs=5e-6)


def test_the_best_future_of_each_clip_counts(shapes):
    noise = np.random.default_rng(0)

    def guess(clips, indices):
        truth = clips[:, None, 4:].astype(np.float32) / 255
        near = truth + 0.02 * noise.standard_normal(truth.shape)
        far = truth + 0.2 * noise.standard_normal(truth.shape)
        futures = [near, far] if indices[0] % 2 else [far, near]
        return np.concatenate(futures, 1).astype(np.float32)

    def one_by_one(*, best):
        return lambda clips, indices: np.concatenate(
            [guess(clips[i : i + 1], indices[i : i + 1])[:, :best] for i in range(len(clips))]
        )

    methods = {"both": one_by_one(best=2), "first": one_by_one(best=1)}
    found = compare(shapes, 4, methods, 8, futures=2)
    assert found["both"]["psnr"]["mean"] > 30
    assert found["both"]["mae"]["mean"] < 0.02
    assert found["first"]["psnr"]["mean"] < 27
    assert found["both"]["diversity"]["mean"] > 10
    assert "diversity" not in found["first"]


def test_parts_make_no_difference(shapes, monkeypatch):
    whole = compare(shapes, 4, {"copy": copy_last(4)}, 7)
    monkeypatch.setattr("scoring.prediction._VALUES", 2 * 8 * 32 * 32 * 3)
    counted = []
    parts = compare(shapes, 4, {"copy": copy_last(4)}, 7, advance=counted.append)
    assert counted == [2, 2, 2, 1]
    for name, values in whole["copy"].items():
        assert parts["copy"][name]["mean"] == pytest.approx(values["mean"])


def test_grey_counts_one_channel(shapes):
    colour = compare(shapes, 4, {"copy": copy_last(4)}, 2)["copy"]
    grey = compare(shapes, 4, {"copy": copy_last(4)}, 2, grey=True)["copy"]
    assert grey["mse_sum"]["mean"] == pytest.approx(1024 * grey["mse"]["mean"])
    assert colour["mse_sum"]["mean"] == pytest.approx(3072 * colour["mse"]["mean"])


def test_lpips_is_of_the_same_frames(shapes, tmp_path):
    lpips = LPIPS(*write_weights(tmp_path))
    found = compare(shapes, 4, {"copy": copy_last(4)}, 3, lpips=lpips)["copy"]["lpips"]
    clips = np.stack(shapes.all[:3]).astype(np.float32) / 255
    expected = lpips(clips[:, 4:], np.repeat(clips[:, 3:4], 4, axis=1))
    np.testing.assert_allclose(found["frames"], expected.mean(0), rtol=1e-4)


def test_there_have_to_be_frames_to_predict(shapes):
    with pytest.raises(UserError, match="should have more than 8 frames. Received: 8"):
        compare(shapes, 8, {}, 2)
