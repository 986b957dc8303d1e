"""Presets: a function each, returning a complete frozen `Config`; and typed overrides of them.

config = PRESETS["faces"]().override(["growth.resolution=128", "schedule.minibatch.64=4"])
"""

import ast
import dataclasses
import difflib
import functools
import math
import typing

from growth.ladder import Ladder, make_ladder, name_ladder
from growth.phase import Schedule, at_size, list_phases
from losses import LOSSES, SWGAN, WGANGP, Loss
from models.settings import (
    MODELS,
    IVGANSettings,
    MoCoGANSettings,
    ModelSettings,
    ProgressiveSettings,
    TGANSettings,
    VGANSettings,
)
from support.errors import UserError
from support.settings import Bounds, check_settings, setting


@dataclasses.dataclass(frozen=True)
class Growth:
    """The ladder, by name or written out, and where it ends."""

    ladder: str = setting("thesis", 'thesis, authors, or rungs such as "4x4x4 4x8x8 8x8x8"')
    resolution: int = setting(256, "height and width of the full clip")
    num_frames: int = setting(32, "frames of the full clip")
    feature_maps_base: int = setting(
        1024, "feature maps are base / 2^(log2(height) - 1), up to the maximum", above=0
    )
    feature_maps_max: int = setting(128, "the maximum of feature maps", above=0)

    def __post_init__(self):
        check_settings("growth", self)


@dataclasses.dataclass(frozen=True)
class Network:
    """Settings of generator and critic that do not follow from the ladder."""

    latent_size: int = setting(
        128, "numbers in a latent, and values of the encoder (K of equation 5.2)", above=0
    )
    stddev_group: int = setting(
        4, "consecutive clips that are compared by the minibatch statistic", above=0
    )
    minibatch_statistic: str = setting(
        "stddev",
        "what shows the critic a group of clips: a map, minibatch discrimination, or both",
        choices=("stddev", "discrimination", "both"),
    )
    fused_resample: bool = setting(
        True, "one strided convolution in place of resampling and convolution"
    )
    precision: str = setting(
        "float32",
        "data type of convolutions (weights are always float32)",
        choices=("float32", "mixed_bfloat16"),
    )
    labels: str = setting(
        "none",
        "how generator and critic use the classes of clips; all but none take them from the data",
        choices=("none", "projection", "slices", "concat", "head"),
    )
    classes: tuple[str, ...] = setting((), "names of the classes (default: those of the data)")

    def __post_init__(self):
        check_settings("network", self)

    @property
    def num_classes(self) -> int:
        """The number of classes that make a difference: 0 without labels, and with one class."""
        return len(self.classes) if self.labels != "none" and len(self.classes) > 1 else 0


@dataclasses.dataclass(frozen=True)
class Train:
    """Training length, optimizer, and output intervals."""

    total_kimg: float = setting(
        12000, "thousands of real clips shown in all", above=0, may_change=True
    )
    seed: int = setting(0, "seed of weights, noise and data order", minimum=0, maximum=2**32 - 1)
    mirror: bool = setting(True, "mirror half of the reals left to right")
    beta_1: float = setting(0.0, "of Adam", minimum=0, below=1)
    beta_2: float = setting(0.99, "of Adam", minimum=0, below=1)
    epsilon: float = setting(1e-8, "of Adam", above=0)
    running_average: float = setting(
        0.999, "decay per step of Gs, the running average of the generator", minimum=0, below=1
    )
    accumulate: int = setting(
        1, "parts of a minibatch that are computed one after the other, to save memory", above=0
    )
    penalty_interval: int = setting(
        1, "compute the gradient penalty every N steps, scaled by N (lazy regularisation)", above=0
    )
    steps_per_call: int = setting(
        4, "minibatches in a traced call, the smallest unit of the loop", above=0
    )
    tick_kimg: float = setting(
        20, "thousands of clips between status lines and pictures", above=0, may_change=True
    )
    snapshot_ticks: int = setting(
        5, "ticks between snapshots, and clips in TensorBoard", above=0, may_change=True
    )
    distance_ticks: int = setting(
        10, "ticks between sliced Wasserstein distances; 0: never", minimum=0, may_change=True
    )
    distance_clips: int = setting(
        512, "reals and fakes that the distance compares", above=0, may_change=True
    )
    distance_patience: int = setting(
        5,
        "distances in a row without a smaller one at its rung before a note in the log; 0: none",
        minimum=0,
        may_change=True,
    )
    checkpoint_minutes: float = setting(
        15, "minutes between checkpoints", minimum=0, may_change=True
    )
    keep_checkpoints: int = setting(3, "newest checkpoints that are kept", above=0, may_change=True)
    keep_checkpoint_kimg: float = setting(
        0.0, "thousands of clips between checkpoints kept for good; 0: none", may_change=True
    )
    skips_before_rollback: int = setting(
        16,
        "consecutive non-finite steps before rolling back to the last checkpoint",
        above=0,
        may_change=True,
    )
    rollbacks: int = setting(3, "rollbacks before training aborts", minimum=0, may_change=True)

    def __post_init__(self):
        check_settings("train", self)


