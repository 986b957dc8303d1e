"""Imports TensorFlow without its startup log.

The log is written by C++ code before any setting of ours can silence it. It is held back while
TensorFlow is imported and lists devices, and printed if that fails.
"""

import contextlib
import os
import sys
import tempfile

from support.interrupt import exit_at_once


def import_tensorflow():
    """Imports TensorFlow and Keras, and finds the devices; takes seconds the first time."""
    if "tensorflow" in sys.modules:
        return
    with exit_at_once(), _held_back():
        import absl.logging

        absl.logging.set_verbosity(absl.logging.ERROR)
        import keras  # noqa: F401
        import tensorflow as tf

        from support import autograph

        autograph.keep_in_memory()
        tf.config.list_physical_devices()


@contextlib.contextmanager
def _held_back():
    """Holds back what is written to file descriptor 2, and writes it after an error."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(stderr, log.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
