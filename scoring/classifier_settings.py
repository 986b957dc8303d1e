"""How a classifier is trained."""

import dataclasses

from support.settings import check_settings, setting


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of a `Classifier`; raises `UserError` where one is out of its bounds."""

    width: int = setting(64, "maps of the first convolution; 8 suits a CPU", minimum=1)
    epochs: int = setting(60, "maximum number", minimum=1)
    patience: int = setting(8, "epochs without a better accuracy before training stops", minimum=1)
    minibatch: int = setting(16, "clips per step", minimum=1)
    rate: float = setting(3e-4, "of Adam at first; it decays to 0 by a cosine", above=0)
    mirror: bool = setting(False, "mirror half of the clips; not where labels tell left from right")
    crop: float = setting(0.1, "maximum share that a random crop cuts off", minimum=0, below=1)
    seed: int = setting(0, "of weights, order and augmentation", minimum=0)

    def __post_init__(self):
        check_settings("", self)
