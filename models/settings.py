"""The settings of models: a frozen dataclass each, registered by name in `MODELS`.

They import no TensorFlow, so that `config` can hold them and a wrong one is reported at once.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from support.settings import check_settings

if TYPE_CHECKING:
    from config import Config


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

    def check(self, config: Config):
        """Raises `UserError` for a config that the model cannot train."""

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


# What `--set model=NAME` chooses: a function that returns the settings of the model.
MODELS = {"progressive": ProgressiveSettings}
