"""Two critics of one progressive generator: one of frames, one of motion (DVD-GAN, MoCoGAN)."""

from typing import cast

from config import Config
from models.progressive import Progressive
from models.settings import DualSettings
from models.views import Clip, Frames, Half


class Dual(Progressive):
    """`G`, `D_frames` and `D_clip`, each a critic with its view of a clip, and `Gs`.

    `D_frames` sees random frames at full size, and `D_clip` the clip at half the size, as in
    DVD-GAN (Clark et al. 2019), or the whole clip. MoCoGAN's pair is one frame and the whole clip.
    The losses and penalties of both are added.
    """

    @staticmethod
    def views(config: Config) -> dict[str, Clip]:
        """What each critic sees, by name."""
        own = cast(DualSettings, config.model)
        clip = {"half": Half, "full": Clip}[own.view]
        return {"D_frames": Frames(config, own.frames), "D_clip": clip(config)}
