"""Copies the arrays of a published file into the network that they belong to."""

import re
from collections.abc import Callable

import keras
import numpy as np

from metrics.c3d import C3D
from metrics.i3d import I3D, checkpoint_variables
from metrics.inception import Inception
from metrics.weights.published import PublishedFile
from support.errors import UserError

_CAFFE_LAYERS = {"conv1": "conv1a", "conv2": "conv2a"}  # Other names are the same.
_CHANNELS_FIRST = {5: (4, 3, 0, 1, 2), 2: (1, 0)}  # axes of a kernel there, counted as ours
MAX_WIDTH = 64
MAX_CLASSES = 10_000
_MAX_NAMES = 5  # that a message lists
_SIDE = 4  # rows and columns that C3D's last pool leaves
_SCOPE = "RGB/inception_i3d/"


def make_c3d(file: PublishedFile, flatten: str | None) -> C3D:
    """The C3D whose arrays are in `file`.

    Args:
        file: with the arrays; width and number of classes follow from them.
        flatten: order in which fc6 counts its inputs: "hwc" or "chw".

    Raises:
        UserError: an array is missing, superfluous, of another shape, or not finite.
    """

    def name(layer, part):
        caffe_layer = _CAFFE_LAYERS.get(layer, layer)
        part = file.parts[part != "kernel"]
        return file.name_of.format(layer=layer, caffe_layer=caffe_layer, part=part)

    width = _length(file, name("conv1", "bias"), MAX_WIDTH)
    model = C3D(_length(file, name("fc8", "bias"), MAX_CLASSES), width)
    variables = {name(v.path.split("/")[-2], v.name): v for v in model.trainable_variables}
    first = name("fc6", "kernel")
    _fill(file, variables, {first: _rows_last} if flatten == "chw" else {})
    return model


def make_i3d(file: PublishedFile) -> I3D:
    """The I3D whose arrays are in `file`, as `make_c3d`.

    The scope of the names, "RGB/inception_i3d/" in DeepMind's file, may be another one. Arrays
    outside of it are ignored.
    """
    scope = _scope(file.shapes)
    model = I3D(_length(file, f"{scope}Logits/Conv3d_0c_1x1/conv_3d/b", MAX_CLASSES))
    variables = checkpoint_variables(model).items()
    _fill(file, {scope + name.removeprefix(_SCOPE): v for name, v in variables}, {}, scope)
    return model


def make_inception(file: PublishedFile) -> Inception:
    """The Inception-v3 whose arrays are in `file`, as `make_c3d`.

    Keras numbers layers in the order in which they are made, from another number in each process.
    """
    model = Inception(_length(file, "predictions/bias", MAX_CLASSES))
    variables = {}
    for kind in ("conv2d", "batch_normalization"):
        ours = [layer for layer in model.network.layers if _is_of(layer.name, kind)]
        names = {name.partition("/")[0] for name in file.shapes}
        theirs = sorted((n for n in names if _is_of(n, kind)), key=_last_number)
        ours.sort(key=lambda layer: _last_number(layer.name))
        for index, layer in enumerate(ours):
            name = theirs[index] if index < len(theirs) else f"{kind}_{index + 1}"
            variables |= _arrays_of(file, name, layer)
    variables |= _arrays_of(file, "predictions", model.network.get_layer("predictions"))
    _fill(file, variables, {})
    return model


def _arrays_of(file, name, layer):
    """The variables of a layer by their names in a file of Keras."""
    parts = [*file.parts, 2]  # A third array has no name there.
    return {f"{name}/{part}": v for part, v in zip(parts, layer.weights, strict=False)}


def _is_of(name, kind):
    return re.fullmatch(rf"{kind}(_\d+)?", name) is not None


def _last_number(name):
    return int(name.rpartition("_")[2]) if name[-1].isdigit() and "_" in name else 0


def _scope(names):
    """The prefix of the known names, if there is exactly one."""
    first = "Conv3d_1a_7x7/conv_3d/w"
    scopes = [name.removesuffix(first) for name in names if f"/{name}".endswith(f"/{first}")]
    return scopes[0] if len(scopes) == 1 else _SCOPE


def _length(file, name, max_length):
    """The length of a bias; 2 where there is none, which `_fill` reports."""
    shape = file.shapes.get(name, (2,))
    if (
        shape != (1,) * (len(shape) - 1) + shape[-1:]
        or not shape
        or not 1 <= shape[-1] <= max_length
    ):
        raise UserError(
            f"{file.path} should hold 1 to {max_length} numbers at {name}. "
            f"Received: shape {list(shape)}"
        )
    return shape[-1]


def _fill(
    file: PublishedFile,
    variables: dict[str, keras.Variable],
    rearrange: dict[str, Callable],
    scope: str = "",
):
    """Assigns the arrays of `file` to the variables, which are given by their names there."""
    _check_names(file, variables, scope)
    for name, variable in variables.items():
        _check_shape(file, name, _shape_there(file, variable))
    for name, variable in variables.items():
        array = file.read(name).reshape(_shape_there(file, variable))
        array = array.transpose(np.argsort(_order(file, variable)))
        variable.assign(rearrange.get(name, np.asarray)(array))


def _check_names(file, variables, scope):
    there = {name for name in file.shapes if name.startswith(scope)}
    missing, superfluous = sorted(variables.keys() - there), sorted(there - variables.keys())
    if missing or superfluous:
        found = [f"without {_listed(missing)}"] * bool(missing)
        found += [f"with {_listed(superfluous)}"] * bool(superfluous)
        raise UserError(
            f"{file.path} should hold the arrays of {file.network.upper()}, and no others. "
            f"Received: {', and '.join(found)}"
        )


def _listed(names):
    more = len(names) - _MAX_NAMES
    listed = ", ".join(ascii(name)[1:-1] for name in names[:_MAX_NAMES])
    return f"{listed} and {more} more" if more > 0 else listed


def _check_shape(file, name, shape):
    """Raises `UserError` for another shape; additional leading axes of length 1 are allowed."""
    found = file.shapes[name]
    if found != (1,) * (len(found) - len(shape)) + shape:
        raise UserError(
            f"{file.path} should hold {name} of shape {list(shape)}. Received: {list(found)}"
        )


def _shape_there(file, variable):
    return tuple(variable.shape[axis] for axis in _order(file, variable))


def _order(file, variable):
    """The axes of a variable in the order of the file."""
    ours = tuple(range(len(variable.shape)))
    return _CHANNELS_FIRST.get(len(ours), ours) if file.channels_first else ours


def _rows_last(kernel):
    """fc6's kernel [C x H x W, out] as [H x W x C, out]."""
    kernel = kernel.reshape(-1, _SIDE, _SIDE, kernel.shape[-1])  # [CHWO]
    return kernel.transpose(1, 2, 0, 3).reshape(-1, kernel.shape[-1])
