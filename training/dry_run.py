"""What a config would train, in words: ladder, layers, schedule, memory and disk."""

import dataclasses
import math
import textwrap

from config import Config
from growth.phase import list_phases
from models.model import Update
from models.registry import model_class

# Bytes that a step holds at its peak for each value of the feature maps of generator and encoder,
# measured on a CPU (benchmarks/train_step_cpu_202611.md); the process itself comes on top.
_BYTES_PER_VALUE = {"float32": 20, "mixed_bfloat16": 14}
_BYTES_PROCESS = 1.0e9


def describe(config: Config) -> str:
    """The ladder, the networks at lod 0, the schedule, loss and optimizer, memory and disk."""
    model = model_class(config)(config)
    parts = [
        f"{config.name}: ladder {config.ladder} (frames x height x width)",
        *(_table(title, rows) for title, rows in model.tables().items()),
        *_all_settings(config),
        _schedule(config),
        _disk(config, model),
    ]
    return "\n\n".join(parts)


def _all_settings(config):
    """Those of model, loss, prediction and training; some models have a loss of their own."""
    yield _settings("Model", config.model)
    if config.model.uses("loss") and config.prediction.has_critic:
        yield _settings("Loss", config.loss)
    if config.prediction.past:
        yield _settings("Prediction", config.prediction)
    yield _settings("Training", config.train)


def _settings(title, settings):
    values = dataclasses.asdict(settings).items()
    text = f"{title}: {', '.join(f'{name}={value}' for name, value in values)}"
    return textwrap.fill(text, 100, subsequent_indent="  ", break_on_hyphens=False)


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
        memory = "unknown"  # The estimate is for the networks that grow.
        if config.model.uses("growth.feature_maps_base"):
            memory = f"{estimate_memory(config, phase.level, phase.minibatch) / 1e9:.1f} GB"
        lines.append(
            f"  {span:<20}{rung!s:<14}{'fade' if phase.fading else 'stable':<8}{lod:<8}"
            f"{phase.minibatch:<11}{rates:<20}{memory:>8}"
        )
    if config.schedule.decay_kimg:
        lines.append(f"  Rates fall to a tenth over the last {config.schedule.decay_kimg:g} kimg.")
    lines.append("  (Memory of a step on all replicas, an estimate; pictures and data on top.)")
    return "\n".join(lines)


def estimate_memory(config: Config, level: int, minibatch: int) -> float:
    """Bytes of a step at its peak on one device, about."""
    # Two convolutions per rung in each network.
    rungs = config.ladder.rungs[: level + 1]
    values = sum(4 * rung.feature_maps * math.prod(rung.shape) for rung in rungs)
    clips = minibatch / config.train.accumulate
    return _BYTES_PROCESS + clips * values * _BYTES_PER_VALUE[config.network.precision]


def _disk(config, model):
    updates = [step for step in model.steps() if isinstance(step, Update)]
    trained = [model.networks[name] for update in updates for name in update.networks]
    networks = sum(network.count_params() for network in model.networks.values())
    moments = 2 * sum(network.count_params() for network in trained)  # Adam has two.
    checkpoint, snapshot = 4 * (networks + moments), model.networks[model.sampled].count_params()
    clip = sum(3 * math.prod(rung.shape) for rung in config.ladder)
    return (
        f"Disk: {checkpoint / 1e6:.0f} MB per checkpoint ({config.train.keep_checkpoints} are "
        f"kept), {4 * snapshot / 1e6:.0f} MB per snapshot of the generator,\n"
        f"  {clip / 1e6:.2f} MB per clip of the data set over all rungs "
        f"({clip / 1e6:.1f} GB for a thousand)."
    )
