"""Starting from a model: what a new run takes over from a snapshot or from another run.

Rungs are matched by height, so the source may have another resolution or another ladder. A layer is
taken over where it belongs to a matched rung that the source was trained at, and has the same
shapes. Everything else starts fresh.
"""

import dataclasses
import re
from pathlib import Path

import keras
import tensorflow as tf

from config import Config
from growth.ladder import Ladder
from growth.phase import Lod, Phase, first_level, phase_until
from models.model import Average, Model
from models.registry import model_class
from run_folder.checkpoint import Checkpoints, list_checkpoints
from run_folder.reading import read_config, read_description
from sampling.snapshot import load_model, load_snapshot
from support.addresses import normalise
from support.errors import UserError

_SHAPES = ("growth.feature_maps_base", "growth.feature_maps_max", "network.latent_size")


@dataclasses.dataclass(frozen=True)
class Source:
    """Trained networks by name, and how far they were trained."""

    path: str  # or an address
    config: Config
    phase: Phase
    networks: dict[str, keras.Model]

    @property
    def levels(self) -> range:
        """The levels at which clips were made with nothing fading in."""
        first = first_level(self.config.schedule, self.config.ladder)
        done = self.phase.level - (self.phase.fading and self.phase.weight < 1)
        return range(first, done + 1)


def choose_init(
    path: Path | None, size: int | None, run: Path, config: Config
) -> tuple[Config, Source | None]:
    """The config with the rung at which training begins, and the source to start from.

    Args:
        path: of the source, as the user gave it; None for none.
        size: height of the first rung; None for the highest that the source has.
        run: the run's folder; where it has checkpoints, it does not need its source any more.
        config: of the run.

    Raises:
        UserError: no such source, a rung that it does not have, or another one than the run's.
    """
    known = read_description(run) if (run / "config.json").is_file() else None
    if known:
        path, size = _known_init(run, known.get("init", {}), path, size)
    if path is None:
        if size is not None:
            raise UserError("--init_size should be given with --init. Received: no --init")
        return config, None
    if known and list_checkpoints(run / "checkpoints"):
        return _begin_at(config, size, known["init"].get("frames", 0)), None
    source = load_source(path)
    rung = _first_rung(source, config, size or config.schedule.first_size)
    return _begin_at(config, rung.height, rung.frames), source


def _known_init(run, init, path, size):
    """The source and the size with which a run was started; others are refused."""
    for flag, given, before in (
        ("init", path and normalise(path), init.get("source")),
        ("init_size", size, init.get("size")),
    ):
        if given is not None and given != before:
            raise UserError(
                f"Cannot resume {run}: it was created with --{flag}={before or 'none'}, but "
                f"{given} was given. Use the same, or another run folder."
            )
    return (Path(init["source"]), init["size"]) if init else (None, None)


def _begin_at(config, size, frames):
    settings = [f"schedule.first_size={size}", f"schedule.first_frames={frames}"]
    return config.override(settings) if config.schedule.growing else config


def _first_rung(source, config, size):
    """The rung at which training begins; raises `UserError` unless the source has it."""
    if not config.schedule.growing:
        size = config.ladder[config.ladder.top].height
    there = [
        config.ladder[level]
        for before, level in match_rungs(source.config.ladder, config.ladder)
        if before in source.levels and (not size or config.ladder[level].height == size)
    ]
    if not there:
        raise UserError(
            f"Cannot start from {source.path} at {size or 'any rung'}: it was trained at "
            f"{', '.join(str(source.config.ladder[i]) for i in source.levels)}, and the ladder is "
            f"{config.ladder}. Use --init_size with a height of both."
        )
    return there[-1]


def match_rungs(before: Ladder, ladder: Ladder) -> list[tuple[int, int]]:
    """Pairs of levels of two ladders that have the same height, one by one from the coarsest."""
    left = list(enumerate(before))
    pairs = []
    for level, rung in enumerate(ladder):
        same = [i for i, other in left if other.height == rung.height]
        if same:
            pairs.append((same[0], level))
            left = [(i, other) for i, other in left if i > same[0]]
    return pairs


def load_source(path: Path) -> Source:
    """Loads a model that was passed on, or all networks of a run.

    Args:
        path: weights with their card, or their address; or the folder of a run, whose newest
            checkpoint is taken, or its newest snapshot where it has none.

    Raises:
        UserError: there is nothing of this kind, or it is damaged.
    """
    if path.is_dir() and list_checkpoints(path / "checkpoints"):
        return _load_run(path)
    snapshot = load_snapshot(path) if path.is_dir() else load_model(path)
    networks = {model_class(snapshot.config).sampled: snapshot.generator}
    return Source(normalise(path), snapshot.config, snapshot.phase, networks)


