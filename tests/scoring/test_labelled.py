import json

import numpy as np
import pytest

from scoring.clip_sets import RecordClips
from scoring.labelled import Labelled, augment, channel_statistics
from support.errors import UserError


@pytest.fixture
def clips(shapes):
    return Labelled.all_of(RecordClips(shapes))


def test_a_split_takes_of_every_class(clips):
    labels = np.array([0] * 10 + [1] * 5 + [2])
    train, held_out = Labelled(clips.clips, np.arange(16), labels).split(0.2, seed=0)
    assert [int((held_out.labels == c).sum()) for c in range(3)] == [2, 1, 0]
    assert sorted([*train.indices, *held_out.indices]) == list(range(16))
    np.testing.assert_array_equal(labels[held_out.indices], held_out.labels)
    for share in (0, 1, -3, float("nan")):
        with pytest.raises(UserError, match="`val_fraction` should be between 0 and 1"):
            train.split(share, seed=0)


def test_augmentation_crops_and_dims_within_its_bounds():
    clip = np.full((4, 40, 20, 3), 100, np.uint8)
    clip[:, :, :10] = 50
    shapes, bright, left = set(), [], []
    for i in range(60):
        changed = augment(clip, [0, 0, i], crop=0.1, mirror=True)
        np.testing.assert_array_equal(changed, augment(clip, [0, 0, i], 0.1, True))
        shapes.add(changed.shape)
        bright.append(int(changed.max()))
        left.append(changed[0, 0, 0, 0] < changed[0, 0, -1, 0])
    assert {shape[1] for shape in shapes} == {36, 37, 38, 39, 40}
    assert {shape[2] for shape in shapes} == {18, 19, 20}
    assert min(bright) < 90
    assert max(bright) > 110
    assert all(79 <= value <= 126 for value in bright)
    assert 0.2 < np.mean(left) < 0.8
    assert all(augment(clip, [0, 0, i], 0.1, False)[0, 0, 0, 0] < 70 for i in range(20))


def test_channel_statistics_are_of_blue_green_red(clips):
    pixels = np.stack(list(clips.clips.clips(range(10)))).reshape(-1, 3)
    means, deviation = channel_statistics(clips)
    np.testing.assert_allclose(means, pixels.mean(0)[::-1], rtol=1e-5)
    assert deviation == pytest.approx(np.sqrt(pixels.var(0).mean()), rel=1e-4)


def test_labels_have_to_be_there(make_shapes, tmp_path):
    folder = make_shapes(tmp_path / "data", num_clips=3)
    metadata = json.loads((folder / "metadata.json").read_text()) | {"labels": []}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(UserError, match="Cannot train a classifier on .* it has 0 labels"):
        Labelled.all_of(RecordClips(folder))
