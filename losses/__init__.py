"""The losses: a page each, registered by name in `LOSSES`."""

from losses.loss import Loss
from losses.swgan import SWGAN
from losses.wgan_gp import WGANGP

# What `--set loss=NAME` chooses: a function that returns the loss with its settings.
LOSSES = {
    "swgan": SWGAN,
    "swgan_literal": SWGAN.literal,
    "swgan_released": SWGAN.released,
    "wgan_gp": WGANGP,
}

__all__ = ["LOSSES", "SWGAN", "WGANGP", "Loss"]
