"""Work that is resumed keeps the settings that it was started with."""

import json
from pathlib import Path
from typing import Any

from support.errors import UserError

_MAX_LISTED = 5


def check_same(path: Path | str, before: dict, now: dict, advice: str):
    """Raises `UserError` where the settings differ from those that `path` was created with.

    Args:
        path: what would be resumed.
        before: its settings, plain values by name; may be nested.
        now: the settings that were given.
        advice: a sentence that says what to do; it ends the message.
    """
    changed = differences(before, now)
    if not changed:
        return
    listed = list(changed.items())[:_MAX_LISTED]
    there = ", ".join(f"{key}={_text(old)}" for key, (old, _) in listed)
    here = ", ".join(f"{key}={_text(new)}" for key, (_, new) in listed)
    verb = "was" if len(listed) == 1 else "were"
    if more := len(changed) - len(listed):
        here += f" (and {more} more)"
    raise UserError(
        f"Cannot resume {path}: it was created with {there}, but {here} {verb} given. {advice}"
    )


def differences(before: dict, now: dict) -> dict[str, tuple[Any, Any]]:
    """{name: (value before, value now)} of all settings that differ, sorted by name.

    Nested settings are named with dots ("train.seed"). None stands for a value that is missing, and
    tuples equal lists, as both are the same in JSON.
    """
    before, now = (_flatten(json.loads(json.dumps(settings))) for settings in (before, now))
    return {
        key: (before.get(key), now.get(key))
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    }


def _flatten(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    leaves = {}
    for key, value in tree.items():
        leaves |= _flatten(value, f"{prefix}.{key}" if prefix else key)
    return leaves


def _text(value):
    return "none" if value is None else str(value)
