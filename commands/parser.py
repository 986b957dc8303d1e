"""Flags: parsed, checked and documented in one dialect, on top of argparse."""

import argparse
import dataclasses
import difflib
import re
from collections.abc import Iterable

from support.errors import UserError


@dataclasses.dataclass(frozen=True)
class Number:
    """The type of a flag that takes a number within bounds (inclusive)."""

    kind: type
    minimum: float | None = None
    maximum: float | None = None

    def __call__(self, text: str) -> float:
        """The number that `text` states; raises `ArgumentTypeError` unless it is within bounds."""
        name = "a whole number" if self.kind is int else "a number"
        try:
            value = self.kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"should be {name}. Received: {text}") from None
        low, high = self.minimum, self.maximum
        if not ((low is None or value >= low) and (high is None or value <= high)):
            raise argparse.ArgumentTypeError(f"should be {self}. Received: {text}")
        return value

    def __str__(self):
        if self.minimum is None or self.maximum is None:
            bounds = {"at least": self.minimum, "at most": self.maximum}
            return "".join(
                f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None
            )
        return f"{self.minimum:g} to {self.maximum:g}"


def whole(minimum: float | None = None, maximum: float | None = None) -> Number:
    """A whole number within bounds."""
    return Number(int, minimum, maximum)


def real(minimum: float | None = None, maximum: float | None = None) -> Number:
    """A number within bounds; NaN is outside of any."""
    return Number(float, minimum, maximum)


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
        raise UserError(re.sub(r"^argument (--[\w-]+)(?:/\S+)?: ", r"\1 ", message))


class _Help(argparse.RawDescriptionHelpFormatter):
    """Shows bounds and defaults after the text of a flag."""

    def _get_help_string(self, action):
        notes = []
        if isinstance(action.type, Number | OneOf):
            notes.append(str(action.type))
        if action.default not in (None, argparse.SUPPRESS, False, []):
            default = action.default
            text = " ".join(map(str, default)) if isinstance(default, list | tuple) else default
            notes.append(f"default: {text}")
        text = (action.help or "").replace("%", "%%")
        return f"{text} ({'; '.join(notes)})" if any(notes) else text
