"""How long a run still takes: measured where a phase has run, predicted from its cost elsewhere."""

import math
from collections.abc import Iterable

from config import Config
from growth.cost import clip_cost, graph_size
from growth.phase import Phase, list_phases, phase_until

# Seconds per clip of a distance: for each rung of the patches' pyramid, and for each voxel.
_DISTANCE_PER_RUNG, _DISTANCE_PER_VOXEL = 0.011, 1e-5
_WARM_UP = 2  # calls of a new step: the first traces it, both set up kernels


class Forecast:
    """Predicts the rest of a run from the calls and reports that were timed so far.

    What was not seen yet is predicted in proportion to the latest that was. Each kind of work
    (steps, tracing, reports, distances) has a measured factor of its own.

    Args:
        config: of the run.
    """

    def __init__(self, config: Config):
        self.config, self.phases = config, list_phases(config.schedule, config.ladder)
        self._rates: dict[int, float] = {}  # seconds per clip, by the index of the phase
        self._calls: dict[int, int] = {}  # of this process, by the index of the phase
        self._factors = {"steps": 1.0, "tracing": 1.0, "distances": 1.0}
        self._reports, self._reporting = 0, 0.0
        self.begin_tick()

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
        """Notes what a distance took."""
        self._factors["distances"] = seconds / self._distance_cost(phase)

    def note_report(self, seconds: float):
        """Notes what the end of a tick took besides: pictures, snapshots, scores."""
        self._reports, self._reporting = self._reports + 1, self._reporting + seconds

    @property
    def seconds_per_clip(self) -> float:
        """Training alone, since the tick began; the last call where nothing else was timed."""
        return self._seconds / self._clips if self._clips else self._last

    def clip_seconds(self, phase: Phase) -> float:
        """Seconds of training per clip of a phase, as measured or predicted."""
        predicted = self._factors["steps"] * clip_cost(phase, self.config.ladder)
        return self._rates.get(phase.index, predicted)

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
            distance = self._factors["distances"] * self._distance_cost(phase)
            seconds += ticks / train.distance_ticks * distance
        return seconds

    def _note_rate(self, phase, seconds_per_clip):
        self._rates[phase.index] = seconds_per_clip
        self._factors["steps"] = seconds_per_clip / clip_cost(phase, self.config.ladder)

    def _distance_cost(self, phase):
        voxels = math.prod(self.config.ladder[phase.level].shape)
        per_clip = _DISTANCE_PER_RUNG * (phase.level + 1) + _DISTANCE_PER_VOXEL * voxels
        return self.config.train.distance_clips * per_clip