@dataclasses.dataclass(frozen=True)
class Metrics:
    """Scores computed while a run trains."""

    every_kimg: float = setting(0.0, "thousands of clips between scores; 0: never", may_change=True)
    protocol: str = setting("thesis", "one of metrics/protocols.py", may_change=True)
    weights: str = setting("", "weights of the feature network (evaluate.py)", may_change=True)
    clips: int = setting(2048, "fakes and reals of a score", above=0, may_change=True)

    def __post_init__(self):
        check_settings("metrics", self)
        if self.every_kimg > 0 and not self.weights:
            raise UserError("`metrics.weights` should name a file for scores. Received: none")


@dataclasses.dataclass(frozen=True)
class Config:
    """All settings that a run depends on, besides its data."""

    name: str
    growth: Growth = Growth()
    network: Network = Network()
    schedule: Schedule = Schedule()
    model: ModelSettings = ProgressiveSettings()  # one of `models.MODELS`
    loss: Loss = SWGAN()  # one of `losses.LOSSES`
    train: Train = Train()
    metrics: Metrics = Metrics()

    def __post_init__(self):
        list_phases(self.schedule, self.ladder)
        if self.network.labels == "slices" and self.loss.head != "sliced":
            raise UserError(
                "`network.labels` should be slices only with a loss that has the sliced head. "
                f"Received: loss {self.loss.kind}"
            )
        self.model.check(self)
        two = [str(rung) for rung in self.ladder if rung.frames == 2]
        if two and self.network.precision != "float32":
            raise UserError(
                "`network.precision` should be float32 where a rung has two frames: TensorFlow's "
                f"gradients of bfloat16 kernels are wrong there. Received: {two[0]}"
            )

    @functools.cached_property
    def ladder(self) -> Ladder:
        """The ladder that `growth` describes."""
        growth = self.growth
        return make_ladder(
            growth.ladder,
            growth.resolution,
            growth.num_frames,
            growth.feature_maps_base,
            growth.feature_maps_max,
        )

    @property
    def latent_size(self) -> int:
        """How many numbers a latent of the model has."""
        return sum(self.model.latent_parts(self).values())

    def override(self, settings: typing.Iterable[str]) -> "Config":
        """Returns a copy with each "section.key=value" of `settings` in place, in order.

        Tables take one entry ("schedule.minibatch.64=4"), a whole one ("schedule.minibatch={4: 16,
        64: 4}") or a value for all sizes ("schedule.minibatch=8"). "loss=wgan_gp" and "model=vgan"
        choose a loss and a model by name.

        Raises:
            UserError: an unknown key (with the nearest known ones), a value of another type, or a
                setting that the model does not use.
        """
        tree, known = dataclasses.asdict(self), set(_keys(self)) | _CHOICES.keys()
        keys = []
        for assignment in settings:
            key, equals, text = assignment.partition("=")
            if not equals:
                raise UserError(f"A setting should be section.key=value. Received: {assignment!r}")
            keys.append(key)
            if key in _CHOICES:
                tree[key] = dataclasses.asdict(_choose(key, text))
                known = {k for k in known if not k.startswith(f"{key}.")}
                known |= {f"{key}.{k}" for k in tree[key] if k != "kind"}
                continue
            parent = key.rpartition(".")[0]
            if key not in known and parent not in _tables(self):
                near = difflib.get_close_matches(key, sorted(known), n=3, cutoff=0.4)
                raise UserError(
                    f"There is no setting `{key}`. Nearest: {', '.join(near) or 'none'}."
                )
            _put(tree, key.split("."), text)
        config = from_dict(tree)
        for key in keys:
            if not config.model.uses(key):
                raise UserError(f"The model {config.model.kind} does not use `{key}`.")
        return config

    def as_dict(self) -> dict:
        """The config as plain values, for JSON; `from_dict` is the way back."""
        return dataclasses.asdict(self)


