"""Plans a run for a time budget: measures the machine, and chooses what the config leaves open."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path

import tensorflow as tf

from config import Config, from_dict, list_settings
from growth.cost import clip_cost
from growth.phase import Phase, first_level, list_phases
from growth.planner import RULE, Plan, averaging, choices, falling, make_plan, shortest_plan
from run_folder.folder import check_same_config
from run_folder.reading import read_description
from support.clock import CLOCKS
from support.errors import UserError
from training.forecast import Forecast, Measured
from training.measure import measure
from training.workers import read_cluster

PLANNED = ("schedule.lod_training_kimg", "schedule.lod_transition_kimg", "train.total_kimg")
_MEASURING = 0.03  # of the budget, at most
_TICKS = 40  # in a run, where the config leaves them open
_MAPS, _RGB = ("growth.feature_maps_base", "growth.feature_maps_max"), "network.rgb"
_PRECISION, _FASTER = "network.precision", 1.1  # bfloat16: so many times as fast, or not chosen
_DISTANCE, _MIN_CLIPS = 0.01, 64  # of the budget for one distance, and clips of it at least


class RunCosts:
    """A forecast as the planner sees it (`growth.planner.Costs`).

    Args:
        forecast: of the run.
        complete: turns a plan into the config of the run.
    """

    def __init__(self, forecast: Forecast, complete: Callable[[Plan], Config]):
        self.forecast, self.complete = forecast, complete

    def clip_seconds(self, phase: Phase) -> float:
        """Seconds per clip of a phase."""
        return self.forecast.clip_seconds(phase)

    def seconds_left(self, plan: Plan, nimg: int) -> float:
        """Seconds from `nimg` clips to the end of a plan, and of the last distance."""
        self.forecast.follow(self.complete(plan))
        last = self.forecast.distance_seconds(self.forecast.phases[-1])
        return self.forecast.seconds_left(nimg) + last


def with_plan(config: Config, plan: Plan) -> Config:
    """The config with the lengths of a plan."""
    train = dataclasses.replace(config.train, total_kimg=plan.total_kimg)
    return dataclasses.replace(config, schedule=plan.schedule, train=train)


def plan_of(config: Config) -> Plan:
    """The lengths of a planned config."""
    return Plan(config.schedule, config.train.total_kimg)


def measured_in(plan: dict) -> Measured:
    """What was measured for a plan, as a run stores it."""
    rates = {int(index): rate for index, rate in plan["measured"]["rates"].items()}
    return Measured(rates, plan["measured"]["tracing"])


def plan_run(
    config: Config,
    given: Iterable[str],
    hours: float | None,
    run: Path,
    strategy: tf.distribute.Strategy,
    begin: float,
    clock: str = "wall",
    source: Config | None = None,
) -> tuple[Config, dict | None]:
    """The config of a run with a time budget, and its plan as the run stores it.

    Args:
        config: as it was chosen; of a run that is resumed, perhaps the run's own.
        given: the settings "section.key=value" that the user chose, which stay as they are.
        hours: of the budget; None for that of the run, where it has one.
        run: its folder.
        strategy: of the training.
        begin: what the clock showed when the command began, which counts.
        clock: one of `support.clock.CLOCKS`, by which the budget is counted.
        source: the config of the networks from which a new run starts, whose widths it takes.

    Raises:
        UserError: the budget is too short, or the run was started without one or with other
            settings.
    """
    is_run = (run / "config.json").is_file()
    known = read_description(run) if is_run else {}
    if hours is None and "plan" not in known:
        return config, None
    keys = {setting.partition("=")[0] for setting in given}
    if fixed := [key for key in PLANNED if any(f"{k}.".startswith(f"{key}.") for k in keys)]:
        raise UserError(f"--hours chooses `{fixed[0]}`. Leave out this setting, or --hours.")
    if read_cluster():
        raise UserError("--hours should be left out where TF_CONFIG lists several workers.")
    if is_run or hours is None:
        return _resume(config, hours, run, known, clock)
    planned, measured = _plan_new(config, source, keys, hours, strategy, begin, CLOCKS[clock])
    return planned, {
        "hours": hours,
        "clock": clock,
        "used_seconds": 0.0,
        "asked": config.as_dict(),
        "measured": dataclasses.asdict(measured),
    }


def _resume(config, hours, run, known, clock):
    """The stored config, with the settings of `config` that may change."""
    if "plan" not in known:
        raise UserError(
            f"Cannot plan {run}: it was started without --hours. Leave it out, or use another run "
            "folder."
        )
    if (counted := known["plan"].get("clock", "wall")) != clock:
        raise UserError(f"`clock` should be {counted}, as {run} was started. Received: {clock}")
    stored, asked = from_dict(known["config"]), from_dict(known["plan"]["asked"])
    base = stored if config.schedule == stored.schedule else asked
    check_same_config(run, base, config)
    before = {setting.key: setting.value for setting in list_settings(base)}
    changed = [
        f"{setting.key}={setting.value}"
        for setting in list_settings(config)
        if setting.may_change and setting.value != before[setting.key]
    ]
    return stored.override(changed), known["plan"] | ({"hours": hours} if hours else {})


def _plan_new(config, source, keys, hours, strategy, begin, clock):
    """The planned config, and what was measured for it."""
    seconds, is_open = 3600 * hours, open_settings(config, keys)
    if source:
        growth, rgb = source.growth, source.network.rgb
        maps = growth.feature_maps_base, growth.feature_maps_max
        config = _override(config, dict(zip((*_MAPS, _RGB), (*maps, rgb), strict=True)), is_open)
        is_open -= {*_MAPS, _RGB}

    def timed(config):
        return measure(config, strategy, _MEASURING * seconds, clock)

    chosen, measured = _choose_networks(config, seconds, is_open, timed)
    left = seconds - (clock() - begin)
    chosen = _with_reports(chosen, measured, left, is_open)
    plan = _plan(chosen, measured, left, is_open)
    if plan is None:
        raise UserError(_refusal(chosen, measured, hours, left, is_open))
    return _complete(chosen, plan, is_open), measured


def _complete(config, plan, is_open):
    """The config with a plan, and with what follows from its lengths."""
    values = {
        "schedule.decay_kimg": falling(plan, config.ladder),
        "train.running_average": averaging(plan, config.ladder),
        "train.tick_kimg": max(round(plan.total_kimg / _TICKS, 3), 0.001),
    }
    return _override(with_plan(config, plan), values, is_open)


def _choose_networks(config, seconds, is_open, timed):
    """The config with the largest networks for whose rungs there is time, and their `Measured`.

    Where rungs are short, in bfloat16 if this is faster.
    """
    widths = RULE.widths if _MAPS[1] in is_open else (config.growth.feature_maps_max,)
    configs = [
        (kimg, _without_fades(_override(config, values, is_open)))
        for kimg, values in choices(widths)
    ]
    reference = configs[len(configs) // 2][1]
    measured, last = timed(reference), config.ladder[-1].height
    for kimg, chosen in configs:
        plan = _plan(chosen, _scaled(measured, reference, chosen), seconds, is_open)
        if plan and plan.schedule.lod_training_kimg[last] >= kimg:
            break
    if chosen != reference:
        measured = timed(chosen)
    if kimg < RULE.long_kimg and _PRECISION in is_open and chosen.supports_bfloat16:
        other = chosen.override([f"{_PRECISION}=mixed_bfloat16"])
        found = timed(other)
        finest = max(measured.rates.keys() & found.rates.keys())
        if _FASTER * found.rates[finest] < measured.rates[finest]:
            return other, found
    return chosen, measured


def _without_fades(config):
    """The config, whose rungs begin in full where they add to the ones below."""
    is_sum = config.network.rgb == "all"
    return config.override(["schedule.lod_transition_kimg={4: 0}"]) if is_sum else config


def open_settings(config: Config, keys: Iterable[str]) -> set[str]:
    """The settings that neither a preset nor `keys` state: they have their defaults."""
    defaults = {setting.key: setting.value for setting in list_settings(Config(config.name))}
    return {
        key
        for key, value, *_ in list_settings(config)
        if value == defaults.get(key) and not any(f"{k}.".startswith(f"{key}.") for k in keys)
    }


def _override(config, values, is_open):
    return config.override([f"{key}={value}" for key, value in values.items() if key in is_open])


def _plan(config, measured, seconds, is_open):
    config = _with_reports(config, measured, seconds, is_open)
    return make_plan(config.schedule, config.ladder, _costs(config, measured, is_open), seconds)


def _costs(config, measured, is_open):
    return RunCosts(Forecast(config, measured), lambda plan: _complete(config, plan, is_open))


def _with_reports(config, measured, seconds, is_open):
    """The config with distances that take a small part of the time."""
    forecast = Forecast(config, measured)
    per_clip = forecast.distance_seconds(forecast.phases[-1]) / config.train.distance_clips
    clips = int(min(max(_DISTANCE * seconds / per_clip, _MIN_CLIPS), config.train.distance_clips))
    values = {"train.distance_clips": clips}
    if clips * per_clip > _DISTANCE * seconds:
        values["train.distance_ticks"] = 0  # Only the last one.
    return _override(config, values, is_open)


def _scaled(measured, config, other):
    """What was measured for a config, in proportion to the costs of another one."""
    stable = [
        [phase for phase in list_phases(c.schedule, c.ladder) if not phase.fading]
        for c in (config, other)
    ]
    rates = {
        after.index: measured.rates[before.index]
        * (clip_cost(after, other.ladder) / clip_cost(before, config.ladder))
        for before, after in zip(*stable, strict=True)
        if before.index in measured.rates
    }
    return dataclasses.replace(measured, rates=rates)


def _refusal(config, measured, hours, seconds, is_open):
    """A sentence about a budget that is too short."""
    ladder, costs = config.ladder, _costs(config, measured, is_open)
    shortest = shortest_plan(config.schedule, ladder, costs)
    needed = hours + (costs.seconds_left(shortest, 0) - seconds) / 3600
    sentence = (
        f"--hours={hours:g} does not reach {ladder[-1]} on this machine, which takes at least "
        f"{needed:.2g} hours."
    )
    for level in reversed(range(first_level(config.schedule, ladder), ladder.top)):
        rung = ladder[level]
        size = [f"growth.resolution={rung.height}", f"growth.num_frames={rung.frames}"]
        smaller = config.override(size)
        phases = range(len(list_phases(smaller.schedule, smaller.ladder)))
        rates = {index: rate for index, rate in measured.rates.items() if index in phases}
        if _plan(smaller, dataclasses.replace(measured, rates=rates), seconds, is_open):
            return f"{sentence} It suffices for {rung} (--set {' '.join(size)})."
    return f"{sentence} It suffices for no rung."


def describe_plan(config: Config, plan: dict) -> str:
    """The plan as a table, a row per phase with its time."""
    forecast = Forecast(config, measured_in(plan))
    total, minutes = config.train.total_kimg, plan["used_seconds"] / 60
    lines = [
        f"Plan for {plan['hours']:g} hours, of which {minutes / 60:.2g} are used. Feature maps "
        f"{', '.join(str(rung.feature_maps) for rung in config.ladder)} in "
        f"{config.network.precision}; running average {config.train.running_average:g}; "
        f"{config.train.distance_clips} clips per distance.",
        f"  {'rung':<13}{'phase':<8}{'kimg':>8}  {'minibatch':<11}{'rates G, D':<18}"
        f"{'s per kimg':>10}{'minutes':>9}",
    ]
    for phase in forecast.phases:
        end = min(total, phase.end / 1000 if phase.end else total)
        rate, name = 1000 * forecast.clip_seconds(phase), "fade" if phase.fading else "stable"
        mark = "" if forecast.is_measured(phase) else "*"
        kimg = end - phase.begin / 1000
        lines.append(
            f"  {config.ladder[phase.level]!s:<13}{name:<8}{kimg:>8.2f}  {phase.minibatch:<11}"
            f"{f'{phase.generator_rate:g}, {phase.critic_rate:g}':<18}{rate:>10.1f}"
            f"{kimg * rate / 60:>9.1f}{mark}"
        )
    left = forecast.seconds_left(0) / 60
    lines.append(
        f"  {total:.2f} kimg in {left:.1f} minutes with tracing and distances. (* predicted from "
        "the phases that were measured.)"
    )
    return "\n".join(lines)
