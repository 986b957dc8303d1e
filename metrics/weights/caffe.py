"""C3D as its own fork of Caffe saves it, read from the wire format of Protocol Buffers.

The layers of a NetParameter are read (field 2; 100 in version 1.1 of C3D), with their names and
blobs. In version 1.0 a blob has five sizes (fields 1 to 5) and its data in field 6; in version 1.1
the data are in field 5 and the sizes in a BlobShape, field 7.
"""

import itertools
import math
import mmap
from pathlib import Path

import numpy as np

from metrics.weights.published import PublishedFile
from support.errors import reading

STARTS = (b"\x0a", b"\x12", b"\xa2\x06")  # first bytes of the fields 1, 2 and 100
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LAYERS = {2: (4, 6), 100: (1, 7)}  # number of a layer's field: those of its name and its blobs
_MAX_AXES = 8  # of an array
_MAX_FIELDS = 1000  # of one message; C3D has about 30 layers


class CaffeModel(PublishedFile):
    """Blobs are named "conv1a/0" (kernel) and "conv1a/1" (bias); "fc6-1" is "fc6" as well."""

    format, kind = "caffe", "caffemodel"
    errors = (OSError, ValueError, TypeError, KeyError, OverflowError)
    name_of, parts = "{caffe_layer}/{part}", ("0", "1")

    def _find(self):
        self._buffer, self._places, shapes = _open(self.path), {}, {}
        for number, layer in _fields(self._buffer, 0, len(self._buffer)):
            if number in _LAYERS:
                name, blobs = _layer(self._buffer, layer, *_LAYERS[number])
                for index, blob in enumerate(blobs):
                    key = f"{name.removesuffix('-1')}/{index}"
                    shapes[key], self._places[key] = _blob(self._buffer, blob)
        return shapes

    def _read(self, name):
        return _floats(self._buffer, self.shapes[name], self._places[name])


def read_blob(path: Path) -> np.ndarray:
    """The array of a file that is one blob, such as a mean (.binaryproto).

    Raises:
        UserError: it is none.
    """
    with reading(path, "binaryproto", *CaffeModel.errors):
        buffer = _open(path)
        return _floats(buffer, *_blob(buffer, (0, len(buffer))))


def _open(path):
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _layer(buffer, place, name_field, blobs_field):
    """A layer's name, and the places of its blobs."""
    name, blobs = "", []
    for number, value in _fields(buffer, *place):
        if number == name_field:
            name = buffer[slice(*value)].decode()
        elif number == blobs_field:
            blobs.append(value)
    return name, blobs


def _blob(buffer, place):
    """A blob's shape, and the place of its floats."""
    fields = dict(_fields(buffer, *place))
    if isinstance(fields.get(5), tuple):
        shape, data = _packed_varints(buffer, dict(_fields(buffer, *fields[7]))[1]), fields[5]
    else:
        shape, data = [fields.get(number, 0) for number in range(1, 6)], fields[6]
    if 4 * math.prod(shape) != data[1] - data[0]:
        raise ValueError(f"{data[1] - data[0]} bytes for {shape} floats")
    return shape, data


def _floats(buffer, shape, place):
    data = np.frombuffer(buffer, "<f4", math.prod(shape), place[0])
    return data.reshape(shape)


def _fields(buffer, at, end):
    """Yields each field's number with its integer, or with (begin, end) of its bytes."""
    for count in itertools.count():
        if at >= end:
            return
        if count == _MAX_FIELDS:
            raise ValueError(f"a message of more than {_MAX_FIELDS} fields")
        tag, at = _varint(buffer, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(buffer, at)
        elif wire in (_BYTES, _FIXED32, _FIXED64):
            length, at = _varint(buffer, at) if wire == _BYTES else ({1: 8, 5: 4}[wire], at)
            value, at = (at, at + length), at + length
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at > end:
            raise ValueError(f"a field that ends at byte {at} of {end}")
        yield number, value


def _varint(buffer, at):
    """A number in groups of seven bits, the lowest first, and the place after it."""
    value, shift = 0, 0
    while True:
        if at >= len(buffer):
            raise ValueError("its end is missing")
        byte = buffer[at]
        value, at, shift = value | (byte & 0x7F) << shift, at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError(f"no number at byte {at}")


def _packed_varints(buffer, place):
    at, end = place
    values = []
    while at < end:
        value, at = _varint(buffer, at)
        values.append(value)
        if len(values) > _MAX_AXES:
            raise ValueError(f"an array of more than {_MAX_AXES} axes")
    return values
