import numpy as np
import pytest

from metrics.values import check_width, checked_sets
from support.errors import UserError


def test_sets_keep_their_types():
    reals, fakes = checked_sets(2, reals=np.ones((2, 3), np.float16), fakes=[[1, 2, 3], [4, 5, 6]])
    assert (reals.dtype, fakes.dtype) == (np.float16, np.int64)


@pytest.mark.parametrize(
    ("fakes", "sentence"),
    [
        (np.ones((1, 3)), "fakes should hold at least 2 clips. Received: 1"),
        (np.ones((0, 3)), "fakes should hold at least 2 clips. Received: 0"),
        (np.array([[0, 0, 0], [0, np.nan, 0]]), "fakes should hold finite values. Received: NaN"),
        (np.array([[0, 0, 0], [0, -np.inf, 0]]), "fakes should hold finite values"),
        (
            np.ones((2, 4)),
            "should hold the same number of values per clip. Received: 3 and 4",
        ),
    ],
)
def test_mistakes_of_the_data(fakes, sentence):
    with pytest.raises(UserError, match=sentence):
        checked_sets(2, reals=np.ones((2, 3)), fakes=fakes)


@pytest.mark.parametrize("shape", [(3,), (2, 2, 3), (2, 4)])
def test_mistakes_of_the_shape(shape):
    with pytest.raises(ValueError, match=r"should have shape \[N, 3\]"):
        check_width(np.ones(shape), 3)
    if len(shape) != 2:
        with pytest.raises(ValueError, match=r"`reals` should have shape \[N, D\]"):
            checked_sets(1, reals=np.ones(shape))
