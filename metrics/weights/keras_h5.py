"""C3D as Keras 1 and 2 save it: HDF5 with a group a layer."""

import contextlib
from pathlib import Path

import h5py

from metrics.weights.published import PublishedFile
from support.errors import UserError

MAGIC = b"\x89HDF\r\n\x1a\n"


class KerasFile(PublishedFile):
    """Each layer's group names its arrays in the attribute `weight_names`, the kernel first.

    The groups lie at the root, or in `model_weights` where the whole model was saved. Keras 2 puts
    an array at "conv1/conv1/kernel:0" or "conv1/conv1_1/kernel:0", Keras 1 at "conv1/conv1_W".
    """

    format, kind = "keras", "HDF5 file"
    errors = (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError)
    name_of, parts = "{layer}/{part}", ("kernel", "bias")
    channels_first, flatten = False, "hwc"

    def _find(self):
        self._places, shapes = {}, {}
        with open_hdf5(self.path) as file:
            layers = file.get("model_weights", file)
            for layer in layers:
                for index, place in enumerate(layers[layer].attrs.get("weight_names", ())):
                    place = place.decode() if isinstance(place, bytes) else place
                    part = self.parts[index] if index < len(self.parts) else index
                    array = layers[layer][place]
                    self._places[f"{layer}/{part}"] = array.name
                    shapes[f"{layer}/{part}"] = array.shape
        if not shapes:
            raise UserError(
                f"{self.path} should hold layers with `weight_names`, as Keras 1 and 2 save them. "
                "Received: none"
            )
        return shapes

    def _read(self, name):
        with open_hdf5(self.path) as file:
            return file[self._places[name]][()]


@contextlib.contextmanager
def open_hdf5(path: Path):
    """Opens an HDF5 file that holds its data itself.

    Raises:
        UserError: it has soft or external links, or data that lie in other files.
    """
    with h5py.File(path, "r") as file:
        found = file.id.links.visit(_find_link, info=True) or file.visititems(_find_elsewhere)
        if found:
            raise UserError(f"{path} should hold its data itself. Received: {found}")
        yield file


def _find_link(name, info):
    return None if info.type == h5py.h5l.TYPE_HARD else f"a link at {name.decode()}"


def _find_elsewhere(name, data):
    elsewhere = isinstance(data, h5py.Dataset) and (data.external or data.is_virtual)
    return f"{name} in another file" if elsewhere else None
