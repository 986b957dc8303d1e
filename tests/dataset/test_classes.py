"""Classes that are picked from those of a data set."""

import itertools

import numpy as np
import pytest

from dataset.classes import Classes
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.pipeline import ClipPipeline
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from scoring.clip_sets import RecordClips
from support.errors import UserError
from tests.dataset.conftest import LADDER

NAMES = ("run", "sit", "walk")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A data set of 1 clip that runs, 2 that sit, 3 that walk; the level of grey is the label."""
    folder = tmp_path_factory.mktemp("labelled")
    for number, name in enumerate(NAMES):
        (folder / "videos" / name).mkdir(parents=True)
        for clip in range(number + 1):
            grey = np.full((8, 16, 16, 3), 100 * number, np.uint8)
            np.save(folder / "videos" / name / f"{clip}.npy", grey)
    return create(folder, "folders")


def create(folder, labels):
    sources = list_sources(folder / "videos", "auto", ReaderOptions(labels=labels))
    create_dataset(folder / labels, sources, LADDER, ClipRules(8), about={})
    return folder / labels


def draw(data, count, **options):
    """Label and level of grey of clips in the order of training."""
    clips = ClipPipeline(data, LADDER, seed=0, mirror=False, **options)
    batches = itertools.islice(clips.dataset(0, 0, 1), count)
    return [(int(b.labels[0]), round(float(b.clips[0, 0, 0, 0, 0] + 1) * 127.5)) for b in batches]


def test_all_clips_are_served_by_default(labelled):
    assert sorted(draw(labelled, 6)) == [(0, 0)] + 2 * [(1, 100)] + 3 * [(2, 200)]


def test_some_classes_are_served_in_the_order_that_was_asked_for(labelled):
    found = draw(labelled, 8, classes=("walk", "run"))
    assert sorted(found) == 6 * [(0, 200)] + 2 * [(1, 0)]
    assert len(ClipPipeline(labelled, LADDER, 0, False, classes=("sit",))) == 2


def test_classes_are_drawn_equally_often(labelled):
    assert sorted(draw(labelled, 6, balanced=True)) == 2 * [(0, 0)] + 2 * [(1, 100)] + 2 * [
        (2, 200)
    ]
    found = draw(labelled, 8, balanced=True, classes=("walk", "run"))
    assert sorted(found) == 4 * [(0, 200)] + 4 * [(1, 0)]


def test_scores_see_the_same_clips(labelled):
    clips = RecordClips(labelled, classes=("walk", "run"))
    assert clips.label_names == ["walk", "run"]
    labels, greys = clips.labels(), [clip[0, 0, 0, 0] for clip in clips.clips(range(4))]
    assert sorted(zip(labels.tolist(), greys, strict=True)) == 3 * [(0, 200)] + [(1, 0)]
    assert sorted(RecordClips(labelled).labels()) == [0, 1, 1, 2, 2, 2]


def test_clips_without_a_label_belong_to_all_classes_alone():
    classes = Classes(NAMES, ("sit", "walk"))
    assert classes.renumber(np.array([0, 1, 2, -1])).numpy().tolist() == [-1, 0, 1, -1]
    assert not classes.are_all
    assert Classes(NAMES, ("walk", "sit", "run")).are_all
    assert Classes([]).renumber(np.array([-1, -1])).numpy().tolist() == [-1, -1]


@pytest.mark.parametrize("names", [("fly",), ("run", "run")])
def test_other_classes_are_refused(labelled, names):
    with pytest.raises(UserError, match="`classes` should be different labels .* run, sit, walk.*"):
        Classes(NAMES, names)


def test_classes_without_clips_are_refused():
    with pytest.raises(UserError, match="`classes` should have clips. Received: none of sit"):
        Classes(NAMES).groups(np.array([0, 2]), np.arange(2))


def test_nothing_is_balanced_without_labels(labelled):
    unlabelled = create(labelled.parent, "own")
    with pytest.raises(UserError, match="`balanced` should be false for clips without labels"):
        ClipPipeline(unlabelled, LADDER, 0, False, balanced=True)
