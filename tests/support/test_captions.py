import numpy as np
import pytest

from support.captions import add_caption, name_columns, name_rows, name_table

CLIP = np.random.default_rng(0).integers(0, 200, (3, 128, 194, 3), "u1")


def is_written(band):
    """Whether there is dark text on white, the same in all frames."""
    assert (band == band[0]).all()
    return (band[0] == 255).all(-1).mean() > 0.5 and (band[0] < 128).any()


def test_a_caption_is_above_the_clip():
    captioned = add_caption(CLIP, "demo, kimg 27")
    np.testing.assert_array_equal(captioned[:, -128:], CLIP)
    assert is_written(captioned[:, :-128])
    longer = add_caption(CLIP, "demo, kimg 27 " * 5)
    assert longer.shape[1] > captioned.shape[1]  # It wraps.
    assert longer.shape[2] == 194


def test_columns_and_rows_are_named_at_their_places():
    columns = name_columns(CLIP, ["a", "bb b", "c"])[:, :-128]
    for part in np.split(columns[:, :, 1:-1], 3, axis=2):
        assert is_written(part)
    named = name_rows(CLIP, ["4x4x4", "8x8x8"])
    np.testing.assert_array_equal(named[:, :, -194:], CLIP)
    for part in np.split(named[:, :, :-194], 2, axis=1):
        assert is_written(part)


def test_a_table_has_the_names_of_rows_and_columns():
    table = name_table(CLIP, ["4x4x4", "8x8x8"], ["-1", "0", "+1"])
    np.testing.assert_array_equal(table[:, -128:, -194:], CLIP)
    np.testing.assert_array_equal(table[:, -128:], name_rows(CLIP, ["4x4x4", "8x8x8"]))
    np.testing.assert_array_equal(table[:, :, -194:], name_columns(CLIP, ["-1", "0", "+1"]))
    assert (table[:, :-128, :-194] == 255).all()


@pytest.mark.parametrize("width", [4, 40])
def test_a_narrow_clip_becomes_as_wide_as_a_word(width):
    captioned = add_caption(CLIP[:, :, :width], "32x256x256")
    assert captioned.shape[2] > 40
    np.testing.assert_array_equal(captioned[:, -128:, :width], CLIP[:, :, :width])
    assert (captioned[:, -128:, width:] == 255).all()
