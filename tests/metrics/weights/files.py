"""Writes published files: their real layouts, from a C3D or an I3D of ours."""

import struct
import zipfile
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import tensorflow as tf

from metrics.c3d import C3D
from metrics.i3d import checkpoint_variables

CONVOLUTIONS = ["conv1", "conv2", "conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b"]
LAYERS = [*CONVOLUTIONS, "fc6", "fc7", "fc8"]
CAFFE_LAYERS = ["conv1a", "conv2a", *LAYERS[2:]]


def channels_first(model: C3D) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias of each layer as Caffe, Chainer and PyTorch have them, fc6 in C, H, W."""
    arrays = []
    for layer in map(model.get_layer, LAYERS):
        kernel = layer.kernel.numpy()
        if layer.name == "fc6":
            kernel = np.einsum("hwco->ochw", kernel.reshape(4, 4, -1, kernel.shape[1]))
            kernel = kernel.reshape(len(kernel), -1)
        else:
            kernel = np.einsum("thwio->oithw" if kernel.ndim == 5 else "io->oi", kernel)
        arrays.append((np.ascontiguousarray(kernel), layer.bias.numpy()))
    return arrays


def write_chainer(path: Path, model: C3D):
    arrays = {}
    for name, (kernel, bias) in zip(CAFFE_LAYERS, channels_first(model), strict=True):
        arrays |= {f"{name}/W": kernel, f"{name}/b": bias}
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)


def write_keras2(path: Path, model: C3D, root: str = "/"):
    """As Keras 2.2 does, where the names of a second model's variables have a suffix."""
    with h5py.File(path, "w") as file:
        group = file.require_group(root)
        group.attrs["layer_names"] = [name.encode() for name in ["conv1", "pool1", *LAYERS[1:]]]
        group.attrs["backend"] = b"tensorflow"
        group.create_group("pool1").attrs["weight_names"] = np.array([], "S1")
        for layer in map(model.get_layer, LAYERS):
            scope = f"{layer.name}_1" if layer.name == "conv2" else layer.name
            names = [f"{scope}/kernel:0", f"{scope}/bias:0"]
            for name, variable in zip(names, layer.weights, strict=True):
                group[f"{layer.name}/{name}"] = variable.numpy()
            group[layer.name].attrs["weight_names"] = [name.encode() for name in names]


def write_keras1(path: Path, model: C3D):
    with h5py.File(path, "w") as file:
        for layer in map(model.get_layer, LAYERS):
            names = [f"{layer.name}_W", f"{layer.name}_b"]
            for name, variable in zip(names, layer.weights, strict=True):
                file[f"{layer.name}/{name}"] = variable.numpy()
            file[layer.name].attrs["weight_names"] = [name.encode() for name in names]


def write_caffe(path: Path, model: C3D):
    """C3D 1.0: `layers`, of them some without blobs, and the fully connected ones as "fc6-1"."""
    net = field(1, b"DeepConv3DNet_Sport1M_Val") + field(2, field(4, b"data") + field(5, 33))
    for name, (kernel, bias) in zip(CAFFE_LAYERS, channels_first(model), strict=True):
        if name.startswith("fc"):
            name, kernel = f"{name}-1", kernel[None, None, None]
        blobs = [blob(array, difference=name == "conv1a") for array in (kernel, bias)]
        layer = field(2, b"bottom") + field(4, name.encode()) + field(5, 30)
        layer += b"".join(field(6, b) for b in blobs)
        net += field(2, layer + b"\x3d\x00\x00\x80\x3f")  # blobs_lr: 1, a fixed 32-bit field 7
        net += field(2, field(4, b"relu" + name.encode()[-2:]))
    path.write_bytes(net)


def write_caffe_1_1(path: Path, model: C3D):
    """C3D 1.1: `layer`, whose blobs have a BlobShape."""
    net = field(1, b"c3d")
    for name, arrays in zip(CAFFE_LAYERS, channels_first(model), strict=True):
        layer = field(1, name.encode()) + field(2, b"Convolution3D")
        for array in arrays:
            shape = field(1, b"".join(varint(size) for size in array.shape))
            layer += field(7, field(5, array.astype("<f4").tobytes()) + field(7, shape))
        net += field(100, layer)
    path.write_bytes(net)


def blob(array: np.ndarray, difference: bool = False) -> bytes:
    """A BlobProto of C3D 1.0: five sizes, the data in field 6, perhaps gradients in field 7."""
    sizes = (1,) * (5 - array.ndim) + array.shape
    data = array.astype("<f4").tobytes()
    written = b"".join(field(1 + i, size) for i, size in enumerate(sizes)) + field(6, data)
    return written + field(7, bytes(len(data))) if difference else written


