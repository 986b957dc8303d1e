"""The settings of models: a frozen dataclass each, registered by name in `MODELS`.

They import no TensorFlow, so that `config` can hold them and a wrong one is reported at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from support.errors import UserError
from support.settings import check_settings, setting

if TYPE_CHECKING:
    from config import Config


_OF_ADAM = ("train.beta_1", "train.beta_2", "train.epsilon")


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """Base of the settings of a model.

    Attributes:
        kind: the name that a stored config has for the model.
        unused: names of settings, and of sections of them, that the model does not use.
    """

    kind: str = ""

    unused: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self):
        check_settings("model", self)

    def latent_parts(self, config: Config) -> dict[str, int]:
        """The parts of a latent in order, by name, and how many numbers each has."""
        raise NotImplementedError

    def lengthen(self, parts: dict[str, int], config: Config, frames: int) -> dict[str, int]:
        """`latent_parts` for clips of another length; raises `UserError` where there are none."""
        raise UserError(
            f"The model {self.kind} makes clips of {config.ladder[-1].frames} frames. "
            f"Received: {frames} (docs/models.md lists what makes longer ones)"
        )

    def views(self) -> tuple[str, ...]:
        """What the generator can show instead of its clips, by name."""
        return ()

    def check(self, config: Config):
        """Raises `UserError` for a config that the model cannot train."""

    def takes_labels(self, config: Config) -> bool:
        """Whether the model learns the classes of its data set."""
        return config.network.labels != "none"

    def check_labels(self, names: Sequence[str]):
        """Raises `UserError` for a data set with labels that the model cannot train on."""

    def uses(self, key: str) -> bool:
        """Whether the setting `key`, such as "loss.drift_weight", means something to the model."""
        return not any(f"{key}.".startswith(f"{name}.") for name in self.unused)


@dataclasses.dataclass(frozen=True)
class ProgressiveSettings(ModelSettings):
    """The paper's model; its settings are those of `growth` and `network`."""

    kind: str = "progressive"

    def latent_parts(self, config: Config) -> dict[str, int]:
        """One part, of `network.latent_size` numbers."""
        return {"latent": config.network.latent_size}


@dataclasses.dataclass(frozen=True)
class DualSettings(ProgressiveSettings):
    """The progressive generator with two critics, of frames and of motion."""

    kind: str = "dual"
    frames: int = setting(8, "frames of a clip that the critic of frames sees", above=0)
    view: str = setting(
        "half",
        "the other critic sees the clip at half its height and width, or in full",
        choices=("half", "full"),
    )

    def check(self, config: Config):
        """Refuses a label head: a critic of frames has none."""
        if config.network.labels in ("adc", "head"):
            raise UserError(
                "`network.labels` should not be adc or head for the model dual. "
                f"Received: {config.network.labels}"
            )


@dataclasses.dataclass(frozen=True)
class FixedSettings(ModelSettings):
    """Base of the settings of a model that makes clips of one size, 8x8 to 64x64.

    64x64 is as published. Smaller clips have fewer stages between them and 4x4.
    """

    maps: int = setting(
        64, "feature maps next to the clip; each stage to 4x4 doubles them", above=0
    )
    average: bool = setting(False, "sample from a running average of G, not from G")

    unused: ClassVar[tuple[str, ...]] = (
        "loss",
        "network",
        "prediction",
        "growth.feature_maps_base",
        "growth.feature_maps_max",
        "train.penalty_interval",
    )

    def check(self, config: Config):
        """Refuses several rungs, other sizes, a past, and a minibatch in parts."""
        if config.prediction.past:
            raise UserError(
                f"`prediction.past` should be 0 for the model {self.kind}, which does not predict. "
                f"Received: {config.prediction.past}"
            )
        rung, ladder = config.ladder[-1], config.ladder
        if config.schedule.growing and len(ladder) > 1:
            raise UserError(
                f"`schedule.growing` should be false for the model {self.kind}, which does not "
                f"grow. Received: true, with the ladder {ladder}"
            )
        if rung.height != rung.width or rung.height not in (8, 16, 32, 64):
            raise UserError(
                f"The model {self.kind} should have clips of 8x8, 16x16, 32x32 or 64x64. "
                f"Received: {rung}"
            )
        if config.train.accumulate > 1:
            raise UserError(
                f"`train.accumulate` should be 1 for the model {self.kind}, which normalises over "
                f"the minibatch. Received: {config.train.accumulate}"
            )
        self.check_frames(rung.frames, rung.height)

    def takes_labels(self, config: Config) -> bool:
        """No."""
        return False

    def check_frames(self, frames: int, height: int):
        """Raises `UserError` unless the stages that double space can double time with it."""
        factor = height // 4
        if frames % factor:
            raise UserError(
                f"The model {self.kind} should have a multiple of {factor} frames at "
                f"{height}x{height}. Received: {frames}"
            )


@dataclasses.dataclass(frozen=True)
class OneLatentSettings(FixedSettings):
    """Base of those whose latent has no parts."""

    latent_size: int = setting(100, "numbers in a latent", above=0)

    def latent_parts(self, config: Config) -> dict[str, int]:
        """One part."""
        return {"latent": self.latent_size}


