"""How fast this machine trains a config: a short measurement, for plans and benchmarks."""

import statistics
import time

import tensorflow as tf

from config import Config
from dataset.batch import Batch
from growth.cost import graph_size
from growth.ladder import Ladder
from growth.phase import list_phases
from support.clock import Clock
from training.forecast import Forecast, Measured
from training.trainer import Trainer

_WARM_UP = 2  # calls of a new step: the first traces it, both set up kernels
_MIN_STEPS, _MAX_STEPS, _MIN_SECONDS = 3, 20, 0.5  # that are timed at a rung


class Constant:
    """Stands for a `ClipPipeline`: the same reals of noise at each step."""

    def __init__(self, ladder: Ladder):
        self.ladder = ladder

    def dataset(self, level: int, nimg: int, minibatch: int, replicas: int = 1, **_):
        """A replica's share of the minibatch, again and again."""
        shape = (minibatch // replicas, *self.ladder[level].shape, 3)
        batch = Batch(tf.random.uniform(shape, -1, 1), tf.fill(shape[:1], -1))
        return tf.data.Dataset.from_tensors(batch).repeat()


def measure(
    config: Config,
    strategy: tf.distribute.Strategy,
    seconds: float,
    clock: Clock = time.monotonic,
) -> Measured:
    """Times steps at stable rungs, as long as `seconds` last; at one rung in any case.

    The second rung shows which others can be afforded; these follow from the finest down, since
    they take most of the time of a run.
    """
    phases = [phase for phase in list_phases(config.schedule, config.ladder) if not phase.fading]
    order = dict.fromkeys([min(1, len(phases) - 1), *reversed(range(len(phases)))])
    trainer, rates, tracing, begin = Trainer(config, strategy), {}, 0.0, clock()
    for phase in (phases[i] for i in order):
        if rates:
            steps = (_WARM_UP + _MIN_STEPS) * phase.minibatch
            predicted = Forecast(config, Measured(rates, tracing)).clip_seconds(phase)
            expected = tracing * graph_size(phase) + steps * predicted
            if clock() - begin + expected > seconds:
                continue
        first, step = _time_steps(trainer, phase, clock)
        rates[phase.index] = step / phase.minibatch
        tracing = max(first - _WARM_UP * step, 0.0) / graph_size(phase)
    return Measured(dict(sorted(rates.items())), tracing)


def _time_steps(trainer, phase, clock):
    """Seconds of the first calls at a phase together, and of a later step."""
    clips, begin, times = Constant(trainer.config.ladder), clock(), []
    trainer.enter(phase)
    for _ in range(_WARM_UP):
        trainer.train(clips, phase, steps=1)
    first = clock() - begin
    while len(times) < _MIN_STEPS or (sum(times) < _MIN_SECONDS and len(times) < _MAX_STEPS):
        begin = clock()
        trainer.train(clips, phase, steps=1)
        times.append(clock() - begin)
    return first, statistics.median(times)
