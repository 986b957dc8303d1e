import json

import numpy as np
import pytest

from metrics.inception_score import InceptionScore, balanced_score
from scoring.score import score
from scoring.selection import fake_order
from support.errors import UserError
from tests.scoring.toys import CLASSES, Clips, frechet, toy_extractor


def permutation(num, seed):
    return np.random.default_rng(seed).permutation(num)


def values_of(clips, indices):
    return toy_extractor().extract(clips, indices)


def test_distances_are_of_the_sets_that_they_say():
    reals, fakes = Clips(40), Clips(12, seed=1, kind="array", offset=55)
    found = score(toy_extractor(), reals, fakes, seed=3)
    order = permutation(40, 3)
    reference = values_of(reals, order[12:24]).values
    made = values_of(fakes, fake_order(fakes, 3)).values
    entry = found["measures"]["frechet_distance"]
    assert entry["value"] == pytest.approx(frechet(reference, made))
    others = values_of(reals, order[:12]).values
    assert entry["floor"] == pytest.approx(frechet(reference, others))
    assert entry["at_floor_clips"] is None
    assert (entry["clips"], entry["floor_clips"], entry["subset_clips"]) == (12, 12, 3)
    parts = [frechet(reference[i : i + 3], made[i : i + 3]) for i in (0, 3, 6, 9)]
    assert entry["spread"] == pytest.approx(np.std(parts))
    floors = [frechet(reference[i : i + 3], others[i : i + 3]) for i in (0, 3, 6, 9)]
    assert entry["floor_subset_mean"] == pytest.approx(np.mean(floors))
    assert entry["floor_spread"] == pytest.approx(np.std(floors))
    assert entry["value"] > entry["floor"]


def test_with_few_fakes_as_few_reals_are_taken():
    """Otherwise the distance of fair fakes would be below its floor."""
    reals, fakes = Clips(60), Clips(8, seed=1)
    found = score(toy_extractor(clips=40), reals, fakes)
    entry = found["measures"]["frechet_distance"]
    reference = values_of(reals, permutation(60, 0)[8:16]).values
    made = values_of(fakes, fake_order(fakes, 0)).values
    assert entry["value"] == pytest.approx(frechet(reference, made))
    assert (entry["clips"], entry["floor_clips"], found["reals"]["scored"]) == (8, 8, 8)


def test_with_few_reals_the_floor_has_half_of_them():
    reals, fakes = Clips(14), Clips(12, seed=1)
    entry = score(toy_extractor(), reals, fakes)["measures"]["frechet_distance"]
    second, first = (values_of(reals, half).values for half in np.split(permutation(14, 0), 2))
    assert entry["floor_clips"] == 7
    assert entry["floor"] == pytest.approx(frechet(first, second))
    some = values_of(fakes, fake_order(fakes, 0)[:7]).values
    assert entry["at_floor_clips"] == pytest.approx(frechet(first, some))
    reference = np.concatenate([first, second])[:12]
    made = values_of(fakes, fake_order(fakes, 0)).values
    assert entry["value"] == pytest.approx(frechet(reference, made))


def test_held_out_clips_make_the_floor():
    reals, held_out = Clips(14), Clips(9, seed=5)
    extractor = toy_extractor()
    found = score(extractor, reals, Clips(12, seed=1), held_out=held_out)
    first = values_of(reals, permutation(14, 0)[:9]).values
    second = values_of(held_out, permutation(9, (0, 2))).values
    entry = found["measures"]["frechet_distance"]
    assert entry["floor"] == pytest.approx(frechet(first, second))
    assert found["held_out"]["sha256"] == "5"