@dataclasses.dataclass(frozen=True)
class VGANSettings(OneLatentSettings):
    """VGAN, with a softmax cross entropy that does not saturate."""

    kind: str = "vgan"
    streams: int = setting(2, "1: a foreground; 2: and a background", minimum=1, maximum=2)
    mask_weight: float = setting(0.1, "of the mean of the mask", minimum=0)

    def views(self) -> tuple[str, ...]:
        """What a clip of two streams is made of."""
        return ("foreground", "background", "mask") if self.streams == 2 else ()


@dataclasses.dataclass(frozen=True)
class TGANSettings(OneLatentSettings):
    """TGAN; svc and clip bound the critic of a Wasserstein loss."""

    kind: str = "tgan"
    variant: str = setting(
        "svc",
        "singular value clipping, weight clipping, cross entropy with noise in the critic, or "
        "least squares",
        choices=("svc", "clip", "vanilla", "lsgan"),
    )
    svc_every: int = setting(5, "steps from one singular value clipping to the next", above=0)
    clip: float = setting(0.01, "bound of the critic's weights, where they are clipped", above=0)

    unused: ClassVar[tuple[str, ...]] = (
        *(name for name in FixedSettings.unused if name != "network"),
        *(f"network.{name}" for name in ("latent_size", "stddev_group", "minibatch_statistic")),
        *(f"network.{name}" for name in ("fused_resample", "rgb", "precision")),
        *(f"network.{name}" for name in ("class_input", "class_bias")),
        *_OF_ADAM,
    )

    def takes_labels(self, config: Config) -> bool:
        """As the conditional TGAN of the paper does."""
        return config.network.labels != "none"

    def check(self, config: Config):
        """Refuses other forms of labels than the published one, too."""
        super().check(config)
        if config.network.labels not in ("none", "concat"):
            raise UserError(
                "`network.labels` should be none or concat for the model tgan. "
                f"Received: {config.network.labels}"
            )

    def check_frames(self, frames: int, height: int):
        """Refuses other numbers than powers of two, too."""
        super().check_frames(frames, height)
        if frames < 2 or frames & (frames - 1):
            raise UserError(f"The model tgan should have 2, 4, 8 ... frames. Received: {frames}")


@dataclasses.dataclass(frozen=True)
class MoCoGANSettings(FixedSettings):
    """MoCoGAN, with the cross entropy and Adam with L2 regularisation."""

    kind: str = "mocogan"
    content: int = setting(50, "numbers in the content of a clip", above=0)
    motion: int = setting(10, "numbers in the motion code of a frame", above=0)
    categories: int = setting(0, "classes of the data set's labels; 0: none", minimum=0)
    category_in: str = setting(
        "picture",
        "which network is given the category: that of pictures (code), or of motion (paper)",
        choices=("picture", "motion"),
    )
    category_weight: float = setting(1.0, "of the cross entropy of categories", minimum=0)
    noise: float = setting(0.0, "deviation of noise before the critics' convolutions", minimum=0)
    weight_decay: float = setting(1e-5, "of L2 regularisation, in the gradient", minimum=0)

    def latent_parts(self, config: Config) -> dict[str, int]:
        """Content, category, and motion: a first state, and noise per frame."""
        motion = self.motion * (1 + config.ladder[-1].frames)
        return {"content": self.content, "category": self.categories, "motion": motion}

    def lengthen(self, parts: dict[str, int], config: Config, frames: int) -> dict[str, int]:
        """Any length."""
        return parts | {"motion": self.motion * (1 + frames)}

    def takes_labels(self, config: Config) -> bool:
        """With categories."""
        return self.categories > 0

    def check_frames(self, frames: int, height: int):
        """Refuses fewer frames than the video critic sees at once."""
        if frames < 16:
            raise UserError(
                "The model mocogan should have at least 16 frames, which its video critic sees at "
                f"once. Received: {frames}"
            )

    def check_labels(self, names: Sequence[str]):
        """Refuses another number of labels than of categories."""
        if self.categories and len(names) != self.categories:
            raise UserError(
                "`model.categories` should be the number of the data set's labels, "
                f"{len(names)}, or 0. Received: {self.categories}"
            )


@dataclasses.dataclass(frozen=True)
class IVGANSettings(OneLatentSettings):
    """iVGAN, whose loss is the config's: WGAN-GP without a drift term, as published."""

    kind: str = "ivgan"
    critic_steps: int = setting(5, "steps of the critic per step of the generator", above=0)

    unused: ClassVar[tuple[str, ...]] = tuple(
        name for name in FixedSettings.unused if name not in ("loss", "train.penalty_interval")
    ) + ("loss.critic_steps",)

    def check(self, config: Config):
        """Refuses losses with another head, too."""
        super().check(config)
        if config.loss.head != "scalar":
            raise UserError(
                "`loss` should have a scalar head for the model ivgan, as wgan_gp has. "
                f"Received: {config.loss.kind}"
            )


# What `--set model=NAME` chooses: a function that returns the settings of the model.
MODELS = {
    "progressive": ProgressiveSettings,
    "dual": DualSettings,
    "vgan": VGANSettings,
    "tgan": TGANSettings,
    "mocogan": MoCoGANSettings,
    "ivgan": IVGANSettings,
}
