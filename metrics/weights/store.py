"""Our own weight files: `<name>.weights.h5` with a sidecar `<name>.json`.

The sidecar says what the weights are ("network", "width", "num_classes"), where they come from, and
the SHA-256 of the file ("sha256"), without which nothing is loaded. "mean" is what a protocol may
subtract from clips: null, three numbers (blue, green, red), or the name of a file beside it with a
cube [16, 128, 171, 3] in that order of channels, whose hash is "mean_sha256".
"""

import json
from pathlib import Path

import keras
import numpy as np

from metrics.c3d import C3D
from metrics.i3d import I3D
from metrics.weights.mean import CUBE
from metrics.weights.published import ZIP_ERRORS
from support.errors import UserError, whole
from support.files import sha256, write_atomically, write_json
from support.weights import SUFFIX, check_file, check_hash, load_weights, sidecar_of


def save(model: keras.Model, output: Path, about: dict, mean: np.ndarray | None = None) -> dict:
    """Writes the weights of a `C3D` or an `I3D`, and the sidecar last.

    Args:
        model: to write.
        output: file to write, ending in .weights.h5.
        about: what else the sidecar says.
        mean: of the training data: three numbers, or a cube, which gets a file of its own.

    Returns:
        The sidecar.

    Raises:
        UserError: `output` ends otherwise.
    """
    output = Path(output)
    check_output(output)
    about = {**describe(model), "mean": None, **about}
    if mean is not None and mean.ndim == 1:
        about["mean"] = mean.tolist()
    elif mean is not None:
        file = output.with_name(output.name.removesuffix(SUFFIX) + ".mean.npy")
        with write_atomically(file) as temporary:
            np.save(temporary, mean.astype(np.float32))
        about |= {"mean": file.name, "mean_sha256": sha256(file)}
    with write_atomically(output) as temporary:
        model.save_weights(temporary)
    about["sha256"] = sha256(output)
    write_json(sidecar_of(output), about)
    return about


def load(path: Path) -> tuple[keras.Model, dict, np.ndarray | None]:
    """Reads what `save` wrote; nothing in it is run, and no other file is read.

    Returns:
        The network; its sidecar; the mean as three numbers [3] or a cube [16, 128, 171, 3],
        float32, in the order BGR, or None.

    Raises:
        UserError: a file is missing, damaged, or not the one that its sidecar describes.
    """
    path = Path(path)
    about = _read_sidecar(path)
    check_hash(path, about["sha256"])
    model = load_weights(lambda: _make(about), path, about["network"].upper())
    return model, about, _load_mean(path, about)


def check_output(output: Path):
    """Raises `UserError` unless the name ends in .weights.h5."""
    if not output.name.endswith(SUFFIX):
        raise UserError(f"--output should end in {SUFFIX}. Received: {output}")


def check_new(output: Path):
    """Raises `UserError` unless weights and sidecar can be written there without loss."""
    check_output(output)
    for path in (output, sidecar_of(output)):
        if path.exists():
            raise UserError(f"--output should not exist yet. Received: {path}")


def describe(model: keras.Model) -> dict:
    """What has to be known to build `model` again: "network", "width" and "num_classes"."""
    if isinstance(model, I3D):
        return {"network": "i3d", "width": None, "num_classes": model.classify.filters}
    width = model.get_layer("conv1").filters
    return {"network": "c3d", "width": width, "num_classes": model.fc8.units}


def _make(about):
    c3d = about["network"] == "c3d"
    return C3D(about["num_classes"], about["width"]) if c3d else I3D(about["num_classes"])


def _read_sidecar(path):
    check_file(path, "Weights", "made by convert_weights or train_c3d")
    sidecar = sidecar_of(path)
    try:
        about = json.loads(sidecar.read_text())
        if _is_sidecar(about):
            return about
        found = "something else"
    except FileNotFoundError:
        found = "no such file"
    except (OSError, ValueError) as error:
        found = str(error)
    raise UserError(f"{path} should have its sidecar {sidecar} beside it. Received: {found}")


def _is_sidecar(about):
    """Whether `about` has all that `load` looks at."""
    if not isinstance(about, dict) or not {"mean", "sha256"} <= about.keys():
        return False
    network, width, num_classes = (about.get(k) for k in ("network", "width", "num_classes"))
    sizes = (num_classes, width) if network == "c3d" else (num_classes,)
    mean = about["mean"]
    return (
        network in ("c3d", "i3d")
        and all(isinstance(size, int) and size > 0 for size in sizes)
        and (mean is None or isinstance(mean, str) or _are_levels(mean))
    )


def _are_levels(mean):
    return (
        isinstance(mean, list)
        and len(mean) == 3
        and all(isinstance(level, int | float) for level in mean)
    )


def _load_mean(path, about):
    mean = about["mean"]
    if not isinstance(mean, str):
        return None if mean is None else np.array(mean, np.float32)
    file = path.with_name(Path(mean).name)
    if not file.is_file() or sha256(file) != about.get("mean_sha256"):
        found = "another SHA-256" if file.is_file() else "no such file"
        raise UserError(f"{file} should hold the mean that {path} subtracts. Received: {found}")
    with whole(file, "file of NumPy", *ZIP_ERRORS):
        mean = np.load(file, allow_pickle=False)
    if mean.shape != CUBE:
        raise UserError(f"{file} should hold {list(CUBE)} numbers. Received: {list(mean.shape)}")
    return mean
