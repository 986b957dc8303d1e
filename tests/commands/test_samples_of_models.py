"""What `generate.py samples` shows of a VGAN and of a MoCoGAN."""

import numpy as np
import pytest

from config import preset
from models.registry import model_class
from sampling.snapshot import save_snapshot
from support.errors import UserError
from tests.commands.calls import call
from tests.networks.reference import randomise
from tests.training.toys import write_config

SETTINGS = {
    "vgan": ["model.maps=2", "model.latent_size=3"],
    "mocogan": ["model.maps=2", "model.content=3", "model.motion=2"],
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each model with a snapshot that was never trained."""
    folders = {}
    for name, settings in SETTINGS.items():
        folders[name] = tmp_path_factory.mktemp(name)
        config = preset(f"{name}_demo").override(settings)
        write_config(folders[name], config)
        generator = model_class(config).generator(config)
        randomise(generator, scale=1.0)
        save_snapshot(folders[name], generator, 8)
    return folders


def sample(run, output, *flags):
    call("samples", f"--run={run}", "--num=3", f"--output={output}", *flags)
    return np.load(output)


def test_streams_of_a_vgan(runs, tmp_path):
    clips, foreground, background, mask = (
        sample(runs["vgan"], tmp_path / f"a{view}.npy", *([f"--show={view}"] if view else []))
        for view in ("", "foreground", "background", "mask")
    )
    assert clips.shape == mask.shape == (3, 16, 32, 32, 3)
    assert (background == background[:, :1]).all()
    share = mask / 255
    expected = share * foreground + (1 - share) * background
    np.testing.assert_allclose(clips, expected, atol=2)


def test_parts_and_length_of_a_mocogan(runs, tmp_path):
    longer = sample(runs["mocogan"], tmp_path / "a.npy", "--frames=20", "--same=content")
    assert longer.shape == (3, 20, 32, 32, 3)
    moving = sample(runs["mocogan"], tmp_path / "b.npy", "--same=motion")
    apart = sample(runs["mocogan"], tmp_path / "c.npy")
    assert (moving[0] == apart[0]).all()
    assert (moving[1] != apart[1]).any()


@pytest.mark.parametrize(
    ("name", "flag", "message"),
    [
        ("vgan", "--show=edges", "one of foreground, background, mask for the model vgan"),
        ("mocogan", "--show=mask", "one of none for the model mocogan. Received: mask"),
        ("vgan", "--frames=20", "The model vgan makes clips of 16 frames. Received: 20"),
        ("mocogan", "--same=colour", "parts, content, motion. Received: colour"),
    ],
)
def test_what_a_model_does_not_show_is_refused(runs, tmp_path, name, flag, message):
    with pytest.raises(UserError, match=message):
        sample(runs[name], tmp_path / "a.npy", flag)
    assert not (tmp_path / "a.npy").exists()
