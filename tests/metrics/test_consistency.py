import numpy as np
import pytest

from dataset.readers.synthetic import draw
from metrics.consistency import content_distance, shape_colours


def test_distance_of_all_pairs():
    assert content_distance([[0, 0], [3, 4], [0, 0]]) == pytest.approx(10 / 3)
    assert content_distance([[7, 7]]) == 0


def test_the_colour_of_a_square():
    clip = np.zeros((2, 8, 8, 3), np.uint8)
    clip[:] = (10, 20, 30)
    clip[0, 1:3, 1:3] = (200, 100, 50)
    clip[1, 4:7, 5:7] = (100, 200, 50)
    np.testing.assert_allclose(shape_colours(clip), [[200, 100, 50], [100, 200, 50]])


def test_without_a_shape_the_whole_frame_counts():
    clip = np.full((2, 4, 4, 3), 90, np.uint8)
    np.testing.assert_allclose(shape_colours(clip), np.full((2, 3), 90))


def test_shapes_of_the_data_keep_their_colour():
    clip = np.stack(list(draw("clockwise", 8, 32, seed=3)))
    assert content_distance(shape_colours(clip)) < 4
    changed = clip.copy()
    changed[4:] = 255 - changed[4:]
    assert content_distance(shape_colours(changed)) > 50
