"""What a config would train, in words: ladder, layers, schedule, memory and disk."""

import math

from config import Config
from growth.phase import list_phases
from networks.discriminator import Discriminator
from networks.generator import Generator

# Bytes that a step holds at its peak for each value of the feature maps of generator and encoder,
# measured on a CPU (benchmarks/train_step_cpu_202611.md); the process itself comes on top.
_BYTES_A_VALUE = {"float32": 20, "mixed_bfloat16": 14}
_BYTES_PROCESS = 1.0e9


def describe(config: Config) -> str:
    """The ladder, Tables A.1 and A.2 at lod 0, the schedule, and estimates of memory and disk."""
    G = Generator(config.ladder, config.network)
    D = Discriminator(config.ladder, config.network, config.loss.head)
    parameters = G.count_params(), D.count_params()
    parts = [
        f"{config.name}: ladder {config.ladder} (frames x height x width)",
        _table("Generator (Table A.1)", G.table()),
        _table("Encoder of the discriminator (Table A.2)", D.encoder.table()),
        f"{D.head.title}: {D.head.count_params()} parameters; with the encoder "
        f"{sum(row[2] for row in D.table())}.",
        _schedule(config),
        _disk(config, *parameters),
    ]
    return "\n\n".join(parts)


def _table(title, rows):
    lines = [f"{title:<41}{'C x T x H x W':<20}{'parameters':>12}"]
    lines += [f"  {n:<39}{' x '.join(map(str, s)):<20}{c or '-':>12}" for n, s, c in rows]
    return "\n".join([*lines, f"  {'Total':<59}{sum(row[2] for row in rows):>12}"])


def _schedule(config):
    lines = [
        f"{'Schedule: kimg':<22}{'rung':<14}{'phase':<8}{'lod':<8}{'minibatch':<11}"
        f"{'rates G, D':<20}{'memory':>8}"
    ]
    total = config.train.total_kimg
    for phase in list_phases(config.schedule, config.ladder):
        begin, end = phase.begin / 1000, min(total, (phase.end or math.inf) / 1000)
        if begin >= total:
            lines.append(f"  train.total_kimg = {total:g} ends before the rest.")
            break
        span, rung = f"{begin:g} to {end:g}", config.ladder[phase.level]
        lod = f"{phase.lod:g} to {phase.lod - 1:g}" if phase.fading else f"{phase.lod:g}"
        rates = f"{phase.generator_rate:g}, {phase.critic_rate:g}"
        memory = estimate_memory(config, phase.level, phase.minibatch) / 1e9
        lines.append(
            f"  {span:<20}{rung!s:<14}{'fade' if phase.fading else 'stable':<8}{lod:<8}"
            f"{phase.minibatch:<11}{rates:<20}{memory:>5.1f} GB"
        )
    return "\n".join(
        [
            *lines,
            "  (Memory of a step on all replicas, an estimate; pictures and data on top.)",
        ]
    )


def estimate_memory(config: Config, level: int, minibatch: int) -> float:
    """Bytes of a step at its peak on one device, about."""
    # Two convolutions a rung in each network.
    rungs = config.ladder.rungs[: level + 1]
    values = sum(4 * rung.feature_maps * math.prod(rung.shape) for rung in rungs)
    clips = minibatch / config.train.accumulate
    return _BYTES_PROCESS + clips * values * _BYTES_A_VALUE[config.network.precision]


def _disk(config, generator_parameters, critic_parameters):
    checkpoint = 4 * (4 * generator_parameters + 3 * critic_parameters)  # Weights, Gs, two moments.
    clip = sum(3 * math.prod(rung.shape) for rung in config.ladder)
    return (
        f"Disk: {checkpoint / 1e6:.0f} MB a checkpoint ({config.train.keep_checkpoints} are kept), "
        f"{4 * generator_parameters / 1e6:.0f} MB a snapshot of Gs,\n"
        f"  {clip / 1e6:.2f} MB a clip of the data set over all rungs "
        f"({clip / 1e6:.1f} GB for a thousand)."
    )
