"""The thresholds of `dataset.faces`, in one place."""

import dataclasses

from support.errors import UserError


@dataclasses.dataclass(frozen=True)
class FaceRules:
    """Thresholds of every stage. The paper states only `size` and `min_frames`."""

    size: int = 300  # height and width of a clip in pixels
    min_frames: int = 31  # of a shot, of a track and of a clip
    max_frames: int = 500  # of a shot; also bounds the memory
    same: float = 0.07  # share of SIFT keypoints that match, below which the picture has changed
    min_face: float = 0.12  # side of a face's box, as a share of the picture's height
    max_gap: int = 12  # consecutive frames in which a face may be followed without being found
    min_found: float = 0.5  # share of a track's frames in which the face should be found
    min_eyes: float = 0.2  # share of a track's eyes (or landmarks) that should be found
    max_outside: float = 0.1  # share of an aligned frame that may be beyond the picture's edge
    smoothing: int = 15  # frames before and after that a frame's points are smoothed with

    def __post_init__(self):
        if self.size < 16 or self.size % 2:
            raise UserError(f"`size` should be even and at least 16. Received: {self.size}")
        if not 1 < self.min_frames <= self.max_frames:
            raise UserError(
                f"`min_frames` should be in 2 to `max_frames` = {self.max_frames}. "
                f"Received: {self.min_frames}"
            )
