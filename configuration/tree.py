"""Settings as plain values and back, with their types checked."""

import ast
import dataclasses
import functools
import math
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from support.errors import UserError

# {type of a section: {name: a function that returns one of its kinds}}
Choices = Mapping[Any, Mapping[str, Any]]


def keys(settings: Any, prefix: str = "") -> Iterator[str]:
    """Dotted names of all settings below a dataclass, such as "train.seed"."""
    for field in dataclasses.fields(settings):
        below = getattr(settings, field.name)
        if dataclasses.is_dataclass(below):
            yield from keys(below, f"{prefix}{field.name}.")
        elif field.name != "kind":
            yield prefix + field.name


def tables(settings: Any) -> set[str]:
    """The `keys` whose values are tables of sizes."""

    def value(key):
        return functools.reduce(getattr, key.split("."), settings)

    return {key for key in keys(settings) if isinstance(value(key), dict)}


def put(tree: dict, key: str, text: str):
    """Sets the value of `key` in a tree of plain values; "a.b.64" is an entry of a table."""
    *path, last = key.split(".")
    for name in path:
        if not isinstance(tree[name], dict):  # A table that was given as one value for all sizes.
            tree[name] = {4: tree[name]}
        tree = tree[name]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = {"true": True, "false": False}.get(text.lower(), text)
    tree[int(last) if last.isdecimal() else last] = value


def typed(kind: Any, value: Any, choices: Choices, key: str = "") -> Any:
    """`value` (plain, perhaps from JSON) as `kind`, where the two fit without loss.

    Args:
        kind: a dataclass, a key of `choices`, a table of sizes, a tuple, or a plain type.
        value: plain values, nested as `kind` is.
        choices: for sections of which there are several kinds, by their "kind".
        key: the name of the value, for messages.

    Raises:
        UserError: an unknown or a missing setting, or a value of another type.
    """
    if kind in choices:
        kinds = {
            chosen.kind: type(chosen) for chosen in (make() for make in choices[kind].values())
        }
        value = {"kind": value} if isinstance(value, str) else value  # A kind with its defaults.
        chosen = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(chosen, str) or chosen not in kinds:
            raise UserError(f"`{key}` should be one of {', '.join(kinds)}. Received: {value}")
        kind = kinds[chosen]
    if dataclasses.is_dataclass(kind):
        return _section(kind, value, choices, key)
    if typing.get_origin(kind) is dict:
        return _table(kind, value, choices, key)
    if typing.get_origin(kind) is tuple:
        of_value, _ = typing.get_args(kind)
        value = value if isinstance(value, list | tuple) else [value]
        return tuple(typed(of_value, item, choices, key) for item in value)
    if kind is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if kind is str and type(value) in (int, float):  # As `put` reads a text of digits.
        return str(value)
    if kind is not float and type(value) is kind:
        return value
    raise UserError(f"`{key}` should be {kind.__name__}. Received: {value!r}")


def _section(kind, value, choices, key):
    if not isinstance(value, dict):
        raise UserError(f"`{key or 'config'}` should hold settings. Received: {value!r}")
    fields, hints = {f.name: f for f in dataclasses.fields(kind)}, typing.get_type_hints(kind)
    names = {name: f"{key}.{name}".lstrip(".") for name in (*fields, *value)}
    if unknown := [names[name] for name in value if name not in fields]:
        raise UserError(f"A config should hold known settings. Received: {', '.join(unknown)}")
    for name, field in fields.items():
        optional = field.default is not field.default_factory  # One of them is not MISSING.
        if name not in value and not optional:
            raise UserError(f"A config should hold `{names[name]}`. Received: {list(value)}")
    return kind(**{k: typed(hints[k], v, choices, names[k]) for k, v in value.items()})


def _table(kind, value, choices, key):
    _, of_value = typing.get_args(kind)
    value = value if isinstance(value, dict) else {4: value}  # One for all sizes.
    for size in value:
        if not str(size).isdecimal():
            raise UserError(f"`{key}` should be keyed by sizes. Received: {size!r}")
    table = {int(k): typed(of_value, v, choices, f"{key}.{k}") for k, v in value.items()}
    return dict(sorted(table.items()))
