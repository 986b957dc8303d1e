"""Our own weight files: `<name>.weights.h5` with a sidecar `<name>.json`.

The sidecar says what the weights are ("network", "width", "num_classes"), where they come from, and
the SHA-256 of the file ("sha256"), without which nothing is loaded. "mean" is what a protocol may
subtract from clips: null, three numbers (blue, green, red), or the name of a file beside it with a
cube [16, 128, 171, 3] in that order of channels.
"""

import hashlib
import json
from pathlib import Path

import h5py
import keras
import numpy as np

from metrics.c3d import C3D
from metrics.i3d import I3D
from support.errors import UserError
from support.files import write_atomically

SUFFIX = ".weights.h5"


def save(model: keras.Model, output: Path, about: dict, mean: np.ndarray | None = None) -> dict:
    """Writes the weights of a `C3D` or an `I3D`, and the sidecar last.

    Args:
        model: to write.
        output: file to write, ending in .weights.h5.
        about: what else the sidecar says; it may have "mean" as three numbers.
        mean: a cube, for a file of its own.

    Returns:
        The sidecar.

    Raises:
        UserError: `output` ends otherwise.
    """
    output = Path(output)
    check_output(output)
    if mean is not None:
        with write_atomically(_beside(output, ".mean.npy")) as temporary:
            np.save(temporary, mean.astype(np.float32))
        about = about | {"mean": _beside(output, ".mean.npy").name}
    with write_atomically(output) as temporary:
        model.save_weights(temporary)
    about = {"mean": None} | _shape_of(model) | about | {"sha256": file_hash(output)}
    with write_atomically(_beside(output, ".json")) as temporary:
        temporary.write_text(json.dumps(about, indent=1) + "\n")
    return about


def load(path: Path) -> tuple[keras.Model, dict, np.ndarray | None]:
    """Reads what `save` wrote: the network, its sidecar, and the mean (three numbers or a cube).

    Raises:
        UserError: a file is missing, damaged, or not the one that its sidecar describes.
    """
    path = Path(path)
    about = _read_sidecar(path)
    if file_hash(path) != about["sha256"]:
        raise UserError(
            f"{path} should be the file that {_beside(path, '.json')} describes. "
            "Received: another SHA-256 (damaged, or of something else)"
        )
    check_links(path)
    model = _make(about)
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{path} should hold the weights of {about['network']}. "
            f"Received: {str(error).splitlines()[0]}"
        ) from error
    return model, about, _load_mean(path, about["mean"])


def check_output(output: Path):
    """Raises `UserError` unless the name ends in .weights.h5."""
    if not output.name.endswith(SUFFIX):
        raise UserError(f"--output should end in {SUFFIX}. Received: {output}")


def check_links(path: Path):
    """Raises `UserError` where an HDF5 file is none, or names data in other files."""
    try:
        with h5py.File(path, "r") as file:
            _walk(file, path)
    except OSError as error:
        raise UserError(f"{path} should be a whole HDF5 file. Received: {error}") from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _walk(group, path):
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise UserError(f"{path} should hold its data itself. Received: a link at {name}")
        if isinstance(group[name], h5py.Group):
            _walk(group[name], path)
        elif group[name].external or group[name].is_virtual:
            raise UserError(f"{path} should hold its data itself. Received: {name} in another file")


def _read_sidecar(path):
    if not path.name.endswith(SUFFIX) or not path.is_file():
        raise UserError(
            f"--weights should be a file ending in {SUFFIX}, made by convert_weights or train_c3d. "
            f"Received: {path}{'' if path.is_file() else ' (not there)'}"
        )
    sidecar = _beside(path, ".json")
    try:
        about = json.loads(sidecar.read_text())
        if {"network", "width", "num_classes", "mean", "sha256"} <= about.keys():
            return about
        found = "something else"
    except (OSError, ValueError, AttributeError):
        found = "no such file" if not sidecar.exists() else "no JSON"
    raise UserError(f"{path} should have its sidecar {sidecar} beside it. Received: {found}")


def _shape_of(model):
    if isinstance(model, I3D):
        return {"network": "i3d", "width": None, "num_classes": model.classify.filters}
    width = model.get_layer("conv1").kernel.shape[-1]
    return {"network": "c3d", "width": width, "num_classes": model.fc8.units}


def _make(about):
    if about["network"] == "i3d":
        return I3D(about["num_classes"])
    return C3D(about["num_classes"], about["width"])


def _load_mean(path, mean):
    if not isinstance(mean, str):
        return None if mean is None else np.array(mean, np.float32)
    file = path.parent / Path(mean).name
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{file} should hold the mean of {path}. Received: {error}") from error


def _beside(path, suffix):
    return path.with_name(path.name.removesuffix(SUFFIX) + suffix)
