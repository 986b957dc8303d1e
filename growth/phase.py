"""The phases of training: which rung, fading or stable, at which minibatch and rates.

Every rung is trained for its `lod_training_kimg`; then the next one fades in over that one's
`lod_transition_kimg`, if any, and so on to the top, where training stays until it ends.
"""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from growth.ladder import Ladder
from support.errors import UserError
from support.settings import check_settings, setting

if TYPE_CHECKING:
    import tensorflow as tf


def _released_kimg():
    return {4: 600.0}


def _released_minibatch():
    return {4: 32, 8: 32, 16: 16, 32: 16, 64: 8, 128: 8, 256: 4}


def _released_rate():
    return {4: 1e-3, 128: 1.5e-3, 256: 1e-3}


@dataclasses.dataclass(frozen=True)
class Schedule:
    """How training passes the ladder; the defaults are those of the authors' released code.

    The tables are keyed by height: an entry holds from its height up to the next entry's.
    """

    lod_training_kimg: dict[int, float] = setting(
        _released_kimg,
        "thousands of clips at a rung before the next one fades in, by height",
        above=0,
        maximum=1e9,
    )
    lod_transition_kimg: dict[int, float] = setting(
        _released_kimg,
        "thousands of clips over which a rung fades in, by height; 0: it begins in full",
        minimum=0,
        maximum=1e9,
    )
    growing: bool = setting(True, "false: the full size from the start")
    first_size: int = setting(
        0, "height of the rung at which training begins, stable; 0: the coarsest", minimum=0
    )
    first_frames: int = setting(
        0, "its frames, where several rungs have its height; 0: the most", minimum=0
    )
    minibatch: dict[int, int] = setting(
        _released_minibatch, "clips per step on all devices, by height", above=0
    )
    generator_rate: dict[int, float] = setting(
        _released_rate, "learning rate of the generator, by height", above=0
    )
    critic_rate: dict[int, float] = setting(
        _released_rate, "learning rate of the critic, by height", above=0
    )
    decay_kimg: float = setting(
        0.0,
        "thousands of clips at the end of training over which both rates fall to a tenth; 0: none",
        minimum=0,
    )

    def __post_init__(self):
        check_settings("schedule", self)
        if min(self.minibatch) > 4:
            raise UserError(
                f"`schedule.minibatch` should begin at 4. Received: {sorted(self.minibatch)}"
            )


@dataclasses.dataclass(frozen=True)
class Lod:
    """The level of detail that networks compute at."""

    level: int  # of the (finer) rung; a Python integer, so that a trace holds the live path alone
    weight: Any = None  # of the finer rung in [0, 1], perhaps a tensor; None when stable

    @property
    def fading(self) -> bool:
        """Whether the rung below is blended in."""
        return self.weight is not None

    def shown(self, every: bool) -> list[int]:
        """The levels that a clip is made of, the finest first: one, two while fading, or all."""
        last = 0 if every else self.level - self.fading
        return list(range(self.level, last - 1, -1))


@dataclasses.dataclass(frozen=True)
class Phase:
    """A stretch of training, at one point of it; `begin`, `end` and `nimg` count real clips."""

    index: int  # 0 for the coarsest rung, +1 for each fade and each stable stretch
    level: int  # of the (finer) rung
    top: int  # level of the full clip
    fading: bool
    begin: int
    end: int | None  # None: until training ends
    nimg: int
    minibatch: int  # of all replicas together
    generator_rate: float
    critic_rate: float
    decay: float = 1.0  # what the rates are multiplied with at this point

    @property
    def weight(self) -> float:
        """Weight of the finer rung in [0, 1]; 1 when stable."""
        return self.weight_at(self.nimg)

    @property
    def lod(self) -> float:
        """0 = the full clip; the fraction is the weight of the coarser rung, as in ProGAN."""
        return self.top - self.level + 1.0 - self.weight

    def weight_at(self, nimg: "int | tf.Tensor") -> "float | tf.Tensor":
        """The weight at another point of this phase; `nimg` may be a tensor."""
        if not self.fading or self.end is None:
            return 1.0
        return (nimg - self.begin) / (self.end - self.begin)

    def detail_at(self, nimg: "int | tf.Tensor") -> Lod:
        """What networks compute at another point of this phase; `nimg` may be a tensor."""
        return Lod(self.level, self.weight_at(nimg) if self.fading else None)

    @property
    def detail(self) -> Lod:
        """What networks compute at this point of the phase."""
        return self.detail_at(self.nimg)

    def rate(self, role: str) -> float:
        """The learning rate of the "generator" or the "critic"."""
        return self.decay * self.full_rate(role)

    def full_rate(self, role: str) -> float:
        """The same, before rates fall at the end of training."""
        return {"generator": self.generator_rate, "critic": self.critic_rate}[role]

    def steps_left(self) -> float:
        """Minibatches until the phase ends."""
        return math.inf if self.end is None else math.ceil((self.end - self.nimg) / self.minibatch)

    def __str__(self):
        return f"fading {self.weight:.2f}" if self.fading else "stable"


