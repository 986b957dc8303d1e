"""All measures of a set of clips, with a network that is cheap to ask."""

import numpy as np
import pytest

from scoring.changed_clips import ChangedClips
from scoring.row import measure_row
from tests.scoring.toys import Clips, toy_extractor


class Moving(Clips):
    """Clips whose brightness rises by three grey levels per frame."""

    def __init__(self, num, **more):
        super().__init__(num, **more)
        steps = 3 * np.arange(8, dtype=np.uint8)[:, None, None, None]
        self.array = (self.array[:, :1] // 2 + steps).astype(np.uint8)


SETS = Moving(40), Moving(40, seed=1), Moving(40, seed=2)


@pytest.fixture(scope="module")
def row():
    reals, fakes, held_out = SETS
    return measure_row(toy_extractor(), reals, fakes, held_out, num=12)


def test_a_row_has_each_measure_with_that_of_reals(row):
    scored = row["details"]["measures"]["inception_score"]
    assert row["inception_score"] == scored["value"]
    assert row["inception_score_spread"] == scored["spread"]
    assert row["inception_score_reals"] == scored["reals"]
    assert row["frechet_distance"] == row["details"]["measures"]["frechet_distance"]["value"]
    assert row["frechet_distance_floor"] > 0
    assert row["motion"] == row["motion_reals"] == 3
    assert row["swd"] > 0
    assert row["memorisation"] > 0
    assert row["clips"] == 12


def test_frozen_clips_do_not_move(row):
    reals, fakes, held_out = SETS
    frozen = ChangedClips(fakes, "frozen")
    assert len(frozen) == 40
    assert (frozen.labels() == -1).all()
    changed = measure_row(toy_extractor(), reals, frozen, held_out, num=12, memorisation=False)
    assert changed["motion"] == 0
    assert changed["swd"] > row["swd"]
    assert changed["swd_floor"] == row["swd_floor"]
    assert "memorisation" not in changed


def test_training_clips_are_memorised():
    reals, fakes, held_out = SETS
    fakes = Moving(40, seed=3)
    fakes.array = reals.array
    assert measure_row(toy_extractor(), reals, fakes, held_out, num=12)["memorisation"] == 0