def from_dict(tree: dict) -> Config:
    """Makes a `Config` of what `Config.as_dict` gave, or of its JSON."""
    return _typed(Config, tree, "")


class SettingInfo(typing.NamedTuple):
    """A setting as `train.py --settings` prints it."""

    key: str  # such as "train.seed"
    value: typing.Any
    text: str
    bounds: Bounds
    may_change: bool  # whether a run may resume with another value


def list_settings(config: Config) -> list[SettingInfo]:
    """All settings of a config that its model uses, in order."""
    return [info for info in _list_settings(config, "") if config.model.uses(info.key)]


def _list_settings(value, prefix):
    for field in dataclasses.fields(value):
        key, below = prefix + field.name, getattr(value, field.name)
        if dataclasses.is_dataclass(below):
            yield from _list_settings(below, f"{key}.")
        elif field.metadata:
            yield SettingInfo(key, below, **field.metadata)


def faces() -> Config:
    """TrailerFaces at 256x256x32: Tables A.1 and A.2."""
    return Config("faces")


def ucf101() -> Config:
    """UCF-101 at 128x128x32."""
    return Config("ucf101", Growth("authors", resolution=128))


def golf() -> Config:
    """Golf at 128x128x32."""
    return Config("golf", Growth("authors", resolution=128))


def aeroplane() -> Config:
    """Aeroplane at 128x128x32."""
    return Config("aeroplane", Growth("authors", resolution=128))


def actions() -> Config:
    """Human actions at 64x64x16."""
    return Config("actions", Growth("thesis", resolution=64, num_frames=16))


def demo() -> Config:
    """Moving shapes at 32x32x8: minutes on a CPU."""
    rates = {4: 4e-3}
    return Config(
        "demo",
        Growth("thesis", 32, 8, feature_maps_base=256, feature_maps_max=32),
        Network(latent_size=32),
        Schedule({4: 3.0}, {4: 3.0}, minibatch={4: 8}, generator_rate=rates, critic_rate=rates),
        train=Train(
            total_kimg=27,
            running_average=0.99,
            tick_kimg=1,
            snapshot_ticks=1,
            distance_ticks=3,
            distance_clips=256,
        ),
    )


def vgan_golf() -> Config:
    """VGAN's golf clips at 64x64x32, as published: 65,000 steps."""
    train = Train(total_kimg=65 * 64, mirror=False, beta_1=0.5, beta_2=0.999)
    return Config(
        "vgan_golf",
        _one_rung(32, 64),
        schedule=_constant(64, 2e-4),
        model=VGANSettings(),
        train=train,
    )


def vgan_demo() -> Config:
    """A small VGAN for the synthetic clips at 32x32x16."""
    return _small("vgan_demo", vgan_golf())


def tgan_ucf101() -> Config:
    """TGAN's clips of UCF-101 at 64x64x16, as published: 100,000 steps."""
    train = Train(total_kimg=100 * 32, mirror=False)
    return Config(
        "tgan_ucf101",
        _one_rung(16, 64),
        schedule=_constant(32, 5e-5),
        model=TGANSettings(),
        train=train,
    )


