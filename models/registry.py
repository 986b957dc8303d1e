"""The models by their settings: `MODELS` of models/settings.py names the settings."""

from config import Config
from models.dual import Dual
from models.ivgan import IVGAN
from models.mocogan import MoCoGAN
from models.model import Model
from models.progressive import Progressive
from models.settings import (
    DualSettings,
    IVGANSettings,
    MoCoGANSettings,
    ModelSettings,
    ProgressiveSettings,
    TGANSettings,
    VGANSettings,
)
from models.tgan import TGAN
from models.vgan import VGAN

CLASSES: dict[type[ModelSettings], type[Model]] = {
    ProgressiveSettings: Progressive,
    DualSettings: Dual,
    VGANSettings: VGAN,
    TGANSettings: TGAN,
    MoCoGANSettings: MoCoGAN,
    IVGANSettings: IVGAN,
}


def model_class(config: Config) -> type[Model]:
    """The class of the config's model."""
    return CLASSES[type(config.model)]
