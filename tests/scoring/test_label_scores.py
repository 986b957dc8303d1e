"""Accuracy on generated classes and distances within them, by a classifier of the first frame."""

import numpy as np
import pytest

from scoring.generated import GeneratedClips
from scoring.label_scores import label_scores
from support.errors import UserError
from support.plots import plot_confusion
from tests.scoring.toys import frechet, toy_extractor

NAMES = ["red", "green", "blue", "white"]


class Painted:
    """Clips whose first frame is of the colour of the class `shown`, made for `labels`."""

    def __init__(self, labels, shown=None, seed=0):
        self._labels, self.label_names = np.array(labels), NAMES
        shown = self._labels if shown is None else np.array(shown)
        random = np.random.default_rng(seed)
        self.array = random.integers(20, 60, (len(labels), 16, 1, 1, 3)).astype(np.uint8)
        self.array[np.arange(len(labels)), 0, 0, 0, shown] = 250
        self.about = {"kind": "data set", "sha256": f"{seed}", "clip": "16x8x8"}

    def __len__(self):
        return len(self.array)

    def labels(self):
        return self._labels

    def clips(self, indices):
        for index in indices:
            yield np.broadcast_to(self.array[index], (16, 8, 8, 3))


REALS = Painted([0] * 12 + [1] * 12 + [2] * 3)


def extractor():
    return toy_extractor(frames="first16")


def test_the_class_that_was_asked_for_is_made():
    fakes = Painted([0, 0, 1, 1, 2, 2], shown=[0, 1, 1, 1, 1, 2], seed=1)
    found = label_scores(extractor(), REALS, fakes, num=27)
    assert found["accuracy"]["fakes"] == pytest.approx(4 / 6)
    assert found["accuracy"]["reals"] == 1
    assert found["accuracy"]["reals_shuffled"] < 0.7  # By chance, as the first frame is moved.
    assert found["confusion"]["fakes"] == [[1, 1, 0, 0], [0, 2, 0, 0], [0, 1, 1, 0], [0] * 4]
    assert found["coverage"] == 3 / 4
    accuracies = [row["accuracy"] for row in found["classes"]]
    assert accuracies == [0.5, 1, 0.5, None]
    assert [row["accuracy_reals"] for row in found["classes"]] == [1, 1, 1, None]


def test_held_out_clips_have_the_same_labels():
    held_out = Painted([0, 1], seed=2)
    held_out.label_names = NAMES[::-1]
    with pytest.raises(UserError, match="`held_out` should have the labels red, green, .*: white"):
        label_scores(extractor(), REALS, Painted([0], seed=1), num=27, held_out=held_out)


def test_distances_are_those_within_a_class():
    fakes = Painted([0] * 6 + [1] * 6 + [2] * 6, seed=1)
    found = label_scores(extractor(), REALS, fakes, num=27)
    assert [row["clips"] for row in found["classes"]] == [6, 6, 1, 0]
    order = np.random.default_rng(0).permutation(27)
    values = extractor().extract(REALS, order).values
    made = extractor().extract(fakes, range(18)).values
    for number in (0, 1):
        real = values[REALS.labels()[order] == number]
        row = found["classes"][number]
        expected = frechet(real[:6], made[fakes.labels() == number])
        assert row["frechet_distance"] == pytest.approx(expected, rel=1e-5)
        assert row["floor"] == pytest.approx(frechet(real[:6], real[6:12]), rel=1e-5)
    assert found["classes"][2]["frechet_distance"] is None
    both = [row["floor"] for row in found["classes"][:2]]
    assert found["intra_floor"] == pytest.approx(np.mean(both))


def test_held_out_reals_measure_the_classifier():
    held_out = Painted([0, 1, 2, 2], shown=[1, 1, 2, 2], seed=2)
    found = label_scores(extractor(), REALS, Painted([0, 1], seed=1), num=27, held_out=held_out)
    assert found["accuracy"]["reals"] == 0.75
    assert found["held_out"]["sha256"] == "2"


def test_other_classes_and_missing_labels_are_refused():
    known = toy_extractor(frames="first16")
    known.about["class_names"] = ["walk", "run"]
    with pytest.raises(UserError, match="`weights` should classify red.* Received: classes walk"):
        label_scores(known, REALS, Painted([0, 1]), num=4)
    plain = GeneratedClips(lambda latents: None, np.zeros((4, 2)), (16, 8, 8), 2, {"kind": "x"})
    with pytest.raises(UserError, match="should be made for labels"):
        label_scores(extractor(), REALS, plain, num=4)


def test_confusion_is_drawn(tmp_path):
    counts = {"fakes": [[3, 1], [0, 0]], "reals": [[4, 0], [1, 3]]}
    plot_confusion(counts, ["walk", "run"], tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
