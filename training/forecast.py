"""How long a run still takes: measured where a phase has run, predicted from its cost elsewhere."""

import dataclasses
import math
from collections.abc import Iterable

from config import Config
from growth.cost import clip_cost, graph_size
from growth.phase import Phase, list_phases, phase_until

# Seconds of a distance: for each clip, and for each voxel of it.
_DISTANCE_PER_CLIP, _DISTANCE_PER_VOXEL = 0.027, 1e-6
_WARM_UP = 2  # calls of a new step: the first traces it, both set up kernels


@dataclasses.dataclass(frozen=True)
class Measured:
    """What was measured before a run: `rates` are seconds per clip by the index of the phase."""

    rates: dict[int, float]
    tracing: float  # seconds, per unit of `growth.cost.graph_size`


class Forecast:
    """Predicts the rest of a run from the calls and reports that were timed so far.

    What was not seen yet is predicted in proportion to the latest that was. Each kind of work
    (steps, tracing, reports, distances) has a measured factor of its own.

    Args:
        config: of the run.
        measured: on this machine, where it was planned for a time budget.
    """

    def __init__(self, config: Config, measured: Measured | None = None):
        self.follow(config)
        self._measured = measured.rates if measured else {}
        self._rates: dict[int, float] = {}  # seconds per clip, by the index of the phase
        self._calls: dict[int, int] = {}  # of this process, by the index of the phase
        tracing = measured.tracing if measured else 1.0
        self._factors = {"steps": 1.0, "tracing": tracing, "distances": 1.0}
        self._reports, self._reporting, self._measured_distance = 0, 0.0, False
        self.begin_tick()

    def follow(self, config: Config):
        """Takes the lengths of phases from another config of the run."""
        self.config, self.phases = config, list_phases(config.schedule, config.ladder)

    def resume(self, history: Iterable[dict]):
        """Takes the rates that the ticks of a history had."""
        for line in history:
            if "sec_per_kimg" in line:
                phase = phase_until(line["nimg"], self.config.schedule, self.config.ladder)
                self._note_rate(phase, line["sec_per_kimg"] / 1000)

    def begin_tick(self):
        """Forgets the calls of the tick before."""
        self._clips, self._seconds, self._last = 0, 0.0, math.nan

    def note_call(self, phase: Phase, steps: int, seconds: float):
        """Notes a call of `steps` steps; the first ones of a phase are left out of its rate."""
        clips, calls = steps * phase.minibatch, self._calls.get(phase.index, 0)
        self._calls[phase.index] = calls + 1
        self._last = seconds / clips
        if calls < _WARM_UP:
            extra = max(seconds - clips * self.clip_seconds(phase), 0.0) / graph_size(phase)
            self._factors["tracing"] = extra + (self._factors["tracing"] if calls else 0.0)
        else:
            self._clips, self._seconds = self._clips + clips, self._seconds + seconds
            self._note_rate(phase, self.seconds_per_clip)

    def note_distance(self, phase: Phase, seconds: float):
        """Notes what a distance took; the first one of a process sets up functions too."""
        factor = seconds / self._distance_cost(phase)
        self._factors["distances"] = factor if self._measured_distance else min(factor, 1.0)
        self._measured_distance = True

    def note_report(self, seconds: float):
        """Notes what the end of a tick took besides: pictures, snapshots, scores."""
        self._reports, self._reporting = self._reports + 1, self._reporting + seconds

    @property
    def seconds_per_clip(self) -> float:
        """Training alone, since the tick began; the last call where nothing else was timed."""
        return self._seconds / self._clips if self._clips else self._last

    def clip_seconds(self, phase: Phase) -> float:
        """Seconds of training per clip of a phase, as measured or predicted."""
        return self._rates.get(phase.index, self._factors["steps"] * self._base(phase))

    def is_measured(self, phase: Phase) -> bool:
        """Whether the seconds of a phase were measured, before the run or in it."""
        return phase.index in self._rates or phase.index in self._measured

    def distance_seconds(self, phase: Phase) -> float:
        """Seconds of a distance at a phase."""
        return self._factors["distances"] * self._distance_cost(phase)

    def seconds_left(self, nimg: int) -> float:
        """Seconds from `nimg` clips to the end of training."""
        total = self.config.train.total_kimg * 1000
        return sum(
            self._seconds_of(phase, max(phase.begin, nimg), min(phase.end or total, total))
            for phase in self.phases
        )

    def _seconds_of(self, phase, begin, end):
        """Seconds of the part of a phase from `begin` to `end` clips."""
        if end <= begin:
            return 0.0
        train = self.config.train
        seconds = (end - begin) * self.clip_seconds(phase)
        if phase.index not in self._calls:
            seconds += self._factors["tracing"] * graph_size(phase)
        ticks = (end - begin) / min(train.tick_kimg * 1000, end - begin)
        seconds += ticks * self._reporting / max(self._reports, 1)
        if train.distance_ticks:
            seconds += ticks / train.distance_ticks * self.distance_seconds(phase)
        return seconds

    def _note_rate(self, phase, seconds_per_clip):
        self._rates[phase.index] = seconds_per_clip
        factor = seconds_per_clip / self._base(phase)
        # Once finer rungs were measured, a coarse one that is fast says little about them.
        self._factors["steps"] = max(factor, 1.0) if self._measured else factor

    def _base(self, phase):
        """Seconds per clip before the run began: in proportion to the nearest measured phase."""
        cost = clip_cost(phase, self.config.ladder)
        if not self._measured:
            return cost
        nearest = min(self._measured, key=lambda index: abs(index - phase.index))
        return cost * self._measured[nearest] / clip_cost(self.phases[nearest], self.config.ladder)

    def _distance_cost(self, phase):
        voxels = math.prod(self.config.ladder[phase.level].shape)
        per_clip = _DISTANCE_PER_CLIP + _DISTANCE_PER_VOXEL * voxels
        return self.config.train.distance_clips * per_clip
