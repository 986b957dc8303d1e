"""Named protocols: how clips are prepared for a feature network, and what is measured there.

Scores of generated video can be compared only where the clips were prepared alike, and every
published code prepares them differently. A protocol fixes all of it.

    dataclasses.replace(protocol("tgan"), frames="stride2")  # another choice of frames

Filters. None is antialiased, because none of the codes does it: each looks at the nearest 2x2
(bicubic: 4x4) pixels however much a frame shrinks.

    bilinear          pixel centres aligned, as in OpenCV
    bicubic           the same grid, coefficient -0.75, may overshoot: OpenCV's INTER_CUBIC
    bilinear_corners  corner pixels aligned: Chainer's resize_images
    bilinear_tf1      left upper corners aligned: TensorFlow 1's resize_bilinear, as it is called

Sources, and what was chosen where they give no value:

    thesis     Acharya et al. 2018. Section 8.2: protocol and C3D model are TGAN's; chapter 9: clips
               are downscaled directly to 128x128; 10,000 clips and fc6 for the Frechet distance.
               Chosen: 10,000 clips for the inception score too; a kernel distance.
    tgan       pfnet-research/tgan, evaluation/calc_inception.py: OpenCV, INTER_CUBIC, frames as
               floats; 208 batches of 48 clips of 16 frames; columns 29:141 of the mean under
               columns 8:120 of the clip. The paper has four seeds. Its data are
               (grey level - 128) / 128 and are mapped back by x 128 + 128, to grey levels.
               Chosen: frames.
    tgan2      pfnet-research/tgan2, its classifier and compute_inception_score.py: resize_images
               of Chainer 6, which aligns corners; ten loops of 2,048 clips of 16 frames; 1e-20.
               Its Frechet distance is left out: fc7, reals drawn 95,370 times, cropped at random.
               Chosen: frames.
    styleganv  universome/stylegan-v, isv2048_ucf: TGANv2's classifier, said to be equal to the last
               digits; 2,048 clips in 10 splits; the first 16 frames of clips from a file; no
               epsilon. Its reals, the first in sorted order, are 16 of 101 classes: not kept.
    c3d_torch  The example of the PyTorch port of C3D (DavideA/c3d-pytorch): the shorter side is
               112, channels stay RGB, no mean is subtracted. For networks that were trained on
               such inputs, and for those without a mean. All else as in thesis.
    fvd        google-research/frechet_video_distance; kernel: Unterthiner et al. 2018.
               Chosen: 2,048 clips, as StyleGAN-V's fvd2048.
    i3d        The inception score on the classes of Kinetics-400 that the thesis' chapter 9 asks
               for; frames as I3D's authors prepare them for testing (shorter side 256, bilinear,
               centre 224). Chosen: the grid, clips, splits, repeats, epsilon, all frames.
    inception_keras
               Single frames (evaluate.py frames), by the ImageNet weights of keras.applications:
               299x299 bilinear, x / 127.5 - 1, as its `preprocess_input`; the 2,048 values of the
               last pool. Chosen: the grid, clips, ten splits as Salimans et al. 2016.

The reals that fakes are compared with are a random draw in all of them, which is chosen.
"""

import dataclasses

from support.errors import UserError

_FRAMES = {
    "c3d": ("first16", "centre16", "stride2"),
    "i3d": ("all", "first16", "centre16", "stride2"),
    "inception": ("all",),
}


