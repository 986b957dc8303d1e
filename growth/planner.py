"""A schedule for a time budget: how long each phase lasts, so that training ends when it should.

The rule of sharing is `RULE` (docs/recipes.md has what was tried in its place): equal kimg at
each rung below the last two, more at these where they would otherwise have less than half of the
time, and fades half as long as stable phases; a schedule without fades stays without. Settings that
follow from the length of a rung are in `choices`, `averaging` and `falling`.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from growth.ladder import Ladder
from growth.phase import Phase, Schedule, at_size, list_phases

_PRECISE = 1e-3  # of the seconds that are planned
_HALVINGS, _DOUBLINGS = 30, 40  # at most


@dataclasses.dataclass(frozen=True)
class Rule:
    """How the time is shared out."""

    fade: float = 0.5  # kimg of a fade, for one of the stable phase that follows
    last_rungs: float = 0.5  # of the time, at least, for the last two rungs with their fades
    min_steps: int = 100  # of a stable phase; with fewer a rung is not reached
    long_kimg: float = 60.0  # of a rung, from which the released settings are right
    short_kimg: float = 6.0  # of a rung, from which networks of a width are; else narrower ones
    widths: tuple[int, ...] = (64, 32, 16)  # feature maps at most
    steps_per_average: float = 5.0  # spans of the running average in the last stable phase
    falling: float = 0.3  # of the last stable phase, at its end: over which the rates fall


RULE = Rule()


class Plan(NamedTuple):
    """What a time budget decides."""

    schedule: Schedule
    total_kimg: float


class Costs(Protocol):
    """What training takes on a machine, as measured or predicted."""

    def clip_seconds(self, phase: Phase) -> float:
        """Seconds per clip of a phase, without tracing and reports."""

    def seconds_left(self, plan: Plan, nimg: int) -> float:
        """Seconds from `nimg` clips to the end of a plan, with all that it takes."""


def make_plan(
    schedule: Schedule, ladder: Ladder, costs: Costs, seconds: float, rule: Rule = RULE
) -> Plan | None:
    """A plan that takes `seconds`, or None where that is too short for the last rung.

    Args:
        schedule: minibatches, rates and the first rung; its lengths are replaced, but a schedule
            without any fade stays without.
        ladder: of the networks.
        costs: of the machine.
        seconds: of the whole training.
        rule: how the time is shared out.
    """
    shares = _shares(schedule, ladder, costs, rule)
    shortest = _min_kimg(schedule, shares, rule)
    if costs.seconds_left(_plan(schedule, ladder, shares, shortest, rule), 0) > seconds:
        return None

    def make(kimg):
        return _plan(schedule, ladder, shares, kimg, rule)

    return _fit(make, shortest, lambda plan: costs.seconds_left(plan, 0), seconds)


def shortest_plan(schedule: Schedule, ladder: Ladder, costs: Costs, rule: Rule = RULE) -> Plan:
    """The plan below which `make_plan` has none."""
    shares = _shares(schedule, ladder, costs, rule)
    return _plan(schedule, ladder, shares, _min_kimg(schedule, shares, rule), rule)


def replan(plan: Plan, ladder: Ladder, costs: Costs, seconds: float, nimg: int) -> Plan:
    """The plan, with phases that have not begun shortened or lengthened to take `seconds`.

    Phases that have begun before `nimg` keep their lengths, except for the last one. Where the time
    is over, phases have two minibatches, and the last one has one more.

    Args:
        plan: as `make_plan` or `replan` returned it.
        ladder: of the networks.
        costs: of the machine, as far as it is known now.
        seconds: that are left.
        nimg: clips shown so far.
    """
    schedule, last = plan.schedule, list_phases(plan.schedule, ladder)[-1]
    begun = {
        (phase.fading, ladder[phase.level].height)
        for phase in list_phases(schedule, ladder)
        if phase.begin < nimg
    }

    def scale(table, fading, factor):
        shortest = {height: 2 * at_size(schedule.minibatch, height) / 1000 for height in table}
        return {
            height: kimg
            if not kimg or (fading, height) in begun
            else round(max(kimg * factor, shortest[height]), 4)
            for height, kimg in table.items()
        }

    def make(factor):
        training = scale(schedule.lod_training_kimg, False, factor)
        transition = scale(schedule.lod_transition_kimg, True, factor)
        planned = _with_lengths(schedule, training, transition)
        begin = max(list_phases(planned, ladder)[-1].begin, nimg) / 1000
        rest, step = plan.total_kimg - max(last.begin, nimg) / 1000, last.minibatch / 1000
        return _ending(planned, begin + max(max(rest, step) * factor, min(rest, step)))

    if seconds <= 0:
        return make(0.0)
    return _fit(make, 0.0, lambda plan: costs.seconds_left(plan, nimg), seconds)


def share_clips(schedule: Schedule, ladder: Ladder, kimg: float, rule: Rule = RULE) -> Schedule:
    """The schedule that ends after `kimg`, with as many clips at each rung."""
    unit = kimg / (len(ladder) + _fade(schedule, rule) * (len(ladder) - 1))
    return _with_stable(schedule, {4: unit}, rule)


def choices(
    widths: Iterable[int] = RULE.widths, rule: Rule = RULE
) -> list[tuple[float, dict[str, object]]]:
    """Settings by key, from those of the released code to those of the smallest networks.

    Each is preceded by the kimg of a rung from which it is right; short rungs need smaller
    networks, of which more clips can be shown, and higher rates. Found by experiment
    (docs/recipes.md).

    Args:
        widths: feature maps at most, of the small networks.
        rule: the lengths.
    """
    rates, maps = {4: 4e-3, 64: 2e-3}, "growth.feature_maps"
    short: dict[str, object] = {
        "network.rgb": "all",
        "schedule.minibatch": {4: 8},
        "schedule.generator_rate": rates,
        "schedule.critic_rate": rates,
    }
    small = [
        (rule.short_kimg, short | {f"{maps}_base": 8 * widest, f"{maps}_max": widest})
        for widest in widths
    ]
    return [(rule.long_kimg, {}), *small]


def averaging(plan: Plan, ladder: Ladder, rule: Rule = RULE) -> float:
    """The decay of the running average, so that it forgets within the last stable phase."""
    last = list_phases(plan.schedule, ladder)[-1]
    steps = 1000 * _last_kimg(plan, ladder) / last.minibatch
    return round(min(max(1 - rule.steps_per_average / steps, 0.9), 0.999), 4)


def falling(plan: Plan, ladder: Ladder, rule: Rule = RULE) -> float:
    """The kimg at the end over which the rates fall, where rungs are short; else 0."""
    kimg = _last_kimg(plan, ladder)
    return round(rule.falling * kimg, 3) if kimg < rule.long_kimg else 0.0


def _last_kimg(plan, ladder):
    return plan.total_kimg - list_phases(plan.schedule, ladder)[-1].begin / 1000


def _min_kimg(schedule, shares, rule):
    """The kimg of a share at which every stable phase has `min_steps`."""
    return max(
        rule.min_steps * at_size(schedule.minibatch, height) / 1000 / share
        for height, share in shares.items()
    )


def _plan(schedule, ladder, shares, kimg, rule):
    training = {height: round(kimg * share, 4) for height, share in shares.items()}
    planned = _with_stable(schedule, training, rule)
    begin = list_phases(planned, ladder)[-1].begin / 1000
    return _ending(planned, begin + training[ladder[-1].height])


def _with_stable(schedule, training, rule):
    """The schedule with these stable phases, and fades as the rule has them."""
    fade = _fade(schedule, rule)
    transition = {height: round(fade * kimg, 4) for height, kimg in training.items()}
    return _with_lengths(schedule, training, transition)


def _with_lengths(schedule, training, transition):
    lengths = {"lod_training_kimg": training, "lod_transition_kimg": transition}
    return dataclasses.replace(schedule, **lengths)


def _shares(schedule, ladder, costs, rule):
    """{height: kimg of the stable phase at a rung}, relative to the lowest rungs."""
    last = {rung.height for rung in ladder.rungs[-2:]}
    seconds = {True: 0.0, False: 0.0}
    any_length = {4: max(schedule.minibatch.values())}
    phases = list_phases(_with_stable(schedule, any_length, rule), ladder)
    for phase in phases:
        share = _fade(schedule, rule) if phase.fading else 1.0
        is_last = ladder[phase.level].height in last
        seconds[is_last] += share * costs.clip_seconds(phase)
    needed = seconds[False] * rule.last_rungs / (1 - rule.last_rungs)
    more = max(1.0, needed / seconds[True])
    heights = {ladder[phase.level].height for phase in phases}
    return {height: more if height in last else 1.0 for height in sorted(heights)}


def _fade(schedule, rule):
    """The kimg of a fade, for one of the stable phase that follows."""
    return rule.fade if any(schedule.lod_transition_kimg.values()) else 0.0


def _ending(schedule, kimg):
    return Plan(schedule, round(kimg, 3))


def _fit(
    make: Callable[[float], Plan], low: float, seconds_of: Callable[[Plan], float], seconds: float
) -> Plan:
    """`make(x)`, with x from `low` up, for which `seconds_of` is about `seconds`, and not more."""
    high = max(2 * low, 1.0)
    for _ in range(_DOUBLINGS):
        if seconds_of(make(high)) >= seconds:
            break
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        took = seconds_of(make(middle))
        low, high = (middle, high) if took <= seconds else (low, middle)
        if 0 <= seconds - took <= _PRECISE * seconds:
            break
    return make(low)
