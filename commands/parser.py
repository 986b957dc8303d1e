"""Flags: parsed, checked and documented in one dialect, on top of argparse."""

import argparse
import dataclasses
import difflib
import math
import re
from collections.abc import Container, Iterable

from support.errors import UserError
from support.settings import Bounds

_MAX_SEEDS = 100_000


@dataclasses.dataclass(frozen=True)
class Number:
    """The type of a flag that takes a number within bounds."""

    kind: type
    bounds: Bounds = Bounds()

    def __call__(self, text: str) -> float:
        """The number that `text` states; raises `ArgumentTypeError` unless it is within bounds."""
        name = "a whole number" if self.kind is int else "a number"
        try:
            value = self.kind(text)
            if not math.isfinite(value):
                raise ValueError
        except (ValueError, OverflowError):
            raise argparse.ArgumentTypeError(f"should be {name}. Received: {text}") from None
        if not self.bounds.allow(value):
            raise argparse.ArgumentTypeError(f"should be {self}. Received: {text}")
        return value

    def __str__(self):
        return str(self.bounds)


def whole(minimum: float | None = None, maximum: float | None = None) -> Number:
    """A whole number within bounds, which are allowed too."""
    return Number(int, Bounds(minimum=minimum, maximum=maximum))


def real(minimum: float | None = None, maximum: float | None = None) -> Number:
    """A number within bounds, which are allowed too; NaN is outside of any."""
    return Number(float, Bounds(minimum=minimum, maximum=maximum))


def seed_list(text: str) -> list[int]:
    """The seeds that `text` lists, such as "0-63,100"; raises `ArgumentTypeError` otherwise."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part.strip())
        first, last = (int(n or match[1]) for n in match.groups()) if match else (0, -1)
        if last < first or len(seeds) + last - first >= _MAX_SEEDS:
            raise argparse.ArgumentTypeError(
                f"should list up to {_MAX_SEEDS} seeds, such as 0-63,100. Received: {text}"
            )
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        raise argparse.ArgumentTypeError(f"should list each seed once. Received: {text}")
    return seeds


@dataclasses.dataclass(frozen=True)
class OneOf:
    """The type of a flag that takes one of some names."""

    names: tuple[str, ...]

    def __call__(self, text: str) -> str:
        """`text`; raises `ArgumentTypeError` unless it is one of the names."""
        if text not in self.names:
            raise argparse.ArgumentTypeError(f"should be {self}. Received: {text}")
        return text

    def __str__(self):
        return f"one of {', '.join(self.names)}"


def one_of(names: Iterable[str]) -> OneOf:
    """One of some names."""
    return OneOf(tuple(names))


class Parser(argparse.ArgumentParser):
    """A parser whose errors are a `UserError`, and whose help shows defaults and bounds."""

    def __init__(self, **arguments):
        super().__init__(allow_abbrev=False, formatter_class=_Help, **arguments)

    def add_settings(self, settings: type):
        """Adds a flag for each field of a dataclass of settings (see `support.settings`)."""
        for field in dataclasses.fields(settings):
            flag, text = f"--{field.name}", field.metadata["text"]
            if field.type is bool:
                self.add_argument(flag, action="store_true", help=text)
            else:
                kind = Number(type(field.default), field.metadata["bounds"])
                self.add_argument(flag, type=kind, default=field.default, help=text)

    def parse_args(self, argv: list[str]) -> argparse.Namespace:  # type: ignore[override]
        """Parses flags; words such as key=value are settings where there is a flag --set.

        Raises:
            UserError: an unknown argument; with the nearest known ones.
        """
        args, unknown = self.parse_known_args(argv)
        if "set" in args:
            args.set += [word for word in unknown if "=" in word and word[0] != "-"]
            unknown = [word for word in unknown if word not in args.set]
        if unknown:
            getattr(args, "parser", self).reject(unknown[0])
        return args

    def reject(self, argument: str):
        """Raises the `UserError` for an argument that is not known."""
        actions = {flag: action for action in self._actions for flag in action.option_strings}
        config = getattr(actions.get("--config"), "type", None)
        near = difflib.get_close_matches(argument.partition("=")[0], actions, n=2)
        if isinstance(config, OneOf) and argument in config.names:
            near = [f"--config={argument}"]
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        settings = " Settings are given as --set section.key=value." if "--set" in actions else ""
        raise UserError(f"Unexpected argument {argument!r}.{hint}{settings}")

    def error(self, message: str):
        """Raises a `UserError` in place of argparse's exit."""
        if choice := re.match(
            r"argument command: invalid choice: (.*) \(choose from (.*)\)", message
        ):
            names = choice[2].replace("'", "")
            raise UserError(f"The command should be one of {names}. Received: {choice[1]}")
        message = message.replace("not allowed with argument", "should not be given with")
        raise UserError(re.sub(r"^argument (--[\w-]+)(?:/\S+)?: ", r"\1 ", message))


def name_flags(sentence: str, flags: Container[str]) -> str:
    """A library's sentence, with `argument` as --argument where there is a flag of this name."""

    def name(match):
        return f"--{match[1]}{match[2]}" if match[1] in flags else match[0]

    return re.sub(r"`(\w+)((?:=\w+)?)`", name, sentence)


class _Help(argparse.RawDescriptionHelpFormatter):
    """Shows bounds and defaults after the text of a flag, which may end in "(default: ...)"."""

    def _get_help_string(self, action):
        text, stated = re.fullmatch(r"(.*?)(?: \((default: .*)\))?", action.help or "").groups()
        bounds = str(action.type) if isinstance(action.type, Number | OneOf) else ""
        notes = [note for note in (bounds, stated or _default(action)) if note]
        return (f"{text} ({'; '.join(notes)})" if notes else text).replace("%", "%%")


def _default(action):
    default = action.default
    if default in (None, argparse.SUPPRESS, []) or isinstance(default, bool):
        return ""
    return f"default: {' '.join(map(str, default)) if isinstance(default, list) else default}"
