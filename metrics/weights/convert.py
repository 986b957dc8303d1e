"""Converts published weights to our own files."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import keras

from metrics.weights import keras_h5
from metrics.weights.caffe import STARTS, CaffeModel
from metrics.weights.chainer import ChainerFile
from metrics.weights.keras_h5 import KerasFile
from metrics.weights.mean import read_mean
from metrics.weights.networks import make_c3d, make_i3d, make_inception
from metrics.weights.published import ZIP_ERRORS, PublishedFile
from metrics.weights.pytorch import TorchPickles, TorchZip
from metrics.weights.store import check_output, describe, save
from metrics.weights.tensorflow import TensorFlowCheckpoint
from support.errors import UserError, reading

# Networks that need no settings.
_MAKE: dict[str, Callable[[PublishedFile], keras.Model]] = {
    "i3d": make_i3d,
    "inception": make_inception,
}


def convert(
    source: Path,
    output: Path,
    flatten: str | None = None,
    mean: str | Path | None = None,
    classes: Path | None = None,
) -> dict:
    """Writes published weights as a file of our own, with its sidecar.

    Args:
        source: weights of C3D (Caffe, Chainer, Keras, PyTorch), of I3D (a checkpoint of
            TensorFlow, or a folder with one) or of Inception-v3 (Keras). The format is recognised
            by the content.
        output: file to write, ending in .weights.h5.
        flatten: order in which C3D's fc6 counts its inputs, "hwc" or "chw"; by default that of
            the format.
        mean: of C3D's training data, as `metrics.weights.mean` reads it.
        classes: file with the names of the classes, one per line.

    Returns:
        The sidecar.

    Raises:
        UserError: a file is missing, damaged or of another format, or the arrays in it are not
            those of the network.
    """
    source, output = Path(source), Path(output)
    check_output(output)
    if output.exists() and source.exists() and output.samefile(source):
        raise UserError(f"`output` should be another file than `source`. Received: {output}")
    file = open_published(source)
    if file.network != "c3d" and (flatten or mean):
        raise UserError(
            "`flatten` and `mean` should be given for C3D. "
            f"Received: {source}, of {file.network.upper()}"
        )
    cube = None if mean is None else read_mean(mean)
    flatten = flatten or file.flatten
    model = make_c3d(file, flatten) if file.network == "c3d" else _MAKE[file.network](file)
    about = {
        "format": file.format,
        "source": source.name,
        "source_sha256": file.sha256(),
        "flatten": flatten,
        "class_names": classes and _read_classes(classes, describe(model)["num_classes"]),
    }
    return save(model, output, about, cube)


def open_published(path: Path) -> PublishedFile:
    """The published weights at `path`, of any known format and under any name.

    Raises:
        UserError: there are none, or they are damaged.
    """
    start = b""
    if path.is_file():
        with open(path, "rb") as file:
            start = file.read(len(keras_h5.MAGIC))
    if start == keras_h5.MAGIC:
        return KerasFile(path)
    if start.startswith(b"PK"):
        return _open_zip(path)
    if start.startswith(b"\x80"):
        return TorchPickles(path)
    if TensorFlowCheckpoint.matches(path):
        return TensorFlowCheckpoint(path)
    if start.startswith(STARTS):
        return CaffeModel(path)
    found = "no known format" if path.exists() else "no such file"
    raise UserError(
        "`source` should be weights of C3D (Caffe, Chainer, Keras, PyTorch) or of I3D (a "
        f"checkpoint of TensorFlow). Received: {path} ({found})"
    )


def _open_zip(path):
    with reading(path, "zip file", *ZIP_ERRORS), zipfile.ZipFile(path) as archive:
        of_torch = any(name.endswith("/data.pkl") for name in archive.namelist())
    return TorchZip(path) if of_torch else ChainerFile(path)


def _read_classes(path, count):
    with reading(path, "text file", OSError, UnicodeDecodeError):
        text = path.read_text("utf-8-sig")
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if len(names) != count:
        raise UserError(f"{path} should name {count} classes, one per line. Received: {len(names)}")
    return names
