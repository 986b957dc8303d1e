import numpy as np
import pytest

from support.grids import tile_groups

CLIPS = np.arange(1, 6, dtype=np.uint8)[:, None, None, None, None] * np.ones(
    (1, 3, 64, 64, 3), np.uint8
)


@pytest.mark.parametrize("still", [False, True])
def test_a_row_per_group_with_white_places(still):
    (first, *_) = tile_groups(CLIPS, ["up", "up", "left", "up", "left"], still, plain=True)
    places = first[32::66, 32::66, 0]
    if still:  # Three frames of each clip, in a row of its own.
        np.testing.assert_array_equal(places[:, 0], [1, 2, 4, 3, 5, 255])
    else:
        np.testing.assert_array_equal(places, [[1, 2, 4], [3, 5, 255]])


def test_names_are_left_of_the_rows():
    named, plain = (tile_groups(CLIPS, list("aabbb"), plain=plain) for plain in (False, True))
    width = named.shape[2] - plain.shape[2]
    assert width > 0
    np.testing.assert_array_equal(named[:, :, width:], plain)
