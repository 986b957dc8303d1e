import pytest

from support.errors import UserError
from support.resume import check_same, differences


def test_equal_settings_may_be_resumed():
    settings = {"size": 300, "train": {"seed": 0, "rates": (1, 2)}, "fps": None}
    check_same("videos", {"size": 300, "train": {"seed": 0, "rates": [1, 2]}}, settings, "")
    assert differences(settings, settings) == {}


def test_one_difference_is_named_with_both_values():
    with pytest.raises(UserError) as raised:
        check_same("videos", {"size": 300}, {"size": 256}, "Use the same settings.")
    assert str(raised.value) == (
        "Cannot resume videos: it was created with size=300, but size=256 was given. "
        "Use the same settings."
    )


def test_nested_and_missing_settings():
    before, now = {"train": {"seed": 0}, "fps": 25}, {"train": {"seed": 1}, "tile": 8}
    assert differences(before, now) == {
        "fps": (25, None),
        "tile": (None, 8),
        "train.seed": (0, 1),
    }
    with pytest.raises(UserError, match=r"with fps=25, tile=none, train.seed=0, but fps=none, "):
        check_same("run", before, now, "")


def test_at_most_five_differences_are_listed():
    before, now = dict.fromkeys("abcdefg", 0), dict.fromkeys("abcdefg", 1)
    with pytest.raises(UserError, match=r"but a=1, b=1, c=1, d=1, e=1 \(and 2 more\) were given"):
        check_same("run", before, now, "")