def tgan_demo() -> Config:
    """A small TGAN for the synthetic clips at 32x32x16."""
    return _small("tgan_demo", tgan_ucf101())


def mocogan_actions() -> Config:
    """MoCoGAN of human actions at 64x64x16, as published: 100,000 steps."""
    train = Train(total_kimg=100 * 32, mirror=False, beta_1=0.5, beta_2=0.999)
    return Config(
        "mocogan_actions",
        _one_rung(16, 64),
        schedule=_constant(32, 2e-4),
        model=MoCoGANSettings(),
        train=train,
    )


def mocogan_demo() -> Config:
    """A small MoCoGAN for the synthetic clips at 32x32x16."""
    return _small("mocogan_demo", mocogan_actions())


def ivgan_golf() -> Config:
    """iVGAN's golf clips at 64x64x32, as published; a critic step counts its clips."""
    train = Train(total_kimg=5 * 65 * 64, mirror=False, beta_1=0.5, beta_2=0.999)
    return Config(
        "ivgan_golf",
        _one_rung(32, 64),
        schedule=_constant(64, 2e-4),
        model=IVGANSettings(),
        loss=WGANGP(drift_weight=0.0),
        train=train,
    )


def ivgan_demo() -> Config:
    """A small iVGAN for the synthetic clips at 32x32x16."""
    return _small("ivgan_demo", ivgan_golf())


def _one_rung(frames, resolution):
    return Growth(f"{frames}x{resolution}x{resolution}", resolution, frames)


def _constant(minibatch, rate):
    """A schedule that does not grow."""
    rates = {4: rate}
    minibatches = {4: minibatch}
    return Schedule(growing=False, minibatch=minibatches, generator_rate=rates, critic_rate=rates)


def _small(name, published):
    """A published preset at 32x32x16 with few feature maps and small minibatches."""
    model = dataclasses.replace(published.model, maps=8)
    schedule = dataclasses.replace(published.schedule, minibatch={4: 8})
    train = dataclasses.replace(
        published.train,
        total_kimg=60,
        tick_kimg=2,
        snapshot_ticks=2,
        distance_ticks=5,
        distance_clips=256,
    )
    return Config(
        name, _one_rung(16, 32), schedule=schedule, model=model, loss=published.loss, train=train
    )


_OF_THE_PAPER = (faces, ucf101, golf, aeroplane, actions, demo)
_OF_RIVALS = (
    vgan_golf,
    vgan_demo,
    tgan_ucf101,
    tgan_demo,
    mocogan_actions,
    mocogan_demo,
    ivgan_golf,
    ivgan_demo,
)
PRESETS = {f.__name__: f for f in (*_OF_THE_PAPER, *_OF_RIVALS)}


def preset(name: str) -> Config:
    """The preset of this name; raises `UserError` with the names there are."""
    if name not in PRESETS:
        raise UserError(f"`config` should be one of {', '.join(PRESETS)}. Received: {name}")
    return PRESETS[name]()


# The sections whose kind is chosen by name, and those of their types.
_CHOICES: dict[str, dict] = {"loss": LOSSES, "model": MODELS}
_CHOICES_OF_TYPE: dict = {Loss: LOSSES, ModelSettings: MODELS}


def _choose(key, name):
    choices = _CHOICES[key]
    if name not in choices:
        raise UserError(f"`{key}` should be one of {', '.join(choices)}. Received: {name}")
    return choices[name]()


