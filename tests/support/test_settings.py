import dataclasses

import pytest

from support.errors import UserError
from support.settings import Bounds, check_settings, setting


@dataclasses.dataclass(frozen=True)
class Toy:
    share: float = setting(0.5, "a share", minimum=0, below=1)
    count: int = setting(1, "a count", above=0, may_change=True)
    seed: int = setting(0, "a seed", minimum=0, maximum=9)
    name: str = setting("a", "a name", choices=("a", "b"))
    table: dict[int, float] = setting(lambda: {4: 1.0}, "a table", above=0)
    free: float = -1.0

    def __post_init__(self):
        check_settings("toy", self)


def test_defaults_are_within_their_bounds():
    assert Toy().table == {4: 1.0}
    assert Toy(share=0, seed=9, free=5.0) == Toy(0, 1, 9, free=5.0)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"share": 1}, "`toy.share` should be at least 0 and below 1. Received: 1"),
        ({"share": float("nan")}, "`toy.share` should be at least 0 and below 1. Received: nan"),
        ({"count": 0}, "`toy.count` should be positive. Received: 0"),
        ({"seed": 10}, "`toy.seed` should be 0 to 9. Received: 10"),
        ({"name": "c"}, "`toy.name` should be one of a, b. Received: c"),
        ({"table": {4: 1, 8: 0}}, "`toy.table` should hold at least one value, each positive"),
        ({"table": {}}, "`toy.table` should hold at least one value, each positive"),
    ],
)
def test_a_value_out_of_bounds_is_refused(settings, sentence):
    with pytest.raises(UserError) as raised:
        Toy(**settings)
    assert sentence in str(raised.value)


def test_bounds_in_words():
    assert str(Bounds()) == ""
    assert str(Bounds(maximum=3)) == "at most 3"
    assert str(Bounds(above=2)) == "above 2"