def _load_run(path):
    config = read_config(path)
    networks, nimg = model_class(config)(config).networks, tf.Variable(0, dtype=tf.int64)
    variables = {name: [v.value for v in net.variables] for name, net in networks.items()}
    checkpoint = tf.train.Checkpoint(**variables, nimg=nimg)

    def read(prefix):
        checkpoint.read(prefix).assert_existing_objects_matched().expect_partial()

    Checkpoints(path / "checkpoints", config.train).read_latest(read)
    phase = phase_until(int(nimg.numpy()), config.schedule, config.ladder)
    return Source(str(path), config, phase, networks)


@dataclasses.dataclass(frozen=True)
class Transfer:
    """Names of the layers of each network that were taken over, and of those that start fresh."""

    taken: dict[str, list[str]]
    fresh: dict[str, list[str]]

    def record(self, source: Source, config: Config) -> dict:
        """What the run's config.json stores of its start."""
        first = first_level(config.schedule, config.ladder)
        return {
            "source": source.path,
            "nimg": source.phase.nimg,
            "size": config.ladder[first].height,
            "frames": config.ladder[first].frames,
            **dataclasses.asdict(self),
        }

    def __str__(self):
        names = [name for name, layers in self.taken.items() if layers]
        taken = "; ".join(f"{name}: {', '.join(self.taken[name])}" for name in names)
        fresh = "; ".join(f"{name}: {', '.join(f)}" for name, f in self.fresh.items() if f)
        return f"Taken over: {taken}. Fresh: {fresh or 'nothing'}."


def take_over(source: Source, model: Model, config: Config) -> Transfer:
    """Assigns the weights of a source to the layers of `model` that they fit.

    A network that is missing in the source, whose running average is there, starts as the average.

    Raises:
        UserError: the generator that makes samples does not fit at the rung where training begins.
    """
    networks = dict(source.networks)
    for step in model.steps():
        if isinstance(step, Average) and step.name in networks:
            networks.setdefault(step.of, networks[step.name])
    transfer = Transfer({}, {})
    for name, network in model.networks.items():
        pairs = _pair_layers(source, networks.get(name), network, config.ladder)
        taken = [pair for pair in pairs if _fits(*pair)]
        fresh = [layer for other, layer in pairs if not _fits(other, layer)]
        if name == model.sampled:
            _check_generator(source, network, fresh, config)
        for other, layer in taken:
            for variable, value in zip(layer.variables, other.variables, strict=True):
                variable.assign(value.numpy())
        transfer.taken[name] = [layer.name for _, layer in taken]
        transfer.fresh[name] = [layer.name for layer in fresh]
    return transfer


def _pair_layers(source, network, target, ladder):
    """(the source's layer or None, the layer) for all layers of `target`."""
    levels = {after: i for i, after in match_rungs(source.config.ladder, ladder)}
    there = _layers(network, source.phase.level + 1) if network else []
    by_name = {(level, _kind(layer)): layer for level, layer in there}
    return [
        (by_name.get((levels.get(level), _kind(layer))), layer)
        for level, layer in _layers(target, len(ladder))
    ]


def _layers(network, count):
    """(level, layer) for each layer: the first of `count` levels at which it is used."""
    found = {}
    for level in range(count):
        for layer in network.live_layers(Lod(level)):
            found.setdefault(id(layer), (level, layer))
    return list(found.values())


def _kind(layer):
    """The name of a layer without the number of its rung."""
    return re.sub(r"\d+$", "", layer.name)


def _fits(other, layer):
    return type(other) is type(layer) and _shapes(other) == _shapes(layer)


def _shapes(layer):
    return [tuple(variable.shape) for variable in layer.variables]


def _check_generator(source, generator, fresh, config):
    level = first_level(config.schedule, config.ladder)
    needed = {id(layer) for layer in generator.live_layers(Lod(level))}
    names = [layer.name for layer in fresh if id(layer) in needed]
    if names:
        raise UserError(
            f"Cannot start from {source.path} at {config.ladder[level]}: its generator has no "
            f"{', '.join(names)} of the shapes that this config has. {_advice(source, config)}"
        )


def _advice(source, config):
    """A sentence with the settings that change shapes, as the source has them."""
    values = []
    for key in _SHAPES:
        section, name = key.split(".")
        there, here = (getattr(getattr(c, section), name) for c in (source.config, config))
        values += [f"{key}={there}"] if there != here else []
    if not values:
        return f"Its ladder is {source.config.ladder}, and this one {config.ladder}."
    return f"Use --set {' '.join(values)}, as it has."