def test_the_inception_score_is_over_all_repeats():
    reals, fakes = Clips(40), Clips(100, seed=1, kind="generator")
    found = score(toy_extractor(repeats=3), reals, fakes)
    entry = found["measures"]["inception_score"]
    seen = values_of(fakes, range(36)).probabilities
    assert (entry["value"], entry["spread"]) == pytest.approx(_inception(seen, 6))
    of_reals = _inception(values_of(reals, permutation(40, 0)[12:24]).probabilities, 2)
    assert (entry["reals"], entry["reals_spread"]) == pytest.approx(of_reals)
    assert (entry["clips"], entry["clips_in_split"], entry["reals_in_split"]) == (36, 6, 6)
    assert entry["perfect"] < entry["max"] == pytest.approx(balanced_score(CLASSES, 6))
    assert found["measures"]["frechet_distance"]["clips"] == 12


def test_with_few_fakes_there_are_fewer_repeats_and_no_smaller_splits():
    fakes = Clips(30, seed=1, kind="generator")
    found = score(toy_extractor(repeats=4), Clips(40), fakes)
    entry = found["measures"]["inception_score"]
    assert (entry["clips"], entry["splits"], entry["clips_in_split"]) == (24, 4, 6)


def _inception(probabilities, splits):
    metric = InceptionScore(CLASSES, len(probabilities), splits=splits, epsilon=1e-7)
    metric.update_state(probabilities)
    result = metric.result()
    return result["mean"], result["std"]


def test_controls_stand_beside_the_reals_that_they_change():
    reals = Clips(40)
    found = score(toy_extractor(), reals, Clips(12, seed=1), controls=("noise", "frozen"))
    controls = found["controls"]
    assert list(controls) == ["unchanged", "noise", "frozen"]
    floor = found["measures"]["frechet_distance"]["floor"]
    assert controls["unchanged"]["frechet_distance"] == floor
    assert controls["frozen"]["frechet_distance"] > floor
    order = permutation(40, 0)[:12]
    changed = toy_extractor().extract(reals, order, control="frozen").probabilities
    expected, _ = _inception(changed, 2)
    assert controls["frozen"]["inception_score"] == pytest.approx(expected)
    assert controls["frozen"]["inception_score"] != controls["unchanged"]["inception_score"]


def test_a_record_tells_what_the_score_depends_on():
    found = score(toy_extractor(), Clips(40), Clips(12, seed=1), num=8, seed=2)
    json.dumps(found)
    assert found["protocol"]["name"] == "c3d_torch"
    assert found["network"]["sha256"] == "0"
    assert found["fakes"]["frames"] == "frames 0 to 7 of 8, repeated evenly to 16"
    assert (found["seed"], found["fakes"]["scored"], found["reals"]["scored"]) == (2, 8, 8)
    assert {"python", "tensorflow", "keras", "numpy", "cv2", "av"} <= found["versions"].keys()
    again = score(toy_extractor(), Clips(40), Clips(12, seed=1), num=8, seed=2)
    assert again == found


@pytest.mark.parametrize("sizes", [(3, 12), (40, 3)])
def test_too_few_clips(sizes):
    with pytest.raises(UserError, match="at least 4 clips of each kind. Received"):
        score(toy_extractor(), Clips(sizes[0]), Clips(sizes[1], seed=1))


def test_too_few_held_out_clips():
    with pytest.raises(UserError, match="at least 4 clips of each kind. Received: 3 reals"):
        score(toy_extractor(), Clips(40), Clips(12, seed=1), held_out=Clips(3, seed=2))


def test_few_clips_are_warned_of(capsys):
    score(toy_extractor(), Clips(40), Clips(12, seed=1))
    assert "Warning: a score of 12 clips depends on their number" in capsys.readouterr().out
    score(toy_extractor(clips=256), Clips(512), Clips(256, seed=1))
    assert "Warning" not in capsys.readouterr().out


def test_reals_that_are_one_clip_are_refused():
    reals = Clips(40)
    reals.array = reals.array[[0] * 40]
    with pytest.raises(UserError, match="Cannot score against .*: all 12 clips are the same"):
        score(toy_extractor(), reals, Clips(12, seed=1))