def list_phases(schedule: Schedule, ladder: Ladder) -> list[Phase]:
    """All phases in order, each at its beginning; their lengths are whole minibatches.

    Raises:
        UserError: a phase is shorter than two minibatches, or the first rung is none of the ladder.
    """
    phases, begin, first = [], 0, first_level(schedule, ladder)
    for level in range(first, len(ladder)):
        fades = level > first and at_size(schedule.lod_transition_kimg, ladder[level].height) > 0
        for fading in (True, False) if fades else (False,):
            last = level == ladder.top and not fading
            phase = _phase(schedule, ladder, len(phases), level, fading, begin, None)
            if not last:
                phase = dataclasses.replace(phase, end=begin + _length(phase, schedule, ladder))
            phases.append(phase)
            begin = phase.end
    return phases


def first_level(schedule: Schedule, ladder: Ladder) -> int:
    """The level at which training begins; raises `UserError` where the ladder has none of its size.

    Of several rungs of the same height it is the one with `first_frames`, or with the most frames.
    """
    if not schedule.growing:
        return ladder.top
    size, frames = schedule.first_size, schedule.first_frames
    if not size and not frames:
        return 0
    size = size or ladder[0].height
    levels = [level for level, rung in enumerate(ladder) if rung.height == size]
    if not levels:
        raise UserError(
            f"`schedule.first_size` should be a height of the ladder {ladder}. Received: {size}"
        )
    levels = [level for level in levels if frames in (0, ladder[level].frames)]
    if not levels:
        raise UserError(
            f"`schedule.first_frames` should be 0, or those of a rung of the ladder {ladder} with "
            f"the height {size}. Received: {frames}"
        )
    return levels[-1]


def phase_at(nimg: int, schedule: Schedule, ladder: Ladder, total_kimg: float = math.inf) -> Phase:
    """The phase in which training is once `nimg` real clips have been shown.

    Its rates are lower where they fall before the end of training, at `total_kimg`.
    """
    current = [phase for phase in list_phases(schedule, ladder) if phase.begin <= nimg][-1]
    left = total_kimg - nimg / 1000
    decay = decay_of(max(left, 0) / schedule.decay_kimg) if left < schedule.decay_kimg else 1.0
    return dataclasses.replace(current, nimg=nimg, decay=decay)


def decay_of(left: "float | tf.Tensor") -> "float | tf.Tensor":
    """What rates are multiplied with where `left`, 1 to 0, of `Schedule.decay_kimg` is left."""
    return 0.1 + 0.9 * left


def phase_until(nimg: int, schedule: Schedule, ladder: Ladder) -> Phase:
    """The phase that brought training to `nimg`, at that point: at a border, the one that ends."""
    return dataclasses.replace(phase_at(max(nimg - 1, 0), schedule, ladder), nimg=nimg)


def _phase(schedule, ladder, index, level, fading, begin, end):
    size = ladder[level].height
    return Phase(
        index=index,
        level=level,
        top=ladder.top,
        fading=fading,
        begin=begin,
        end=end,
        nimg=begin,
        minibatch=at_size(schedule.minibatch, size),
        generator_rate=at_size(schedule.generator_rate, size),
        critic_rate=at_size(schedule.critic_rate, size),
    )


def at_size(table: dict[int, Any], size: int) -> Any:
    """The entry of a table of sizes that holds at a height."""
    return table[max((key for key in table if key <= size), default=min(table))]


def _length(phase, schedule, ladder):
    """Clips of a phase that ends: its kimg, rounded up to whole minibatches."""
    key = "lod_transition_kimg" if phase.fading else "lod_training_kimg"
    clips = round(1000 * at_size(getattr(schedule, key), ladder[phase.level].height))
    if clips < 2 * phase.minibatch:
        raise UserError(
            f"`schedule.{key}` should last at least two minibatches of {phase.minibatch} at "
            f"{ladder[phase.level]}. Received: {clips} clips"
        )
    return math.ceil(clips / phase.minibatch) * phase.minibatch
