"""The losses: a page each, registered by name in `LOSSES`."""

from losses.feature_matching import FeatureMatching
from losses.gan import GAN
from losses.loss import Loss
from losses.lsgan import LSGAN
from losses.relativistic import Relativistic
from losses.swgan import SWGAN
from losses.wgan import WGAN
from losses.wgan_gp import WGANGP

# What `--set loss=NAME` chooses: a function that returns the loss with its settings.
LOSSES = {
    "swgan": SWGAN,
    "swgan_literal": SWGAN.literal,
    "swgan_released": SWGAN.released,
    "wgan_gp": WGANGP,
    "gan": GAN,
    "gan_r1": GAN.r1,
    "relativistic": Relativistic,
    "lsgan": LSGAN,
    "lsgan_pearson": LSGAN.pearson,
    "wgan": WGAN,
    "feature_matching": FeatureMatching,
}

__all__ = ["LOSSES", "SWGAN", "WGANGP", "Loss"]
