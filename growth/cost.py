"""What a phase of training costs, from the operations of its step: a forecast before it runs.

Seconds are those of the two CPU cores on which the figures below were measured
(benchmarks/train_step_cpu_202611.md). Elsewhere costs are used in proportion to each other.
"""

import math

from growth.ladder import Ladder
from growth.phase import Phase

_TAPS = {1: 3, 2: 4}  # of a fused kernel along an axis that is multiplied by this factor
# How often a step with a gradient penalty runs a convolution that both networks have, for a clip:
# forward, to its input and to its kernel. The first rung's is behind the critic's minibatch
# deviation, whose second derivative is left out there.
_RUNS, _RUNS_OF_FIRST = 18, 16
_OPERATIONS_PER_SECOND = 220e9
_SECONDS_PER_RUNG = 0.005  # of a step, however small: for each rung of its graph


def operations(ladder: Ladder, level: int) -> float:
    """Multiplications and additions per clip in the convolutions of a training step."""
    first = 27 * ladder[0].feature_maps ** 2 * math.prod(ladder[0].shape)
    blocks = 0
    for i in range(1, level + 1):
        coarse, fine = ladder[i - 1], ladder[i]
        taps = math.prod(_TAPS[factor] for factor in ladder.factors(i))
        blocks += taps * math.prod(coarse.shape) * coarse.feature_maps * fine.feature_maps
        blocks += 27 * math.prod(fine.shape) * fine.feature_maps**2
    return 2.0 * (_RUNS_OF_FIRST * first + _RUNS * blocks)


def graph_size(phase: Phase) -> int:
    """The size of the traced step, in rungs: what is around them counts as one, a fade too."""
    return phase.level + 2 + phase.fading


def clip_cost(phase: Phase, ladder: Ladder) -> float:
    """Seconds of training per clip, without tracing and reports."""
    fixed = _SECONDS_PER_RUNG * graph_size(phase) / phase.minibatch
    return fixed + operations(ladder, phase.level) / _OPERATIONS_PER_SECOND
