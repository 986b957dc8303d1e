"""The order in which clips are drawn, of one group and of several."""

import numpy as np

from dataset.drawing import Drawing

GROUPS = (np.array([7, 8]), np.arange(6), np.array([9]))


def draw(drawing, count, nimg=0):
    return [int(clip) for clip, _, _ in drawing.stream(nimg).take(count)]


def test_an_epoch_of_one_group_draws_each_clip_once():
    drawing = Drawing((np.array([3, 5, 6]),), 10, seed=1, mirror=False)
    assert drawing.epoch_length == 3
    epochs = np.reshape(draw(drawing, 30), (10, 3))
    assert np.array_equal(np.sort(epochs, axis=1), [[3, 5, 6]] * 10)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_an_epoch_of_several_groups_draws_equally_many_of_each():
    drawing = Drawing(GROUPS, 10, seed=1, mirror=False)
    assert drawing.epoch_length == 9
    epochs = np.sort(np.reshape(draw(drawing, 90), (10, 9)), axis=1)
    for epoch in epochs:
        assert (epoch == 9).sum() == 3  # The only clip of its group.
        assert sorted(np.bincount(epoch, minlength=10)[7:9]) == [1, 2]
        assert len(set(epoch[:3])) == 3  # Different ones of the large group.
    assert set(epochs[:, :3].ravel()) == set(range(6))  # All of them, sooner or later.


def test_balanced_draws_continue_at_any_position():
    drawing = Drawing(GROUPS, 10, seed=1, mirror=True)
    assert draw(drawing, 30)[13:] == draw(drawing, 17, nimg=13)
    assert draw(drawing, 18) != draw(Drawing(GROUPS, 10, seed=2, mirror=True), 18)
