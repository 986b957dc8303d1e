"""The exception for users' mistakes, and messages of libraries' errors."""

import contextlib
import re
from pathlib import Path


class UserError(ValueError):
    """A flag, a file or a setting is wrong: a sentence with what was expected and received."""


@contextlib.contextmanager
def reading(path: Path, kind: str, *errors: type[Exception]):
    """Converts `errors` raised while reading `path` into a one-line `UserError`."""
    try:
        yield
    except UserError:
        raise
    except errors as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{path} should be a whole {kind}. Received: {reason}") from error


def short_message(error: Exception) -> str:
    """The message of an error, without the nodes of TensorFlow's graph."""
    message = getattr(error, "message", str(error))
    return re.sub(r"\s*(\{\{.*?\}\}|\[\[.*|\[Op:.*)", "", message, flags=re.DOTALL).strip()
