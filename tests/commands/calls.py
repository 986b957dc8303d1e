"""Commands as the scripts call them, in this process."""

import importlib

from commands import script


def call(command: str, *flags) -> int | None:
    """Runs the command of this name."""
    return script.call(importlib.import_module(f"commands.{command}"), [str(f) for f in flags])