@dataclasses.dataclass(frozen=True)
class Protocol:
    """One way to score clips; the fields up to `frames` are those of `metrics.preprocess`.

    Raises:
        UserError: `frames` does not suit the network.
    """

    name: str  # of the protocol
    network: str  # c3d, i3d or inception
    size: tuple[int, int] | int  # (height, width) to stretch to, or pixels of the shorter side
    filter: str  # bilinear, bicubic, bilinear_corners or bilinear_tf1
    crop: int  # side of the square that is then cut out of the middle
    channels: str  # their order in the network: rgb or bgr
    values: tuple[int, int]  # what grey levels 0 and 255 become
    mean: tuple[tuple[int, int], tuple[int, int]] | None  # rows, columns of the mean to subtract
    frames: str  # first16, centre16 or stride2 of longer clips; all: for I3D, of nine or more
    clips: int  # number of generated clips per repeat, and of reals
    measures: tuple[str, ...]  # inception_score, frechet_distance, kernel_distance
    features: str = "probabilities"  # the network's endpoint that the distances compare
    splits: int = 1  # parts of a repeat, each with its own inception score
    repeats: int = 1  # sets of generated clips, each with its own inception score
    epsilon: float = 0.0  # added to probabilities in the logarithms of the inception score
    order: str = "random"  # of the reals that fakes are compared with, or stratified by class

    def __post_init__(self):
        rules = _FRAMES[self.network]
        if self.frames not in rules:
            raise UserError(
                f"`frames` should be one of {', '.join(rules)} for the protocol {self.name}. "
                f"Received: {self.frames}"
            )


_TGAN = Protocol(
    name="tgan",
    network="c3d",
    size=(128, 128),
    filter="bicubic",
    crop=112,
    channels="bgr",
    values=(0, 255),
    mean=((8, 120), (29, 141)),
    frames="centre16",
    clips=9_984,
    repeats=4,
    epsilon=1e-7,
    measures=("inception_score",),
)

_THESIS = dataclasses.replace(
    _TGAN,
    name="thesis",
    clips=10_000,
    features="fc6",
    measures=("inception_score", "frechet_distance", "kernel_distance"),
)

_C3D_TORCH = dataclasses.replace(
    _THESIS,
    name="c3d_torch",
    size=112,
    filter="bilinear",
    channels="rgb",
    mean=None,
)

_TGAN2 = Protocol(
    name="tgan2",
    network="c3d",
    size=(112, 112),
    filter="bilinear_corners",
    crop=112,
    channels="bgr",
    values=(0, 255),
    mean=((8, 120), (8, 120)),
    frames="centre16",
    clips=2_048,
    repeats=10,
    epsilon=1e-20,
    measures=("inception_score",),
)

_STYLEGANV = dataclasses.replace(
    _TGAN2,
    name="styleganv",
    frames="first16",
    splits=10,
    repeats=1,
    epsilon=0.0,
)

_FVD = Protocol(
    name="fvd",
    network="i3d",
    size=(224, 224),
    filter="bilinear_tf1",
    crop=224,
    channels="rgb",
    values=(-1, 1),
    mean=None,
    frames="all",
    clips=2_048,
    features="logits",
    measures=("frechet_distance", "kernel_distance"),
)

_I3D = Protocol(
    name="i3d",
    network="i3d",
    size=256,
    filter="bilinear",
    crop=224,
    channels="rgb",
    values=(-1, 1),
    mean=None,
    frames="all",
    clips=10_000,
    epsilon=1e-7,
    measures=("inception_score",),
)

_INCEPTION = Protocol(
    name="inception_keras",
    network="inception",
    size=(299, 299),
    filter="bilinear",
    crop=299,
    channels="rgb",
    values=(-1, 1),
    mean=None,
    frames="all",
    clips=10_000,
    features="pool",
    splits=10,
    measures=("inception_score", "frechet_distance", "kernel_distance"),
)

_KNOWN = (_THESIS, _TGAN, _TGAN2, _STYLEGANV, _C3D_TORCH, _FVD, _I3D, _INCEPTION)
PROTOCOLS: dict[str, Protocol] = {known.name: known for known in _KNOWN}


def protocol(name: str) -> Protocol:
    """The protocol of this name; raises `UserError` where there is none."""
    if name not in PROTOCOLS:
        raise UserError(f"`protocol` should be one of {', '.join(PROTOCOLS)}. Received: {name}")
    return PROTOCOLS[name]
