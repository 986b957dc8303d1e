"""Our own weight files: `<name>.weights.h5` with a sidecar `<name>.json`.

The sidecar describes the weights ("network", "width", "num_classes"), names their source, and has
the SHA-256 of the file ("sha256"), which is verified. "mean" is what a protocol may subtract from
clips: null, three numbers (blue, green, red), or the name of a file in the same folder with a cube
[16, 128, 171, 3] in that order of channels, whose hash is "mean_sha256".
"""

from pathlib import Path

import keras
import numpy as np

from metrics.c3d import C3D
from metrics.i3d import I3D
from metrics.inception import Inception
from metrics.weights.mean import CUBE
from metrics.weights.networks import MAX_CLASSES, MAX_WIDTH
from support.arrays import open_array
from support.errors import UserError
from support.files import sha256, write_atomically, write_json
from support.json_files import check_schema, read_json
from support.weights import SUFFIX, check_file, check_hash, load_weights, sidecar_of

_SCHEMA = {
    "network": str,
    "num_classes": int,
    "mean": str | list | None,
    "sha256": str,
}
_OTHERS = {"i3d": I3D, "inception": Inception}  # networks of one width


def save(model: keras.Model, output: Path, about: dict, mean: np.ndarray | None = None) -> dict:
    """Writes the weights of a `C3D`, an `I3D` or an `Inception`, and the sidecar last.

    Args:
        model: to write.
        output: file to write, ending in .weights.h5.
        about: further entries of the sidecar.
        mean: of the training data: three numbers, or a cube, which is written to its own file.

    Returns:
        The sidecar.

    Raises:
        UserError: `output` has another ending.
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
    """Reads the files that `save` wrote; nothing in them is run, and no other file is read.

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
        raise UserError(f"`output` should end in {SUFFIX}. Received: {output}")


def check_new(output: Path):
    """Raises `UserError` unless weights and sidecar can be written there without loss."""
    check_output(output)
    for path in (output, sidecar_of(output)):
        if path.exists():
            raise UserError(f"`output` should not exist yet. Received: {path}")


def describe(model: keras.Model) -> dict:
    """The entries from which `load` builds `model`: "network", "width" and "num_classes"."""
    if isinstance(model, I3D):
        return {"network": "i3d", "width": None, "num_classes": model.classify.filters}
    if isinstance(model, Inception):
        return {"network": "inception", "width": None, "num_classes": model.num_classes}
    width = model.get_layer("conv1").filters
    return {"network": "c3d", "width": width, "num_classes": model.fc8.units}


def _make(about):
    if about["network"] == "c3d":
        return C3D(about["num_classes"], about["width"])
    return _OTHERS[about["network"]](about["num_classes"])


def _read_sidecar(path):
    check_file(path, "Weights", "made by convert_weights or train_c3d")
    sidecar = sidecar_of(path)
    about = read_json(sidecar, _SCHEMA)
    sizes = {"num_classes": MAX_CLASSES} | (
        {"width": MAX_WIDTH} if about["network"] == "c3d" else {}
    )
    for name, limit in sizes.items():
        if type(about.get(name)) is not int or not 1 <= about[name] <= limit:
            raise UserError(
                f"Cannot read {sidecar}: `{name}` should be 1 to {limit}. "
                f"Received: {about.get(name)!r}"
            )
    if about["network"] not in (known := ("c3d", *_OTHERS)):
        raise UserError(
            f"Cannot read {sidecar}: `network` should be one of {', '.join(known)}. "
            f"Received: {about['network']!r}"
        )
    if isinstance(about["mean"], list):
        check_schema(about["mean"], [float], sidecar, "mean")
        if len(about["mean"]) != 3:
            raise UserError(f"Cannot read {sidecar}: `mean` should be three numbers or a file.")
    return about


def _load_mean(path, about):
    mean = about["mean"]
    if not isinstance(mean, str):
        return None if mean is None else np.array(mean, np.float32)
    file = path.with_name(Path(mean).name)
    if not file.is_file() or sha256(file) != about.get("mean_sha256"):
        found = "its SHA-256 is another one" if file.is_file() else "no such file"
        raise UserError(f"Cannot read the mean of {path}, {file}: {found}.")
    mean = np.array(open_array(file))
    if mean.shape != CUBE or mean.dtype != np.float32:
        raise UserError(
            f"{file} should hold {list(CUBE)} float32. Received: {mean.dtype} {list(mean.shape)}"
        )
    return mean
