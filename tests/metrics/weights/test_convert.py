import hashlib
import json
import os
import zipfile

import numpy as np
import pytest

from metrics import weights
from metrics.c3d import C3D
from metrics.weights.convert import open_published
from support.errors import UserError
from tests.metrics.weights import files
from tests.metrics.weights.files import C3D_FORMATS, LAYERS


def same(a, b):
    for x, y in zip(a.trainable_variables, b.trainable_variables, strict=True):
        np.testing.assert_array_equal(x.numpy(), y.numpy(), err_msg=x.path)


@pytest.fixture
def output(tmp_path):
    return tmp_path / "made" / "c3d.weights.h5"


@pytest.fixture(params=C3D_FORMATS)
def source(request, tmp_path, c3d):
    """A file of each format, whose name tells nothing."""
    C3D_FORMATS[request.param](tmp_path / "published.txt", c3d)
    return tmp_path / "published.txt"


def test_every_format_is_converted_exactly(source, output, c3d):
    about = weights.convert(source, output)
    model, found, mean = weights.load(output)
    same(model, c3d)
    assert found == about
    assert mean is None


def test_the_sidecar_says_what_it_is_and_where_from(tmp_path, output, c3d):
    source = tmp_path / "conv3d_deepnetA"
    files.write_caffe(source, c3d)
    (tmp_path / "classes.txt").write_text("a\nb\n\nc \nd\ne\n")
    about = weights.convert(source, output, None, "90,98,102.5", tmp_path / "classes.txt")
    assert about == json.loads((output.parent / "c3d.json").read_text())
    assert about == {
        "network": "c3d",
        "width": 2,
        "num_classes": 5,
        "mean": [90.0, 98.0, 102.5],
        "format": "caffe",
        "source": "conv3d_deepnetA",
        "source_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "flatten": "chw",
        "class_names": ["a", "b", "c", "d", "e"],
        "sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
    }
    assert sorted(path.name for path in output.parent.iterdir()) == ["c3d.json", "c3d.weights.h5"]
    np.testing.assert_array_equal(weights.load(output)[2], np.float32([90, 98, 102.5]))


def test_a_cube_is_kept_beside_the_weights(tmp_path, output, c3d):
    files.write_torch_zip(tmp_path / "c3d.pth", c3d)
    cube = np.random.default_rng(0).uniform(80, 120, (3, 16, 128, 171)).astype(np.float32)
    np.save(tmp_path / "mean.npy", cube)
    about = weights.convert(tmp_path / "c3d.pth", output, mean=tmp_path / "mean.npy")
    assert about["mean"] == "c3d.mean.npy"
    mean = weights.load(output)[2]
    assert mean.shape == (16, 128, 171, 3)
    assert mean[5, 40, 100, 2] == cube[2, 5, 40, 100]
    np.testing.assert_array_equal(np.moveaxis(mean, -1, 0), cube)


@pytest.mark.parametrize(("name", "order"), [("keras2", "hwc"), ("caffe", "chw")])
def test_the_order_of_fc6_is_that_of_the_format(name, order, tmp_path, output, c3d):
    C3D_FORMATS[name](tmp_path / "c3d", c3d)
    assert weights.convert(tmp_path / "c3d", output)["flatten"] == order
    weights.convert(tmp_path / "c3d", output, order)
    same(weights.load(output)[0], c3d)


def test_another_order_moves_the_rows_of_fc6_alone(tmp_path, output, c3d):
    files.write_keras2(tmp_path / "c3d.h5", c3d)
    assert weights.convert(tmp_path / "c3d.h5", output, "chw")["flatten"] == "chw"
    other = weights.load(output)[0]
    for name in LAYERS:
        if name != "fc6":
            a, b = (model.get_layer(name).kernel.numpy() for model in (other, c3d))
            np.testing.assert_array_equal(a, b)
    ours, theirs = other.fc6.kernel.numpy(), c3d.fc6.kernel.numpy()
    maps = 16
    for row, column, channel in [(0, 0, 0), (0, 1, 0), (3, 2, 5), (3, 3, 15)]:
        np.testing.assert_array_equal(
            ours[(row * 4 + column) * maps + channel], theirs[channel * 16 + row * 4 + column]
        )
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 16, 112, 112, 3)).astype(np.float32)
    a, b = (model.endpoints(clip)["fc6_linear"].numpy() for model in (c3d, other))
    assert np.abs(a - b).mean() > 0.1 * np.abs(a).mean()


def test_width_and_classes_follow_from_the_file(tmp_path, output):
    model = C3D(3, width=1)
    files.write_caffe(tmp_path / "c3d", model)
    about = weights.convert(tmp_path / "c3d", output)
    assert (about["width"], about["num_classes"]) == (1, 3)
    same(weights.load(output)[0], model)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.999])
def test_a_truncated_file_is_refused(source, output, share):
    size = int(share * source.stat().st_size)
    os.truncate(source, max(size, 9))
    with pytest.raises(UserError, match="published.txt should"):
        weights.convert(source, output)
    assert not output.parent.exists()


def test_what_is_no_weights_is_refused(tmp_path, output):
    for name, content in [("empty.h5", b""), ("text.npz", b"weights"), ("cos.pickle", b"cos\n.")]:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UserError, match=rf"{name} \(no known format\)"):
            weights.convert(path, output)
    with pytest.raises(UserError, match=r"missing.h5 \(no such file\)"):
        weights.convert(tmp_path / "missing.h5", output)
    with pytest.raises(UserError, match="should hold one checkpoint, or a SavedModel"):
        weights.convert(tmp_path, output)


def test_what_is_asked_for_is_checked_first(tmp_path, output, c3d):
    source = tmp_path / "c3d.weights.h5"
    files.write_keras2(source, c3d)
    with pytest.raises(UserError, match=r"`output` should end in .weights.h5. Received: .*c3d.h5"):
        weights.convert(source, tmp_path / "c3d.h5")
    with pytest.raises(UserError, match="`output` should be another file than `source`"):
        weights.convert(source, source)
    (tmp_path / "names.txt").write_text("one\ntwo\n")
    with pytest.raises(UserError, match="names.txt should name 5 classes.*Received: 2"):
        weights.convert(source, output, classes=tmp_path / "names.txt")
    with pytest.raises(UserError, match="missing.txt should be a whole text file"):
        weights.convert(source, output, classes=tmp_path / "missing.txt")
    assert not output.exists()


def test_our_own_file_is_no_published_one(tmp_path, output, c3d):
    weights.save(c3d, tmp_path / "own.weights.h5", {})
    with pytest.raises(UserError, match="should hold layers with `weight_names`"):
        weights.convert(tmp_path / "own.weights.h5", output)


def test_a_zip_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UserError, match="photos.npz should be a whole npz file"):
        open_published(tmp_path / "photos.npz")
