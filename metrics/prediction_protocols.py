"""Named protocols of prediction: what is given, what is predicted, and how it is compared.

    any          the frames and the size of the run, in colour
    movingmnist  The published test file of 10,000 clips (Srivastava et al. 2015), 10 frames to 10,
                 one grey channel. Its tables have the squared and the absolute error as sums over
                 the 64x64 pixels of a frame: "mse_sum" and "mae_sum".
    kth          10 frames to 10 at 64x64, as in SVG's training (persons 21 to 25 are tested; SVG
                 itself predicts 30 or 40 frames). One grey channel; best of 100 futures.
    kth_long     10 frames to 20 at 128x128 (persons 17 to 25 are tested), one grey channel, one
                 future, as in the tables of recurrent networks.
    bair         2 frames to 14 at 64x64, 256 test clips, best of 100 futures; for the Frechet
                 distance, whole clips of one future each. (SVG and SAVP predict 28.)

The best of n futures is chosen for each clip by the measure that is reported. Figures of different
protocols cannot be compared; neither can those of one protocol on other splits of persons.
"""

import dataclasses

from support.errors import UserError


@dataclasses.dataclass(frozen=True)
class PredictionProtocol:
    """One way to compare predictions."""

    name: str
    past: int | None = None  # frames that are given; None: those of the run, as below
    shape: tuple[int, int, int] | None = None  # frames, height and width of the full clip
    grey: bool = False  # one channel, the mean of the colours
    futures: int = 1  # per clip, of which the best counts
    clips: int | None = None  # number of clips; None: all

    def check(self, past: int, shape: tuple[int, int, int]):
        """Raises `UserError` for a generator of another past or size."""
        if self.past is not None and (self.past, self.shape) != (past, shape):
            wanted, found = (
                _describe(*sizes) for sizes in ((self.past, self.shape), (past, shape))
            )
            raise UserError(
                f"`protocol` should be any for a generator of {found}. Received: {self.name}, "
                f"which is for {wanted}"
            )


def _describe(past, shape):
    frames, height, width = shape
    return f"{past} frames to {frames - past} at {height}x{width}"


PREDICTION_PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        PredictionProtocol("any"),
        PredictionProtocol("movingmnist", 10, (20, 64, 64), grey=True, clips=10_000),
        PredictionProtocol("kth", 10, (20, 64, 64), grey=True, futures=100),
        PredictionProtocol("kth_long", 10, (30, 128, 128), grey=True),
        PredictionProtocol("bair", 2, (16, 64, 64), futures=100, clips=256),
    )
}
