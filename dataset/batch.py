"""The unit of real data that training sees."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from growth.ladder import Ladder
from growth.phase import Lod
from growth.resample import fade_clips


class Batch(NamedTuple):
    """Clips with their labels; nest-able, so that strategies and fades take it as it is."""

    clips: tf.Tensor  # [N, T, H, W, 3] float32 in [-1, 1]
    labels: tf.Tensor  # [N] int32, -1 where there is none
    past: tf.Tensor | None = None  # [N, C, H, W, 3], the given frames before `clips`; None: none

    def map(self, function: Callable[..., Any], *others: "Batch") -> "Batch":
        """`function` of each value, and of those of `others`; a missing past stays missing."""
        values = zip(self, *others, strict=True)
        return Batch(*(None if same[0] is None else function(*same) for same in values))

    def shown(self, ladder: Ladder, lod: Lod, past: int = 0) -> "Batch":
        """Whole clips as networks see them at `lod`: faded in, and with the past apart.

        Args:
            ladder: of the clips.
            lod: the level of the clips, and its weight while it fades in.
            past: how many frames of the full clip are given. A coarse frame that mixes them with
                later ones is not.
        """
        clips, given = self.clips, ladder.past_frames(past, lod.level)
        if lod.fading:
            clips = fade_clips(clips, ladder.factors(lod.level), lod.weight, given)
        if not given:
            return self._replace(clips=clips)
        return self._replace(clips=clips[:, given:], past=clips[:, :given])

    def whole(self) -> tf.Tensor:
        """The past and the clips as one, [N, C + T, H, W, 3]."""
        return self.clips if self.past is None else tf.concat([self.past, self.clips], 1)