def config_for(name: str, ladder: Ladder) -> tuple[Config, str]:
    """The config of a data set that has this ladder, and the preset it is made of.

    That is the smallest preset whose clips are as large. It is trained as long as the ladder needs.
    """
    presets = sorted(PRESETS.values(), key=lambda make: make().growth.resolution)
    size, chosen = ladder[-1].height, presets[-1]
    chosen = next((make for make in presets if make().growth.resolution >= size), chosen)
    base = chosen()
    growth = dataclasses.replace(
        base.growth,
        ladder=name_ladder(ladder),
        resolution=size,
        num_frames=ladder[-1].frames,
    )
    config = dataclasses.replace(base, name=name, growth=growth)
    last = list_phases(config.schedule, config.ladder)[-1]
    needed = last.begin / 1000 + at_size(config.schedule.lod_training_kimg, size)
    train = dataclasses.replace(base.train, total_kimg=max(base.train.total_kimg, needed))
    return dataclasses.replace(config, train=train), base.name


def _keys(value, prefix=""):
    """Dotted names of all settings below a dataclass."""
    for field in dataclasses.fields(value):
        below = getattr(value, field.name)
        if dataclasses.is_dataclass(below):
            yield from _keys(below, f"{prefix}{field.name}.")
        elif field.name != "kind":
            yield prefix + field.name


def _tables(config):
    return {key for key in _keys(config) if isinstance(_get(config, key.split(".")), dict)}


def _get(value, path):
    return functools.reduce(getattr, path, value)


def _put(tree, path, text):
    for name in path[:-1]:
        if not isinstance(tree[name], dict):  # A table that was given as one value for all sizes.
            tree[name] = {4: tree[name]}
        tree = tree[name]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = {"true": True, "false": False}.get(text.lower(), text)
    # An entry of a table of sizes has a number for its name.
    tree[int(path[-1]) if path[-1].isdecimal() else path[-1]] = value


def _typed(kind, value, key):
    """`value` (plain, perhaps from JSON) as `kind`, where the two fit without loss."""
    if kind is ModelSettings and isinstance(value, str):  # As stored before models had settings.
        value = {"kind": value}
    if (kind is Loss or dataclasses.is_dataclass(kind)) and not isinstance(value, dict):
        raise UserError(f"`{key or 'config'}` should hold settings. Received: {value!r}")
    if kind in _CHOICES_OF_TYPE:
        choices = (make() for make in _CHOICES_OF_TYPE[kind].values())
        kinds = {choice.kind: type(choice) for choice in choices}
        if not isinstance(value.get("kind"), str) or value["kind"] not in kinds:
            raise UserError(f"`{key}` should be one of {', '.join(kinds)}. Received: {value}")
        kind = kinds[value["kind"]]
    if dataclasses.is_dataclass(kind):
        hints, names = typing.get_type_hints(kind), {f.name for f in dataclasses.fields(kind)}
        unknown = [f"{key}.{k}".lstrip(".") for k in value if k not in names]
        if unknown:
            raise UserError(f"A config should hold known settings. Received: {', '.join(unknown)}")
        required = {
            f.name
            for f in dataclasses.fields(kind)
            if f.default is f.default_factory is dataclasses.MISSING
        }
        if missing := required - value.keys():
            raise UserError(f"A config should hold a {missing.pop()}. Received: {list(value)}")
        below = {k: _typed(hints[k], v, f"{key}.{k}".lstrip(".")) for k, v in value.items()}
        return kind(**below)
    if typing.get_origin(kind) is dict:
        _, of_value = typing.get_args(kind)
        value = value if isinstance(value, dict) else {4: value}  # One for all sizes.
        for size in value:
            if not str(size).isdecimal():
                raise UserError(f"`{key}` should be keyed by sizes. Received: {size!r}")
        table = {int(size): _typed(of_value, v, f"{key}.{size}") for size, v in value.items()}
        return dict(sorted(table.items()))
    if typing.get_origin(kind) is tuple:
        of_value, _ = typing.get_args(kind)
        value = value if isinstance(value, list | tuple) else [value]
        return tuple(_typed(of_value, item, key) for item in value)
    if kind is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if kind is str and type(value) in (int, float):  # As `override` reads a text of digits.
        return str(value)
    if kind is not float and type(value) is kind:
        return value
    raise UserError(f"`{key}` should be {kind.__name__}. Received: {value!r}")
