"""The sections of a config that do not belong to a loss, a model or the schedule."""

import dataclasses

from support.errors import UserError
from support.settings import check_settings, setting


@dataclasses.dataclass(frozen=True)
class Growth:
    """The ladder, by name or written out, and where it ends."""

    ladder: str = setting("thesis", 'thesis, authors, or rungs such as "4x4x4 4x8x8 8x8x8"')
    resolution: int = setting(256, "height of the full clip")
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
    rgb: str = setting(
        "finest",
        "what makes a clip, and sees it in the critic: the finest rung, or all, summed (StyleGAN2)",
        choices=("finest", "all"),
    )
    precision: str = setting(
        "float32",
        "data type of convolutions (weights are always float32)",
        choices=("float32", "mixed_bfloat16"),
    )
    labels: str = setting(
        "none",
        "how generator and critic use the classes of clips; all but none take them from the data "
        "(head is for comparisons alone: clips of a class become alike)",
        choices=("none", "projection", "slices", "concat", "adc", "head"),
    )
    class_input: str = setting(
        "vector",
        "how the generator takes a class: a vector next to the latent, or a first layer per class",
        choices=("vector", "layer"),
    )
    class_bias: bool = setting(
        False, "the generator has a bias per class at each rung above the first, too"
    )
    classes: tuple[str, ...] = setting(
        (), "names of the classes, whose clips are used (default: all of the data)"
    )

    def __post_init__(self):
        check_settings("network", self)

    @property
    def num_classes(self) -> int:
        """The number of classes that make a difference: 0 without labels, and with one class."""
        return len(self.classes) if self.labels != "none" and len(self.classes) > 1 else 0


@dataclasses.dataclass(frozen=True)
class Prediction:
    """How the first frames of a clip are continued (docs/prediction.md); unused without `past`."""

    past: int = setting(0, "frames of the full clip that are given; 0: no prediction", minimum=0)
    encoder: str = setting(
        "motion",
        "how the generator sees the past: frame by frame in their places, or all of it at once",
        choices=("frames", "motion"),
    )
    from_last: bool = setting(True, "what is generated is added to the last frame of the past")
    mask: bool = setting(False, "a mask chooses between that frame and what is generated instead")
    critic: bool = setting(True, "false: reconstruction alone, without critic and latents")
    l1: float = setting(1.0, "weight of the sum of |error|", minimum=0)
    l2: float = setting(0.0, "weight of the sum of error^2", minimum=0)
    gdl: float = setting(0.0, "weight of the gradient difference loss", minimum=0)

    def __post_init__(self):
        check_settings("prediction", self)
        if self.mask and not self.from_last:
            raise UserError(
                "`prediction.mask` should be false without `prediction.from_last`: there is no "
                "frame to choose. Received: true"
            )
        if self.past and not self.critic and not any(self.weights.values()):
            raise UserError(
                "`prediction.critic` should be true where no reconstruction is minimised: "
                "`prediction.l1`, `prediction.l2` and `prediction.gdl` are 0."
            )

    @property
    def weights(self) -> dict[str, float]:
        """Those of the terms of the reconstruction."""
        return {"l1": self.l1, "l2": self.l2, "gdl": self.gdl} if self.past else {}

    @property
    def has_critic(self) -> bool:
        """Whether there is a critic, and with it latents that matter."""
        return self.critic or not self.past


@dataclasses.dataclass(frozen=True)
class Train:
    """Training length, optimizer, and output intervals."""

    total_kimg: float = setting(
        12000, "thousands of real clips shown in all", above=0, maximum=1e9, may_change=True
    )
    seed: int = setting(0, "seed of weights, noise and data order", minimum=0, maximum=2**32 - 1)
    mirror: bool = setting(True, "mirror half of the reals left to right")
    balanced_classes: bool = setting(False, "draw equally many clips of each class")
    beta_1: float = setting(0.0, "of Adam", minimum=0, below=1)
    beta_2: float = setting(0.99, "of Adam", minimum=0, below=1)
    epsilon: float = setting(1e-8, "of Adam", above=0)
    running_average: float = setting(
        0.999, "decay per step of Gs, the running average of the generator", minimum=0, below=1
    )
    accumulate: int = setting(
        1, "parts of a minibatch that are computed one after the other, to save memory", above=0
    )
    tensorfloat32: bool = setting(
        False, "on GPUs, convolve with 10 bits of mantissa in place of 23: faster, less exact"
    )
    penalty_interval: int = setting(
        1, "compute the gradient penalty every N steps (lazy regularisation)", above=0
    )
    steps_per_call: int = setting(
        4, "minibatches in a traced call, the smallest unit of the loop", above=0
    )
    tick_kimg: float = setting(
        20, "thousands of clips between status lines and pictures", minimum=0.001, may_change=True
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
    histogram_ticks: int = setting(
        0, "ticks between histograms of weights in TensorBoard; 0: none", minimum=0, may_change=True
    )
    report: bool = setting(
        True, "write the run's HTML page after each snapshot (generate.py report)", may_change=True
    )
    checkpoint_minutes: float = setting(
        15, "minutes between checkpoints", minimum=0, may_change=True
    )
    keep_checkpoints: int = setting(3, "newest checkpoints that are kept", above=0, may_change=True)
    keep_checkpoint_kimg: float = setting(
        0.0,
        "thousands of clips between checkpoints kept for good; 0: none",
        minimum=0,
        may_change=True,
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

    every_kimg: float = setting(
        0.0, "thousands of clips between scores; 0: never", minimum=0, may_change=True
    )
    protocol: str = setting("thesis", "one of metrics/protocols.py", may_change=True)
    weights: str = setting("", "weights of the feature network (evaluate.py)", may_change=True)
    clips: int = setting(2048, "fakes and reals of a score", above=0, may_change=True)

    def __post_init__(self):
        check_settings("metrics", self)
        if self.every_kimg > 0 and not self.weights:
            raise UserError("`metrics.weights` should name a file for scores. Received: none")
