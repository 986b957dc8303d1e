"""C3D as a state dict of PyTorch: conv1.weight, conv1.bias, ... fc8.bias; read without PyTorch.

A pickle is a program. Here it may name an ordered dictionary, tensors and their storages, each of
which is replaced by an inert class; everything else is refused before it is called.
"""

import collections
import os
import pickle
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from metrics.weights.published import MAX_ENTRIES, ZIP_ERRORS, PublishedFile
from support.errors import UserError, reading

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_MAX_BYTES = 2**30  # of a storage; all of C3D has 300 MB
_MAX_PICKLE = 2**24  # bytes of the pickle in a zip
_STORAGES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "DoubleStorage": "<f8"}


class _Storage(NamedTuple):
    key: str
    dtype: str
    size: int  # in numbers

    @property
    def bytes(self):
        return self.size * np.dtype(self.dtype).itemsize


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int  # in numbers, as the strides
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _TorchFile(PublishedFile):
    """A state dict, or a dictionary with one as "state_dict"; names may begin with "module."."""

    format, kind = "pytorch", "file of torch.save"
    errors = (
        *(*ZIP_ERRORS, pickle.UnpicklingError, TypeError, IndexError, AttributeError),
        *(OverflowError, StopIteration),
    )
    name_of, parts = "{layer}.{part}", ("weight", "bias")

    def _find(self):
        state = self._state()
        state = state.get("state_dict", state)
        self._tensors = {name.removeprefix("module."): _check(state[name]) for name in state}
        return {name: tensor.shape for name, tensor in self._tensors.items()}

    def _read(self, name):
        storage, offset, shape, strides = self._tensors[name]
        numbers = self._numbers(storage)
        if len(numbers) != storage.size:
            raise EOFError("its end is missing")
        strides = [stride * numbers.itemsize for stride in strides]
        return np.lib.stride_tricks.as_strided(numbers[offset:], shape, strides, writeable=False)

    def _state(self):
        """The saved value, with `_Tensor`s for tensors."""
        raise NotImplementedError

    def _numbers(self, storage):
        """All numbers of a storage, [size]."""
        raise NotImplementedError


class TorchZip(_TorchFile):
    """The format of PyTorch since 1.6: a zip of `data.pkl` and one entry per storage."""

    def _state(self):
        with zipfile.ZipFile(self.path) as archive:
            entries = archive.namelist()
            pickled = next(entry for entry in entries if entry.endswith("/data.pkl"))
            self._root = pickled.removesuffix("data.pkl")
            order = f"{self._root}byteorder"
            if order in entries and archive.read(order) != b"little":
                raise ValueError("big-endian numbers")
            if archive.getinfo(pickled).file_size > _MAX_PICKLE or len(entries) > MAX_ENTRIES:
                raise ValueError("more than a state dict")
            with archive.open(pickled) as file:
                return _Unpickler(file, self.path).load()

    def _numbers(self, storage):
        with zipfile.ZipFile(self.path) as archive:
            entry = archive.getinfo(f"{self._root}data/{storage.key}")
            if entry.file_size != storage.bytes:
                raise ValueError(f"{entry.file_size} bytes for {storage.size} numbers")
            return np.frombuffer(archive.read(entry), storage.dtype)


class TorchPickles(_TorchFile):
    """The format of PyTorch before 1.6: some pickles, then size and numbers of each storage."""

    def _state(self):
        with open(self.path, "rb") as file:
            if self._load(file) != _MAGIC or self._load(file) != _PROTOCOL:
                raise ValueError("a pickle of something else")
            if not self._load(file)["little_endian"]:
                raise ValueError("big-endian numbers")
            unpickler = _Unpickler(file, self.path)
            state, self._places = unpickler.load(), {}
            for key in self._load(file):
                storage, size = unpickler.storages[key], int.from_bytes(file.read(8), "little")
                if size != storage.size:
                    raise ValueError(f"{size} numbers for {storage.size}")
                self._places[key] = file.tell()
                file.seek(storage.bytes, os.SEEK_CUR)
            return state

    def _numbers(self, storage):
        place = self._places[storage.key]
        return np.fromfile(self.path, storage.dtype, storage.size, offset=place)

    def _load(self, file):
        return _Unpickler(file, self.path).load()


def open_state_dict(path: Path) -> PublishedFile:
    """The state dict at `path`, of either format; raises `UserError` where there is none."""
    with reading(path, _TorchFile.kind, OSError), open(path, "rb") as file:
        is_zip = file.read(2) == b"PK"
    return (TorchZip if is_zip else TorchPickles)(path)


class _Unpickler(pickle._Unpickler):  # In Python: the one in C takes the memory that a memo claims.
    def __init__(self, file, path):
        super().__init__(file)
        self.path, self.storages = path, {}

    def find_class(self, module, name):
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if module == "torch._utils" and name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
            # A new function each time: nothing that a pickle could change for the next one.
            return lambda storage, offset, shape, strides, *_: _Tensor(
                storage, offset, shape, strides
            )
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        raise UserError(
            f"{self.path} should hold only tensors. Received: a pickle that names "
            f"{module}.{name}, which was not called"
        )

    def persistent_load(self, reference):
        kind, dtype, key, _, size, *view = reference
        if kind != "storage" or dtype not in _STORAGES.values() or any(view):
            raise ValueError("a storage of another kind")
        storage = self.storages[key] = _Storage(key, dtype, size)
        if not 0 <= storage.bytes <= _MAX_BYTES:
            raise ValueError(f"a storage of {storage.bytes} bytes")
        return storage


def _check(tensor):
    """`tensor`, if it is one and is within its storage."""
    if not isinstance(tensor, _Tensor):
        raise ValueError(f"{type(tensor).__name__} in place of a tensor")
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((length - 1) * stride for length, stride in steps)
    if min(tensor.offset, *tensor.shape, *tensor.strides) < 0 or last >= tensor.storage.size:
        raise ValueError("a tensor beyond its storage")
    return tensor
