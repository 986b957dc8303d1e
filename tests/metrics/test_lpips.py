"""LPIPS against loops of NumPy and, where it is installed, against PyTorch."""

import numpy as np
import pytest

from metrics.lpips import LPIPS
from support.errors import UserError
from tests.metrics.alexnet import random_arrays, write_weights

MEAN, DEVIATION = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
LAYERS = {0: (4, 2), 3: (1, 2), 6: (1, 1), 8: (1, 1), 10: (1, 1)}  # stride, padding


@pytest.fixture(scope="module")
def lpips(tmp_path_factory):
    return LPIPS(*write_weights(tmp_path_factory.mktemp("lpips")))


def pictures(*shape, seed=1):
    return np.random.default_rng(seed).uniform(0, 1, shape).astype(np.float32)


def convolve(x, kernel, bias, stride, padding):
    """A picture [C, H, W], place by place."""
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding)])
    side = kernel.shape[-1]
    rows, columns = ((n - side) // stride + 1 for n in x.shape[1:])
    found = np.empty((len(kernel), rows, columns))
    for i in range(rows):
        for j in range(columns):
            patch = x[:, stride * i : stride * i + side, stride * j : stride * j + side]
            found[:, i, j] = np.tensordot(kernel, patch, 3) + bias
    return found


def pool(x):
    rows, columns = ((n - 3) // 2 + 1 for n in x.shape[1:])
    return np.array(
        [
            [x[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max((1, 2)) for j in range(columns)]
            for i in range(rows)
        ]
    ).transpose(2, 0, 1)


def unit_features(picture, arrays):
    x = (2 * picture.transpose(2, 0, 1) - 1 - np.reshape(MEAN, [3, 1, 1])) / np.reshape(
        DEVIATION, [3, 1, 1]
    )
    for number, sizes in LAYERS.items():
        if number in (3, 6):
            x = pool(x)
        x = convolve(
            x, arrays[f"features.{number}.weight"], arrays[f"features.{number}.bias"], *sizes
        )
        x = np.maximum(x, 0)
        yield x / (np.sqrt((x**2).sum(0)) + 1e-10)


def test_equal_to_loops(lpips):
    reals, fakes = pictures(2, 1, 36, 32, 3), pictures(2, 1, 36, 32, 3, seed=2)
    backbone, linear = random_arrays()
    for i in range(2):
        maps = (unit_features(clips[i, 0], backbone) for clips in (reals, fakes))
        expected = sum(
            ((a - b) ** 2 * linear[f"lin{layer}.model.1.weight"][0]).sum(0).mean()
            for layer, (a, b) in enumerate(zip(*maps, strict=True))
        )
        assert lpips(reals, fakes)[i, 0] == pytest.approx(expected, rel=1e-4)


def test_equal_to_pytorch(lpips):
    torch = pytest.importorskip("torch")
    backbone, linear = random_arrays()
    functional = torch.nn.functional

    def features(picture):
        x = torch.tensor(2 * picture - 1).permute(2, 0, 1)[None]
        x = (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]
        for number, (stride, padding) in LAYERS.items():
            x = functional.max_pool2d(x, 3, 2) if number in (3, 6) else x
            arrays = (torch.tensor(backbone[f"features.{number}.{n}"]) for n in ("weight", "bias"))
            x = functional.relu(functional.conv2d(x, *arrays, stride=stride, padding=padding))
            yield x / (x.norm(dim=1, keepdim=True) + 1e-10)

    reals, fakes = pictures(1, 64, 64, 3), pictures(1, 64, 64, 3, seed=2)
    expected = sum(
        functional.conv2d((a - b) ** 2, torch.tensor(linear[f"lin{i}.model.1.weight"])).mean()
        for i, (a, b) in enumerate(zip(features(reals[0]), features(fakes[0]), strict=True))
    )
    assert lpips(reals, fakes)[0] == pytest.approx(float(expected), rel=1e-4)


def test_equal_pictures_and_grey_ones(lpips):
    grey = pictures(3, 2, 32, 32, 1)
    assert not lpips(grey, grey).any()
    other = pictures(3, 2, 32, 32, 1, seed=2)
    colours = (np.repeat(clips, 3, axis=-1) for clips in (grey, other))
    found = lpips(grey, other)
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found, lpips(*colours), rtol=1e-4)


def test_parts_change_nothing(lpips):
    reals, fakes = pictures(70, 31, 31, 3), pictures(70, 31, 31, 3, seed=2)
    np.testing.assert_allclose(lpips(reals, fakes)[66:], lpips(reals[66:], fakes[66:]), rtol=1e-5)


def test_small_frames_and_other_files_are_refused(lpips, tmp_path):
    with pytest.raises(UserError, match="at least 31x31. Received: 30x40"):
        lpips(pictures(1, 30, 40, 3), pictures(1, 30, 40, 3))
    backbone, linear = write_weights(tmp_path)
    with pytest.raises(UserError, match="alex.pth should hold features.0.weight of shape .64, 3"):
        LPIPS(linear, backbone)
    with pytest.raises(UserError, match="none.pth should be a whole file of torch.save"):
        LPIPS(backbone, tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("x")
    with pytest.raises(UserError, match="text.pth should be a whole file of torch.save"):
        LPIPS(backbone, tmp_path / "text.pth")
