"""I3D as a checkpoint of TensorFlow: DeepMind's `rgb_imagenet`, or TF-Hub's i3d-kinetics-400."""

import glob
import tempfile
from pathlib import Path

import tensorflow as tf

from metrics.weights.published import PublishedFile
from support.errors import UserError

_INDEX = ".index"


class TensorFlowCheckpoint(PublishedFile):
    """A checkpoint by its prefix or its .index file, or a folder that holds it.

    The folder may be a SavedModel: it is not run, only its variables are read.
    """

    network = "i3d"
    format, kind = "tensorflow", "checkpoint"
    errors = (tf.errors.OpError, ValueError, RuntimeError, IndexError)
    channels_first, flatten = False, None

    @staticmethod
    def matches(path: Path) -> bool:
        """Whether there is a folder at `path`, or the index of a checkpoint."""
        return path.is_dir() or _index(path).is_file()

    def _find(self):
        self._index = _index(self.path)
        # TensorFlow takes characters such as [ in a path for a pattern: it reads through links.
        self._links = tempfile.TemporaryDirectory()
        prefix = Path(self._links.name) / "checkpoint"
        for file in self._files():
            suffix = file.name.removeprefix(self._index.stem)
            prefix.with_name(prefix.name + suffix).symlink_to(file.absolute())
        self._reader = tf.train.load_checkpoint(str(prefix))
        return self._reader.get_variable_to_shape_map()

    def _read(self, name):
        return self._reader.get_tensor(name)

    def _files(self):
        name = glob.escape(self._index.stem)
        return [self._index, *sorted(self._index.parent.glob(f"{name}.data-*"))]


def _index(path):
    if path.is_dir():
        found = [*path.glob(f"variables/variables{_INDEX}"), *path.glob(f"*{_INDEX}")]
        if len(found) != 1:
            raise UserError(
                f"{path} should hold one checkpoint, or a SavedModel. "
                f"Received: {len(found)} files {_INDEX}"
            )
        return found[0]
    return path if path.suffix == _INDEX else path.with_name(path.name + _INDEX)
