"""JSON that somebody else may have written: read within bounds, and checked against a schema.

A schema is

    int, float, str, bool, dict, list    a value of this type; a float may be written as a whole
                                         number, and no number is NaN or infinite
    A | B                                either type
    [schema]                             a list of such values
    {str: schema}                        an object of such values
    {"key": schema, "more?": schema}     an object with these keys; `more` may be missing, and other
                                         keys are allowed
    object                               any value
"""

import json
import reprlib
import sys
import types
from pathlib import Path
from typing import Any

from support.errors import UserError

MAX_BYTES = 2**26
_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
_NAMES |= {dict: "an object", list: "a list", type(None): "null"}


def read_json(path: Path | str, schema: Any = object, max_bytes: int = MAX_BYTES) -> Any:
    """The value in a JSON file.

    Raises:
        UserError: no such file, one that cannot be read or is larger than `max_bytes`, no JSON, or
            JSON that does not match the schema; names the file and the place in it.
    """
    try:
        with open(path, "rb") as file:
            text = file.read(max_bytes + 1)
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    if len(text) > max_bytes:
        raise UserError(f"Cannot read {path}: it has more than {max_bytes} bytes.")
    return parse_json(text, path, schema)


def parse_json(text: bytes | str, path: Path | str, schema: Any = object) -> Any:
    """The value of JSON text that was read from `path`; raises `UserError` as `read_json` does."""
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(text)
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot read {path}: it is not UTF-8 text.") from error
    except RecursionError as error:
        raise UserError(f"Cannot read {path}: its JSON is nested too deep.") from error
    except ValueError as error:
        raise UserError(f"Cannot read {path}: it is not JSON ({error}).") from error
    check_schema(value, schema, path)
    return value


def check_schema(value: Any, schema: Any, path: Path | str, place: str = ""):
    """Raises `UserError` where a value that was read from `path` does not match the schema."""
    if isinstance(schema, list):
        _check_type(value, list, path, place)
        for i, item in enumerate(value):
            check_schema(item, schema[0], path, f"{place}[{i}]")
    elif isinstance(schema, dict):
        _check_type(value, dict, path, place)
        inner = dict.fromkeys(value, schema[str]) if str in schema else schema
        for key, part in inner.items():
            name = key if str in schema else key.removesuffix("?")
            below = f"{place}.{name}" if place else name
            if name in value:
                check_schema(value[name], part, path, below)
            elif name == key:
                raise UserError(f"Cannot read {path}: `{below}` is missing.")
    elif schema is not object:
        _check_type(value, schema, path, place)


def _check_type(value, kind, path, place):
    kinds = kind.__args__ if isinstance(kind, types.UnionType) else (kind,)
    if not any(_is_a(value, one) for one in kinds):
        names = " or ".join(_NAMES[one] for one in kinds)
        where = f"`{place}`" if place else "its content"
        raise UserError(
            f"Cannot read {path}: {where} should be {names}. Received: {reprlib.repr(value)}"
        )


def _is_a(value, kind):
    if kind is float:
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    return type(value) is kind
