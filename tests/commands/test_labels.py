import numpy as np
import pytest

from commands import rendering
from config import demo
from networks.generator import Generator
from sampling.snapshot import save_snapshot
from support.errors import UserError
from tests.commands.making import make, size
from tests.training.toys import write_config


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A run of a generator of three classes, untrained."""
    run = tmp_path_factory.mktemp("labelled")
    settings = ["growth.resolution=4", "growth.num_frames=4", "growth.feature_maps_max=4"]
    classes = ["network.labels=projection", "network.classes=('up', 'down', 'left')"]
    config = demo().override([*settings, *classes])
    write_config(run, config)
    save_snapshot(run, Generator(config.ladder, config.network), 8)
    return run


def array(run, path, *flags):
    make(run, "samples", "--num=6", f"--output={path}", *flags)
    return np.load(path)


def test_samples_are_of_the_labels(labelled, tmp_path):
    every = array(labelled, tmp_path / "a.npy")
    some = array(labelled, tmp_path / "b.npy", "--label", "left", "up")
    one = array(labelled, tmp_path / "c.npy", "--label", "up")
    np.testing.assert_array_equal(one[:2], every[:2])  # The first third is of the first class.
    np.testing.assert_array_equal(one[3:], some[3:])
    assert (one[2:] != every[2:]).any()


def test_rows_of_samples_are_classes(labelled, tmp_path):
    make(labelled, "samples", "--num=6", f"--output={tmp_path / 'a.png'}", "--plain")
    make(labelled, "samples", "--num=6", f"--output={tmp_path / 'a.mp4'}")
    frames, height, width = size(tmp_path / "a.mp4")
    assert frames == 4
    assert height > 3 * 64  # Three rows
    assert 2 * 64 < width < 4 * 64  # of two clips, with names.


def test_rows_are_classes_of_other_numbers_of_clips_too(labelled, tmp_path):
    make(labelled, "samples", "--num=7", f"--output={tmp_path / 'a.gif'}", "--plain")
    assert size(tmp_path / "a.gif")[1:] == (3 * 64 + 2 * 2, 3 * 64 + 2 * 2)
    make(labelled, "samples", "--num=2", f"--output={tmp_path / 'a.gif'}", "--plain")
    assert size(tmp_path / "a.gif")[1:] == (2 * 64 + 2, 64)


def test_interpolation_goes_from_label_to_label(labelled, tmp_path, monkeypatch):
    seen = []
    real = rendering.render
    monkeypatch.setattr(
        "commands.interpolation.render",
        lambda snapshot, latents, labels: seen.append(labels) or real(snapshot, latents, labels),
    )
    flags = ["--pairs=2", f"--output={tmp_path / 'a.png'}"]
    make(labelled, "interpolation", *flags, "--steps=3", "--label", "up", "left")
    np.testing.assert_allclose(seen[0][:3], [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])
    make(labelled, "interpolation", *flags, "--steps=2")
    np.testing.assert_allclose(seen[1], np.eye(3)[[0, 0, 1, 1]])
    make(labelled, "interpolation", *flags, "--loop", "--label", "down")
    assert (seen[2] == [0, 1, 0]).all()
    flags = ["--pairs=1", "--seconds=0.5", "--fps=4", f"--output={tmp_path / 'a.gif'}"]
    make(labelled, "interpolation", *flags, "--label", "up", "left")
    np.testing.assert_allclose(seen[3][[0, 3, 6]], [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            ["samples", "--label", "right"],
            "--label should be one of up, down, left. Received: right",
        ),
        (
            ["interpolation", "--label", "up", "up", "up"],
            "should be one or two classes. Received: 3",
        ),
    ],
)
def test_unknown_labels(labelled, flags, sentence):
    with pytest.raises(UserError, match=sentence):
        make(labelled, *flags)


def test_a_generator_without_classes_takes_no_label(trained):
    with pytest.raises(UserError, match="this generator was trained without labels"):
        make(trained, "samples", "--label", "up")