def field(number: int, value: int | bytes) -> bytes:
    """A field on the wire: an integer, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


class Global(NamedTuple):
    """What a pickle names."""

    module: str
    name: str


class Call(NamedTuple):
    """What a pickle calls, then fills with items."""

    function: Global
    arguments: tuple
    items: dict = {}  # noqa: RUF012


class Reference(NamedTuple):
    """What a pickle leaves to its reader."""

    key: tuple


def pickled(value) -> bytes:
    """A pickle of protocol 2, written opcode by opcode: it may name what is not installed."""
    return b"\x80\x02" + _opcodes(value) + b"."


def _opcodes(value):
    match value:
        case Global():
            return f"c{value.module}\n{value.name}\n".encode()
        case Call():
            made = _opcodes(value.function) + _opcodes(value.arguments) + b"R"
            return made + b"(" + _joined(x for item in value.items.items() for x in item) + b"u"
        case Reference():
            return _opcodes(value.key) + b"Q"
        case bool():
            return b"\x88" if value else b"\x89"
        case int():
            data = value.to_bytes(10, "little") if value >= 1 << 31 else struct.pack("<i", value)
            return b"\x8a\x0a" + data if value >= 1 << 31 else b"J" + data
        case str():
            return b"X" + struct.pack("<I", len(value)) + value.encode()
        case tuple():
            return b"(" + _joined(value) + b"t"
        case list():
            return b"](" + _joined(value) + b"e"
        case dict():
            return b"}(" + _joined(x for item in value.items() for x in item) + b"u"
        case None:
            return b"N"


def _references(value) -> set[str]:
    """The keys of the storages that `value` refers to."""
    match value:
        case Reference(key=("storage", _, key, *_)):
            return {key}
        case Call():
            return _references(value.arguments) | _references(value.items)
        case dict():
            return _references(list(value.values()))
        case tuple() | list():
            return set().union(*map(_references, value))
    return set()


def _joined(values):
    return b"".join(map(_opcodes, values))


def state_dict(arrays: dict[str, np.ndarray], old: bool = False) -> Call:
    """A state dict as PyTorch pickles it; storages are numbered from 0 on."""
    items = {}
    for index, (name, array) in enumerate(arrays.items()):
        storage = ("storage", Global("torch", "FloatStorage"), str(index), "cpu", array.size)
        strides = tuple(stride // 4 for stride in array.strides)
        arguments = (Reference((*storage, None) if old else storage), 0, array.shape, strides)
        hooks = Call(Global("collections", "OrderedDict"), ())
        items[name] = Call(Global("torch._utils", "_rebuild_tensor_v2"), (*arguments, False, hooks))
    return Call(Global("collections", "OrderedDict"), (), items)


def torch_arrays(model: C3D) -> dict[str, np.ndarray]:
    arrays = {}
    for name, (kernel, bias) in zip(LAYERS, channels_first(model), strict=True):
        arrays |= {f"{name}.weight": kernel, f"{name}.bias": bias}
    return arrays


def write_torch_zip(path: Path, model: C3D):
    save_torch_zip(path, state_dict(torch_arrays(model)), torch_arrays(model).values())


def save_torch_zip(path: Path, value, storages):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("c3d/data.pkl", pickled(value))
        archive.writestr("c3d/byteorder", "little")
        for index, array in enumerate(storages):
            archive.writestr(f"c3d/data/{index}", array.tobytes())
        archive.writestr("c3d/version", "3\n")


def write_torch_pickles(path: Path, model: C3D):
    arrays = torch_arrays(model)
    save_torch_pickles(path, state_dict(arrays, old=True), arrays.values())


def save_torch_pickles(path: Path, value, storages):
    about = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
    keys = sorted(_references(value))
    parts = (0x1950A86A20F9469CFC6C, 1001, about, value, keys)
    storages = list(storages)
    data = [struct.pack("<q", storages[int(k)].size) + storages[int(k)].tobytes() for k in keys]
    path.write_bytes(b"".join(map(pickled, parts)) + b"".join(data))


def i3d_arrays(model) -> dict[str, np.ndarray]:
    """By DeepMind's names; all that is not a kernel or a bias is [1, 1, 1, 1, maps] there."""
    return {
        name: v.numpy().reshape(1, 1, 1, 1, -1) if "/batch_norm/" in name else v.numpy()
        for name, v in checkpoint_variables(model).items()
    }


def write_checkpoint(prefix: Path, arrays: dict[str, np.ndarray]):
    """A checkpoint by names, as TensorFlow 1 writes it."""
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(arrays),
        shape_and_slices=[""] * len(arrays),
        tensors=list(arrays.values()),
    )


C3D_FORMATS = {
    "caffe": write_caffe,
    "caffe_1_1": write_caffe_1_1,
    "chainer": write_chainer,
    "keras1": write_keras1,
    "keras2": write_keras2,
    "torch_pickles": write_torch_pickles,
    "torch_zip": write_torch_zip,
}
