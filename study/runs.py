"""The runs of a study: the config of each, and what it is expected to cost."""

import dataclasses
import math
from collections.abc import Iterator
from typing import cast

from config import Config, list_settings, preset
from growth.cost import clip_cost
from growth.ladder import make_ladder
from growth.phase import list_phases
from growth.planner import Plan, averaging, share_clips
from models.settings import FixedSettings
from study.catalogue import Data, Family, Scale, System

_TICKS, _SNAPSHOTS = 40, 10  # per run
_CORES = 2  # on which `growth.cost` was measured
_OPERATIONS_PER_SECOND = 100e9  # of a core
_SECONDS_PER_STEP = 0.05  # of a small model of any size


@dataclasses.dataclass(frozen=True)
class Budget:
    """How long runs last: CPU minutes, or thousands of clips, or, with neither, as the presets."""

    minutes: float = 0.0
    kimg: float = 0.0

    @property
    def name(self) -> str:
        """In names of files."""
        if self.minutes:
            return f"{self.minutes:g}min"
        return f"{self.kimg:g}kimg" if self.kimg else "published"

    def __str__(self):
        if self.minutes:
            return f"{self.minutes:g} CPU minutes each"
        return f"{self.kimg:g} kimg each" if self.kimg else "length of training as published"


@dataclasses.dataclass(frozen=True)
class Run:
    """One training."""

    data: Data
    budget: Budget
    system: System
    seed: int
    config: Config

    @property
    def name(self) -> str:
        """In names of files."""
        return f"{self.data.name}-{self.budget.name}-{self.system.name}-{self.seed}"

    @property
    def data_name(self) -> str:
        """The data set, made for a ladder of its own where the clips have another size."""
        ladder = self.config.ladder
        full = make_ladder(self.data.ladder)[-1].shape
        own = ladder[-1].shape != full
        return f"{self.data.name}-{ladder[-1]}" if own else self.data.name

    def seconds(self, family: Family) -> float:
        """About the CPU seconds that it takes."""
        if self.budget.minutes:
            return 60 * self.budget.minutes
        total = 1000 * self.config.train.total_kimg
        phases = list_phases(self.config.schedule, self.config.ladder)
        return sum(
            max(min(phase.end or total, total) - phase.begin, 0) * self._clip_seconds(family, phase)
            for phase in phases
        )

    def _clip_seconds(self, family, phase):
        if not family.gflop:
            return _CORES * clip_cost(phase, self.config.ladder)
        rung = self.config.ladder[-1]
        maps = cast(FixedSettings, self.config.model).maps
        share = math.prod(rung.shape) / (16 * 64 * 64) * (maps / 64) ** 2
        return family.gflop * 1e9 * share / _OPERATIONS_PER_SECOND + (
            _SECONDS_PER_STEP / phase.minibatch
        )


def list_runs(
    scale: Scale, data: list[Data], budgets: dict[str, list[Budget]], systems: list[System]
) -> Iterator[Run]:
    """The runs of all seeds, in order: all systems with a seed before the next one.

    Args:
        scale: of the study.
        data: its data sets.
        budgets: by the name of the data set.
        systems: to train.
    """
    for one in data:
        for budget in budgets[one.name]:
            for seed in scale.seeds:
                for system in systems:
                    config = config_of(scale, one, budget, system, seed)
                    yield Run(one, budget, system, seed, config)


def config_of(scale: Scale, data: Data, budget: Budget, system: System, seed: int) -> Config:
    """The config of a run; `train.py --hours` plans the rest of one with a budget of time."""
    family = scale.families[system.family]
    ladder = make_ladder(family.ladder or data.ladder)
    rung = ladder[-1]
    written = f"{rung}" if family.one_rung else " ".join(str(rung) for rung in ladder)
    config = preset(family.preset).override(
        [
            f"growth.ladder={written}",
            f"growth.resolution={rung.height}",
            f"growth.num_frames={rung.frames}",
            *family.settings,
            *system.settings,
            f"train.seed={seed}",
            *_left_open(family, budget),
            f"train.snapshot_ticks={_TICKS // _SNAPSHOTS}",
            "train.distance_ticks=0",  # Only the last one, of few clips: rows are measured later.
            "train.distance_clips=64",
            "train.keep_checkpoints=1",
            "train.checkpoint_minutes=5",
        ]
    )
    config = dataclasses.replace(config, name=system.name)
    if budget.minutes:
        return config
    return _for_clips(config, budget.kimg) if budget.kimg else _with_ticks(config)


def _left_open(family, budget):
    """The defaults of what `train.py --hours` chooses where nothing else is stated."""
    keys = ["train.tick_kimg"]
    if budget.minutes and not family.gflop:  # One of ours.
        keys += ["train.running_average", "growth.feature_maps_base", "growth.feature_maps_max"]
    defaults = {setting.key: setting.value for setting in list_settings(Config(""))}
    return [f"{key}={defaults[key]}" for key in keys]


def _for_clips(config, kimg):
    """The config for a number of clips."""
    schedule, ladder = config.schedule, config.ladder
    if schedule.growing and len(ladder) > 1:
        schedule = share_clips(schedule, ladder, kimg)
    average = averaging(Plan(schedule, kimg), ladder)
    train = dataclasses.replace(config.train, total_kimg=kimg, running_average=average)
    return _with_ticks(dataclasses.replace(config, schedule=schedule, train=train))


def _with_ticks(config):
    tick = max(round(config.train.total_kimg / _TICKS, 3), 0.001)
    return dataclasses.replace(config, train=dataclasses.replace(config.train, tick_kimg=tick))
