"""Arrays in .npy files that somebody else may have written."""

import tokenize
from pathlib import Path

import numpy as np

from support.errors import UserError

_ERRORS = (
    *(OSError, EOFError, ValueError, TypeError, OverflowError, MemoryError, RecursionError),
    *(SyntaxError, tokenize.TokenError),
)


def open_array(path: Path | str) -> np.ndarray:
    """The array of a .npy file, mapped into memory: only what is used is read.

    The file holds all numbers that it states: no memory is taken for those of a false header.

    Raises:
        UserError: no such file, or none that holds one array of numbers.
    """
    try:
        with np.errstate(over="ignore"):  # A false size raises an error too.
            array = np.load(path, mmap_mode="r", allow_pickle=False)
    except _ERRORS as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0].rstrip(".")
        raise UserError(f"Cannot read {path}: {reason}. It should be a .npy file.") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise UserError(f"Cannot read {path}: it is a zip file. It should be a .npy file.")
    return array
