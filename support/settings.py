"""Fields of settings: default, bounds and meaning are declared once, for checks and for help."""

import dataclasses
from typing import Any

from support.errors import UserError


@dataclasses.dataclass(frozen=True)
class Bounds:
    """The values that a setting may have.

    Attributes:
        above, minimum: exclusive and inclusive lower bound.
        below, maximum: exclusive and inclusive upper bound.
        choices: all that is allowed; empty for any.
    """

    above: float | None = None
    minimum: float | None = None
    below: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    def allow(self, value: Any) -> bool:
        """Whether `value` is within the bounds; NaN never is."""
        if self.choices:
            return value in self.choices
        return (
            (self.above is None or value > self.above)
            and (self.minimum is None or value >= self.minimum)
            and (self.below is None or value < self.below)
            and (self.maximum is None or value <= self.maximum)
        )

    def __str__(self):
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.above == 0 and self.below is None and self.maximum is None:
            return "positive"
        if self.minimum is not None and self.maximum is not None:
            return f"{self.minimum} to {self.maximum}"
        words = {"above": self.above, "at least": self.minimum}
        words |= {"below": self.below, "at most": self.maximum}
        return " and ".join(f"{word} {_text(b)}" for word, b in words.items() if b is not None)


def _text(bound):
    return f"{bound:g}" if isinstance(bound, float) else bound


def setting(default: Any, text: str, *, may_change: bool = False, **bounds: Any) -> Any:
    """A field of a frozen dataclass of settings.

    Args:
        default: a value, or a function that makes one (for tables).
        text: what the setting means, in one line.
        may_change: whether a run may resume with another value.
        **bounds: those of `Bounds`.
    """
    metadata = {"text": text, "may_change": may_change, "bounds": Bounds(**bounds)}
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def check_settings(section: str, settings: Any):
    """Raises `UserError` for the first field of `settings` that is out of its bounds.

    The bounds of a table (a dict) hold for each of its values, and a table has at least one.

    Args:
        section: of the config, for messages; "" for settings of something else.
        settings: a dataclass whose fields were declared by `setting`.
    """
    for field in dataclasses.fields(settings):
        bounds, value = field.metadata.get("bounds", Bounds()), getattr(settings, field.name)
        if isinstance(value, dict):
            allowed = value and all(map(bounds.allow, value.values()))
            expected = f"hold at least one value, each {bounds}"
        else:
            allowed, expected = bounds.allow(value), f"be {bounds}"
        if not allowed:
            name = f"{section}.{field.name}" if section else field.name
            raise UserError(f"`{name}` should {expected}. Received: {value}")
