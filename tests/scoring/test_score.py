import json

import numpy as np
import pytest

from metrics.inception_score import InceptionScore, balanced_score
from scoring.score import fake_order, real_features, real_order, score
from support.errors import UserError
from tests.scoring.toys import CLASSES, Clips, frechet, toy_extractor


def values_of(clips, indices):
    return toy_extractor().extract(clips, indices)


def test_distances_are_of_the_sets_that_they_say():
    reals, fakes = Clips(40), Clips(12, seed=1, kind="array", offset=55)
    found = score(toy_extractor(order="random"), reals, fakes, seed=3)
    order = real_order(reals, "random", 3)
    reference = values_of(reals, order[:12]).values
    made = values_of(fakes, fake_order(fakes, 3)).values
    entry = found["measures"]["frechet_distance"]
    assert entry["value"] == pytest.approx(frechet(reference, made))
    halves = [values_of(reals, order[i:24:2]).values for i in (0, 1)]
    assert entry["floor"] == pytest.approx(frechet(*halves))
    assert entry["at_floor_clips"] is None
    assert (entry["clips"], entry["floor_clips"], entry["subset_clips"]) == (12, 12, 3)
    parts = [frechet(reference[i : i + 3], made[i : i + 3]) for i in (0, 3, 6, 9)]
    assert entry["spread"] == pytest.approx(np.std(parts))
    assert entry["value"] > entry["floor"]


def test_with_few_fakes_as_few_reals_are_taken():
    """Else the distance of fair fakes would lie below its floor."""
    reals, fakes = Clips(60), Clips(8, seed=1)
    found = score(toy_extractor(order="random", clips=40), reals, fakes)
    entry = found["measures"]["frechet_distance"]
    reference = values_of(reals, real_order(reals, "random", 0)[:8]).values
    made = values_of(fakes, fake_order(fakes, 0)).values
    assert entry["value"] == pytest.approx(frechet(reference, made))
    assert (entry["clips"], entry["floor_clips"], found["reals"]["scored"]) == (8, 8, 8)


def test_with_few_reals_the_floor_has_half_of_them():
    reals, fakes = Clips(14), Clips(12, seed=1)
    entry = score(toy_extractor(order="random"), reals, fakes)["measures"]["frechet_distance"]
    order = real_order(reals, "random", 0)
    assert entry["floor_clips"] == 7
    halves = [values_of(reals, order[i::2]).values for i in (0, 1)]
    assert entry["floor"] == pytest.approx(frechet(*halves))
    some = values_of(fakes, fake_order(fakes, 0)[:7]).values
    assert entry["at_floor_clips"] == pytest.approx(frechet(halves[0], some))


def test_the_two_sets_of_the_floor_have_the_same_classes():
    labels = np.array([0] * 20 + [1] * 5 + [2] * 3)
    reals = Clips(28, labels)
    real = real_features(toy_extractor(), reals, size=14, seed=0)
    _, indices = real.others
    taken = labels[indices]
    assert [int((taken == c).sum()) for c in range(3)] in ([10, 2, 2], [10, 3, 1], [10, 2, 1])
    first, second = real.floor
    assert len(first) == len(second) == len(indices)
    known = {bytes(row) for row in first.values}
    assert not known & {bytes(row) for row in second.values}


def test_held_out_clips_make_the_floor():
    reals, held_out = Clips(14), Clips(9, seed=5)
    extractor = toy_extractor(order="random")
    found = score(extractor, reals, Clips(12, seed=1), held_out=held_out)
    first = values_of(reals, real_order(reals, "random", 0)[:9]).values
    second = values_of(held_out, real_order(held_out, "random", 0)).values
    entry = found["measures"]["frechet_distance"]
    assert entry["floor"] == pytest.approx(frechet(first, second))
    assert found["held_out"]["sha256"] == "5"


@pytest.mark.parametrize("name", ["fakes", "held_out"])
def test_a_data_set_is_not_compared_with_itself(name):
    sets = {"fakes": Clips(12, seed=1), "held_out": Clips(12, seed=2)} | {name: Clips(40)}
    with pytest.raises(UserError, match="should be other clips than those of --data"):
        score(toy_extractor(), Clips(40), **sets)


def test_the_inception_score_is_over_all_repeats():
    reals, fakes = Clips(40), Clips(100, seed=1, kind="generator")
    found = score(toy_extractor(repeats=3), reals, fakes)
    entry = found["measures"]["inception_score"]
    seen = values_of(fakes, range(36)).probabilities
    assert (entry["value"], entry["spread"]) == pytest.approx(_inception(seen, 6))
    order = real_order(reals, "balanced", 0)[:12]
    of_reals = _inception(values_of(reals, order).probabilities, 2)
    assert (entry["reals"], entry["reals_spread"]) == pytest.approx(of_reals)
    assert (entry["clips"], entry["clips_in_split"], entry["reals_in_split"]) == (36, 6, 6)
    assert entry["perfect"] < entry["most"] == pytest.approx(balanced_score(CLASSES, 6))
    assert found["measures"]["frechet_distance"]["clips"] == 12


def test_with_few_fakes_there_are_fewer_repeats_and_no_smaller_splits():
    fakes = Clips(30, seed=1, kind="generator")
    found = score(toy_extractor(repeats=4), Clips(40), fakes)
    entry = found["measures"]["inception_score"]
    assert (entry["clips"], entry["splits"], entry["clips_in_split"]) == (24, 4, 6)


def test_files_are_not_taken_by_their_names():
    assert fake_order(Clips(9, kind="generator"), 0).tolist() == list(range(9))
    order = fake_order(Clips(9, kind="videos"), 0)
    assert sorted(order) == list(range(9))
    assert order.tolist() != list(range(9))


def _inception(probabilities, splits):
    metric = InceptionScore(CLASSES, len(probabilities), splits=splits, epsilon=1e-7)
    metric.update_state(probabilities)
    return tuple(metric.result().values())


def test_controls_stand_beside_the_reals_that_they_change():
    reals = Clips(40)
    found = score(toy_extractor(), reals, Clips(12, seed=1), controls=("noise", "frozen"))
    controls = found["controls"]
    assert list(controls) == ["unchanged", "noise", "frozen"]
    floor = found["measures"]["frechet_distance"]["floor"]
    assert controls["unchanged"]["frechet_distance"] == floor
    assert controls["frozen"]["frechet_distance"] > floor
    order = real_order(reals, "balanced", 0)[1:24:2]
    changed = toy_extractor().extract(reals, order, control="frozen").probabilities
    expected, _ = _inception(changed, 2)
    assert controls["frozen"]["inception_score"] == pytest.approx(expected)
    assert controls["frozen"]["inception_score"] != controls["unchanged"]["inception_score"]


def test_a_record_tells_what_the_score_depends_on():
    found = score(toy_extractor(), Clips(40), Clips(12, seed=1), num=8, seed=2)
    json.dumps(found)
    assert found["protocol"]["name"] == "thesis"
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


def test_orders():
    labels = [0] * 8 + [1] * 2 + [2] * 4
    reals = Clips(14, labels)
    balanced = real_order(reals, "balanced", 0)
    assert sorted(balanced) == list(range(14))
    taken = np.array(labels)[balanced]
    assert sorted(taken[:3]) == [0, 1, 2]
    assert sorted(taken[:6]) == [0, 0, 1, 1, 2, 2]
    assert set(taken[10:]) == {0}
    assert (real_order(reals, "balanced", 1) != balanced).any()
    assert (real_order(reals, "balanced", 0) == balanced).all()
    assert (real_order(reals, "random", 0) != np.arange(14)).any()
