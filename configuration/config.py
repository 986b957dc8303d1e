"""The config of a run."""

import dataclasses
import difflib
import functools
import typing

from configuration.sections import Growth, Metrics, Network, Prediction, Train
from configuration.tree import Choices, keys, put, tables, typed
from growth.ladder import Ladder, make_ladder
from growth.phase import Schedule, first_level, list_phases
from losses import LOSSES, SWGAN, Loss
from models.settings import MODELS, ModelSettings, ProgressiveSettings
from support.errors import UserError
from support.settings import Bounds

# The sections whose kind is chosen by name.
_NAMED: dict[str, dict] = {"loss": LOSSES, "model": MODELS}
_TEXTS = {
    "loss": "what generator and critic minimise; the settings of each follow (docs/losses.md)",
    "model": "the networks that are trained together; the settings of each follow (docs/models.md)",
}
_CHOICES: Choices = {Loss: LOSSES, ModelSettings: MODELS}


@dataclasses.dataclass(frozen=True)
class Config:
    """All settings that a run depends on, besides its data."""

    name: str
    growth: Growth = Growth()
    network: Network = Network()
    schedule: Schedule = Schedule()
    model: ModelSettings = ProgressiveSettings()  # one of `models.MODELS`
    loss: Loss = SWGAN()  # one of `losses.LOSSES`
    prediction: Prediction = Prediction()
    train: Train = Train()
    metrics: Metrics = Metrics()

    def __post_init__(self):
        list_phases(self.schedule, self.ladder)
        if self.network.labels == "slices" and self.loss.head != "sliced":
            raise UserError(
                "`network.labels` should be slices only with a loss that has the sliced head. "
                f"Received: loss {self.loss.kind}"
            )
        if self.network.labels == "projection" and not self.loss.generator_uses_head:
            raise UserError(
                "`network.labels` should not be projection with a loss whose generator does not "
                f"see the critic's head. Received: loss {self.loss.kind}"
            )
        self.model.check(self)
        self._check_past()
        if self.network.precision != "float32" and not self.supports_bfloat16:
            raise UserError(
                "`network.precision` should be float32 where a rung has two frames: TensorFlow's "
                f"gradients of bfloat16 kernels are wrong there. Received: the ladder {self.ladder}"
            )

    def _check_past(self):
        past, frames = self.prediction.past, self.ladder[-1].frames
        if past >= frames:
            raise UserError(
                f"`prediction.past` should be fewer than the {frames} frames of the full clip. "
                f"Received: {past}"
            )
        first = first_level(self.schedule, self.ladder)
        if not self.prediction.has_critic and not self.ladder.past_frames(past, first):
            raise UserError(
                "`prediction.critic` should be true where training begins at a rung that is given "
                f"no past. Received: false, with {past} frames of {frames} and the first rung "
                f"{self.ladder[first]} (`schedule.first_size` chooses a finer one)"
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

    @property
    def num_classes(self) -> int:
        """Classes that the generator can be asked for: 0 without labels, and with one class."""
        count = len(self.network.classes)
        return count if self.model.takes_labels(self) and count > 1 else 0

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of these classes."""
        return self.network.classes if self.num_classes else ()

    @property
    def supports_bfloat16(self) -> bool:
        """Whether convolutions can be in bfloat16: no rung has two frames."""
        return all(rung.frames != 2 for rung in self.ladder)

    def override(self, settings: typing.Iterable[str]) -> "Config":
        """Returns a copy with each "section.key=value" of `settings` in place, in order.

        Tables take one entry ("schedule.minibatch.64=4"), a whole one ("schedule.minibatch={4: 16,
        64: 4}") or a value for all sizes ("schedule.minibatch=8"). "loss=wgan_gp" and "model=vgan"
        choose a loss and a model by name.

        Raises:
            UserError: an unknown key (with the nearest known ones), a value of another type, or a
                setting that the model does not use.
        """
        tree, known = dataclasses.asdict(self), set(keys(self)) | _NAMED.keys()
        given = []
        for assignment in settings:
            key, equals, text = assignment.partition("=")
            if not equals:
                raise UserError(f"A setting should be section.key=value. Received: {assignment!r}")
            given.append(key)
            if key in _NAMED:
                tree[key] = dataclasses.asdict(_choose(key, text))
                known = {k for k in known if not k.startswith(f"{key}.")}
                known |= {f"{key}.{k}" for k in tree[key] if k != "kind"}
                continue
            parent = key.rpartition(".")[0]
            if key not in known and parent not in tables(self):
                near = difflib.get_close_matches(key, sorted(known), n=3, cutoff=0.4)
                raise UserError(
                    f"There is no setting `{key}`. Nearest: {', '.join(near) or 'none'}."
                )
            put(tree, key, text)
        config = from_dict(tree)
        for key in given:
            if not config.model.uses(key):
                raise UserError(f"The model {config.model.kind} does not use `{key}`.")
        return config

    def as_dict(self) -> dict:
        """The config as plain values, for JSON; `from_dict` is the way back."""
        return dataclasses.asdict(self)


def from_dict(tree: dict) -> Config:
    """Makes a `Config` of what `Config.as_dict` gave, or of its JSON."""
    return typed(Config, tree, _CHOICES)


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
        if field.name in _NAMED:
            choices = Bounds(choices=tuple(_NAMED[field.name]))
            yield SettingInfo(key, below.kind, _TEXTS[field.name], choices, may_change=False)
        if dataclasses.is_dataclass(below):
            yield from _list_settings(below, f"{key}.")
        elif field.metadata:
            yield SettingInfo(key, below, **field.metadata)


def _choose(key, name):
    choices = _NAMED[key]
    if name not in choices:
        raise UserError(f"`{key}` should be one of {', '.join(choices)}. Received: {name}")
    return choices[name]()
