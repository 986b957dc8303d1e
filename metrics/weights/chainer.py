"""C3D as Chainer's `save_npz` writes it: conv1a/W, conv1a/b, ... fc8/b."""

import zipfile

import numpy as np

from metrics.weights.published import MAX_ENTRIES, ZIP_ERRORS, PublishedFile

_SUFFIX = ".npy"


class ChainerFile(PublishedFile):
    """A zip of arrays, compressed or not."""

    format, kind = "chainer", "npz file"
    errors = ZIP_ERRORS
    name_of, parts = "{caffe_layer}/{part}", ("W", "b")

    def _find(self):
        with zipfile.ZipFile(self.path) as archive:
            names = archive.namelist()
            if len(names) > MAX_ENTRIES:
                raise ValueError(f"{len(names)} entries")
            return {name.removesuffix(_SUFFIX): _shape(archive, name) for name in names}

    def _read(self, name):
        with zipfile.ZipFile(self.path) as archive, archive.open(name + _SUFFIX) as file:
            return np.lib.format.read_array(file, allow_pickle=False)


def _shape(archive, name):
    with archive.open(name) as file:
        first = np.lib.format.read_magic(file) == (1, 0)
        header = "read_array_header_1_0" if first else "read_array_header_2_0"
        shape, _, dtype = getattr(np.lib.format, header)(file)
    if dtype.kind != "f" or min(shape, default=0) < 0:
        raise ValueError(f"{dtype} {list(shape)} at {name}")
    return shape
