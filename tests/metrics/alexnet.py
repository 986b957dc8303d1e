"""AlexNet and the linear weights of LPIPS as files of their real layouts, with random numbers."""

from pathlib import Path

import numpy as np

from tests.metrics.weights.files import save_torch_pickles, save_torch_zip, state_dict

KERNELS = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)}


def random_arrays(seed: int = 0) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Arrays by name: of the backbone, and of the linear weights."""
    random, backbone, linear = np.random.default_rng(seed), {}, {}
    for i, (number, (outputs, inputs, side)) in enumerate(KERNELS.items()):
        shape = (outputs, inputs, side, side)
        kernel = random.normal(0, (2 / (inputs * side * side)) ** 0.5, shape)
        backbone[f"features.{number}.weight"] = kernel.astype(np.float32)
        backbone[f"features.{number}.bias"] = random.normal(0, 0.1, outputs).astype(np.float32)
        linear[f"lin{i}.model.1.weight"] = random.uniform(0, 1, (1, outputs, 1, 1)).astype(
            np.float32
        )
    backbone["classifier.6.bias"] = np.zeros(1000, np.float32)
    return backbone, linear


def write_weights(folder: Path, seed: int = 0) -> tuple[Path, Path]:
    """Writes both files, the second in PyTorch's older format; returns their paths."""
    backbone, linear = random_arrays(seed)
    paths = folder / "alexnet.pth", folder / "alex.pth"
    save_torch_zip(paths[0], state_dict(backbone), backbone.values())
    save_torch_pickles(paths[1], state_dict(linear, old=True), linear.values())
    return paths
