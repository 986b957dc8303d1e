"""C3D and Inception-v3 as Keras 1 and 2 save them: HDF5 with one group per layer."""

from metrics.weights.published import PublishedFile
from support.errors import UserError
from support.weights import open_hdf5

MAGIC = b"\x89HDF\r\n\x1a\n"


class KerasFile(PublishedFile):
    """Each layer's group names its arrays in the attribute `weight_names`, the kernel first.

    The groups are at the root, or in `model_weights` where the whole model was saved. Keras 2 puts
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
        if any(name.startswith("batch_normalization") for name in shapes):
            self.network, self.flatten = "inception", None
        return shapes

    def _read(self, name):
        with open_hdf5(self.path) as file:
            return file[self._places[name]][()]
