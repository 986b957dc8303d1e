"""A generator to pass on: as a SavedModel, as ONNX, as weights and card, or for a hub of models.

Each is a folder with the card, generator.json, and each is published only once the clips that it
makes are those of the snapshot.
"""

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sampling.latents import even_labels, sample_latents
from support.deferred import tf
from support.errors import UserError
from support.files import new_folder, sha256, write_json

if TYPE_CHECKING:
    from sampling.snapshot import Snapshot

MAX_DIFFERENCE = 1e-3  # of clips in [-1, 1]: an eighth of a grey level
_NAME = "generator"
_OPSET = 17  # of ONNX, 2022


def export(snapshot: "Snapshot", folder: Path, form: str):
    """Writes `snapshot`, at its phase, as a new `folder`.

    SavedModels and ONNX compute in float32 with any `network.precision`. They have one
    function, "latents" [N, K] float32 to "clips" [N, T, H, W, 3] float32, about [-1, 1], for any N.
    That of a generator of classes takes "labels" [N] int32 too, and one that predicts "past"
    [N, C, H, W, 3] float32 in [-1, 1]; its clips begin with it.

    Args:
        snapshot: one that was loaded.
        folder: to write.
        form: one of `FORMS`.

    Raises:
        UserError: the folder exists, packages for the form are missing, or what was written does
            not make the snapshot's clips.
    """
    write, load = FORMS[form]
    is_pair = form in ("weights", "hub")  # These are weights and card.
    if not is_pair:
        snapshot = snapshot.in_float32()  # ONNX does not support convolutions in bfloat16.
    with new_folder(folder) as temporary:
        write(snapshot, temporary)
        _check_clips(snapshot, load(temporary), folder)
        if not is_pair:  # Which has its card.
            files = sorted(path for path in temporary.rglob("*") if path.is_file())
            hashes = {str(path.relative_to(temporary)): sha256(path) for path in files}
            write_json(temporary / f"{_NAME}.json", snapshot.card | {"files": hashes})


def as_module(snapshot: "Snapshot") -> "tf.Module":
    """The part of a generator that is live at the snapshot's phase, as TensorFlow saves it."""
    module, config = tf.Module(name=_NAME), snapshot.config
    layers = snapshot.generator.live_layers(snapshot.phase.detail)
    module.weights = [variable.value for layer in layers for variable in layer.variables]
    signature = [tf.TensorSpec([None, config.latent_size], tf.float32, name="latents")]
    if config.num_classes:
        signature.append(tf.TensorSpec([None], tf.int32, name="labels"))
    if past := _past_shape(snapshot):
        signature.append(tf.TensorSpec([None, *past], tf.float32, name="past"))
    names = [spec.name for spec in signature]

    def make_clips(*inputs):
        return {"clips": snapshot(**dict(zip(names, inputs, strict=True)))}

    module.make_clips = tf.function(make_clips, signature)
    return module


def _write_saved_model(snapshot, folder):
    module = as_module(snapshot)
    tf.saved_model.save(module, str(folder), signatures=module.make_clips)


def _load_saved_model(folder):
    # TensorFlow takes characters such as [ for a pattern of paths: it is given a plain path.
    with tempfile.TemporaryDirectory() as plain:
        link = Path(plain, _NAME)
        link.symlink_to(folder.absolute())
        function = tf.saved_model.load(str(link)).signatures["serving_default"]
    return lambda **inputs: function(**{k: tf.constant(v) for k, v in inputs.items()})["clips"]


def _write_onnx(snapshot, folder):
    with _packages_for_onnx():
        import onnx
        import tf2onnx
    function = as_module(snapshot).make_clips
    model, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=_OPSET)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / f"{_NAME}.onnx")


def _load_onnx(folder):
    with _packages_for_onnx():
        import onnxruntime
    session = onnxruntime.InferenceSession(
        folder / f"{_NAME}.onnx", providers=["CPUExecutionProvider"]
    )
    return lambda **inputs: session.run(["clips"], inputs)[0]


@contextlib.contextmanager
def _packages_for_onnx():
    try:
        yield
    except ImportError as error:
        raise UserError(
            f"Cannot export as ONNX: {error}. Install its packages (pip install '.[onnx]')."
        ) from error


def _write_weights(snapshot, folder):
    from sampling.snapshot import save_model

    save_model(folder / f"{_NAME}.weights.h5", snapshot.generator, snapshot.card)


def _write_hub(snapshot, folder):
    from sampling.hub import write_hub

    _write_weights(snapshot, folder)
    write_hub(snapshot, folder)


def _load_weights(folder):
    from sampling.snapshot import load_model

    return load_model(folder / f"{_NAME}.weights.h5").sample


def _past_shape(snapshot):
    """(frames, height, width, 3) of the past that is given; () where none is."""
    _, *picture = snapshot.config.ladder[snapshot.phase.level].shape
    return (snapshot.past_frames, *picture, 3) if snapshot.past_frames else ()


FORMS = {
    "saved_model": (_write_saved_model, _load_saved_model),
    "onnx": (_write_onnx, _load_onnx),
    "weights": (_write_weights, _load_weights),
    "hub": (_write_hub, _load_weights),
}


def _check_clips(snapshot, make_clips, folder):
    """Raises `UserError` unless `make_clips` does what `snapshot` does, for several numbers."""
    config, classes = snapshot.config, snapshot.config.num_classes
    for num in (1, 2):
        inputs = {"latents": sample_latents(num, config.latent_size, seed=num)}
        if classes:
            inputs["labels"] = even_labels(num, range(classes))
        if past := _past_shape(snapshot):
            random = np.random.default_rng(num)
            inputs["past"] = random.uniform(-1, 1, (num, *past)).astype(np.float32)
        expected, found = snapshot.sample(**inputs), np.asarray(make_clips(**inputs))
        same_shape = found.shape == expected.shape
        difference = np.abs(found - expected).max() if same_shape else found.shape
        if not (same_shape and difference <= MAX_DIFFERENCE):
            raise UserError(
                f"Cannot export to {folder}: its clips differ by {difference} from those of the "
                f"snapshot, by more than {MAX_DIFFERENCE}."
            )
