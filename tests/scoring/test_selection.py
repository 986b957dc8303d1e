import numpy as np
import pytest

from scoring.score import score
from scoring.selection import arrange, fake_order, real_features
from support.errors import UserError
from tests.scoring.toys import Clips, toy_extractor


def test_a_stratified_reference_and_a_random_draw():
    labels = np.array([0] * 80 + [1] * 15 + [2] * 5)
    reals, drawn = Clips(100, labels), np.zeros(3)
    for seed in range(40):
        real = real_features(toy_extractor(order="stratified"), reals, 20, seed)
        classes = {bytes(row): label for row, label in zip(all_values(reals), labels, strict=True)}
        taken = [classes[bytes(row)] for row in real.reference.values]
        assert 7 <= taken.count(0) <= 10
        _, indices = real.others
        drawn += np.bincount(labels[indices], minlength=3)
    np.testing.assert_allclose(drawn / drawn.sum(), [0.8, 0.15, 0.05], atol=0.04)


@pytest.mark.parametrize("order", ["random", "stratified"])
@pytest.mark.parametrize(("num", "size"), [(40, 12), (24, 12), (23, 12), (14, 12), (9, 12), (8, 4)])
def test_the_sets_of_the_floor_have_no_clip_in_common(num, size, order):
    reals = Clips(num, np.arange(num) % 3)
    real = real_features(toy_extractor(order=order), reals, size, seed=0)
    first, second = ([bytes(row) for row in part.values] for part in real.floor)
    reference = [bytes(row) for row in real.reference.values]
    assert len(first) == len(second) == min(size, num // 2)
    assert not set(first) & set(second)
    assert len(set(reference)) == len(reference) == min(size, num)
    if num >= 2 * size:
        assert first == reference
    _, indices = real.others
    assert [bytes(row) for row in all_values(reals)[indices]] == second


def test_sorted_classes_are_not_paired_with_those_of_the_held_out_set():
    labels = np.repeat(np.arange(10), 10)
    reals, held_out = Clips(100, labels), Clips(100, labels, seed=1)
    real = real_features(toy_extractor(), reals, 50, 0, held_out)
    known = [bytes(row) for row in all_values(reals)]
    first = labels[[known.index(bytes(row)) for row in real.floor[0].values]]
    second = labels[real.others[1]]
    assert len(first) == len(second) == 50
    assert 0 < (first == second).mean() < 0.4
    assert (np.bincount(first, minlength=10) != np.bincount(second, minlength=10)).any()


def all_values(clips):
    return toy_extractor().extract(clips, range(len(clips))).values


def test_orders():
    labels = np.array([0] * 8 + [1] * 2 + [2] * 4)
    shuffled = np.random.default_rng(0).permutation(14)
    assert (arrange(shuffled, labels, "random") == shuffled).all()
    found = arrange(shuffled, labels, "stratified")
    assert sorted(found) == list(range(14))
    taken = labels[found]
    assert sorted(taken[:3]) == [0, 1, 2]
    assert sorted(taken[:6]) == [0, 0, 1, 1, 2, 2]
    assert set(taken[10:]) == {0}
    for label in range(3):  # Within a class the order stays.
        assert (found[taken == label] == shuffled[labels[shuffled] == label]).all()


def test_files_are_not_taken_by_their_names():
    assert fake_order(Clips(9, kind="generator"), 0).tolist() == list(range(9))
    order = fake_order(Clips(9, kind="videos"), 0)
    assert sorted(order) == list(range(9))
    assert order.tolist() != list(range(9))


@pytest.mark.parametrize("name", ["fakes", "held_out"])
def test_a_data_set_is_not_compared_with_itself(name):
    sets = {"fakes": Clips(12, seed=1), "held_out": Clips(12, seed=2)} | {name: Clips(40)}
    with pytest.raises(UserError, match=f"`{name}` should be other clips than the reals"):
        score(toy_extractor(), Clips(40), **sets)
