import os
import shutil

import numpy as np
import pytest

from metrics import weights
from metrics.i3d import checkpoint_variables
from metrics.weights.convert import open_published
from support.errors import UserError
from tests.metrics.weights.files import C3D_FORMATS, i3d_arrays, write_checkpoint

LOGITS = "RGB/inception_i3d/Logits/Conv3d_0c_1x1/conv_3d/b"


@pytest.fixture(scope="module")
def arrays(i3d):
    return i3d_arrays(i3d)


@pytest.fixture(scope="module")
def deepmind(tmp_path_factory, arrays):
    """The folder of DeepMind's checkpoint."""
    folder = tmp_path_factory.mktemp("rgb_imagenet")
    write_checkpoint(folder / "model.ckpt", arrays)
    (folder / "checkpoint").write_text('model_checkpoint_path: "/elsewhere/model.ckpt"\n')
    return folder


def test_a_checkpoint_is_converted_exactly(deepmind, i3d, tmp_path):
    about = weights.convert(deepmind / "model.ckpt", tmp_path / "i3d.weights.h5")
    assert {about[key] for key in ("width", "flatten", "mean")} == {None}
    named = ("network", "num_classes", "format", "source")
    assert [about[key] for key in named] == ["i3d", 3, "tensorflow", "model.ckpt"]
    model, found, mean = weights.load(tmp_path / "i3d.weights.h5")
    assert (found, mean) == (about, None)
    ours = checkpoint_variables(i3d)
    for name, variable in checkpoint_variables(model).items():
        np.testing.assert_array_equal(variable.numpy(), ours[name].numpy(), err_msg=name)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A SavedModel of two variables; its program does not matter."""
    folder = tmp_path_factory.mktemp("i3d-kinetics-400")
    (folder / "variables").mkdir()
    (folder / "saved_model.pb").write_bytes(b"a program")
    values = {LOGITS: np.float32([1, 2]), "global_step": np.int64(7)}
    write_checkpoint(folder / "variables" / "variables", values)
    return folder


def test_brackets_in_a_path_are_no_pattern(small, tmp_path):
    folder = shutil.copytree(small / "variables", tmp_path / "i3d[1-3]")
    for file in list(folder.iterdir()):
        file.rename(file.with_name(file.name.replace("variables.", "model[1].")))
    named = open_published(folder / "model[1]")
    np.testing.assert_array_equal(named.read(LOGITS), [1, 2])
    assert open_published(folder).sha256() == named.sha256()
    assert len(named._files()) == 2


@pytest.mark.parametrize(
    "place", ["", "variables", "variables/variables", "variables/variables.index"]
)
def test_a_checkpoint_may_be_named_in_several_ways(small, place):
    file = open_published(small / place)
    assert file.network == "i3d"
    assert file.shapes == {LOGITS: (2,), "global_step": ()}
    np.testing.assert_array_equal(file.read(LOGITS), [1, 2])


def test_the_hash_is_of_all_its_files(small, tmp_path):
    before = open_published(small).sha256()
    copy = shutil.copytree(small, tmp_path / "copy")
    assert open_published(copy).sha256() == before
    data = copy / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[::-1])
    assert open_published(copy).sha256() != before


def test_a_network_of_other_arrays_is_refused(small, tmp_path):
    with pytest.raises(UserError, match="arrays of I3D.*without RGB/inception_i3d/Conv3d_1a_7x7/b"):
        weights.convert(small, tmp_path / "i3d.weights.h5")


def test_other_scopes_are_of_no_account_but_its_own_is(arrays, tmp_path):
    renamed = {name.replace("RGB/", "module/RGB/"): a for name, a in arrays.items()}
    extra = {"global_step": np.int64(3), "module/RGB/inception_i3d/more": np.float32([1])}
    del renamed[f"module/{LOGITS}"]
    write_checkpoint(tmp_path / "a", renamed | extra)
    with pytest.raises(UserError, match=f"without module/{LOGITS}, and with module/RGB/.*/more$"):
        weights.convert(tmp_path / "a", tmp_path / "i3d.weights.h5")


def test_names_may_have_no_scope(arrays, tmp_path):
    short = {name.removeprefix("RGB/inception_i3d/"): array for name, array in arrays.items()}
    short["Conv3d_1a_7x7/conv_3d/w"] = short["Conv3d_1a_7x7/conv_3d/w"][..., :2, :]
    write_checkpoint(tmp_path / "flow", short)
    with pytest.raises(UserError, match=r"conv_3d/w of shape \[7, 7, 7, 3, 64\].*7, 7, 7, 2, 64\]"):
        weights.convert(tmp_path / "flow", tmp_path / "i3d.weights.h5")


def test_a_damaged_checkpoint_is_refused(deepmind, tmp_path):
    folder = shutil.copytree(deepmind, tmp_path / "cut")
    data = folder / "model.ckpt.data-00000-of-00001"
    os.truncate(data, data.stat().st_size // 2)
    output = tmp_path / "i3d.weights.h5"
    with pytest.raises(UserError, match="cut should be a whole checkpoint"):
        weights.convert(folder, output)
    data.unlink()
    with pytest.raises(UserError, match="cut should be a whole checkpoint"):
        weights.convert(folder, output)
    os.truncate(folder / "model.ckpt.index", 3000)
    with pytest.raises(UserError, match="cut should be a whole checkpoint"):
        weights.convert(folder, output)
    (folder / "model.ckpt.index").write_bytes(b"")
    with pytest.raises(UserError, match="cut/model.ckpt should be a whole checkpoint"):
        weights.convert(folder / "model.ckpt", output)
    (folder / "model.ckpt.index").unlink()
    with pytest.raises(UserError, match="one checkpoint, or a SavedModel. Received: 0 files"):
        weights.convert(folder, output)
    assert not output.exists()


def test_the_order_and_the_mean_are_of_c3d(small, tmp_path):
    for more in ({"flatten": "chw"}, {"mean": "1,2,3"}):
        with pytest.raises(UserError, match="`flatten` and `mean` should be given for C3D"):
            weights.convert(small, tmp_path / "i3d.weights.h5", **more)


def test_a_suffix_may_lie(c3d, tmp_path):
    C3D_FORMATS["keras2"](tmp_path / "c3d.index", c3d)
    assert open_published(tmp_path / "c3d.index").network == "c3d"
