import json

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import metadata
from tensorboard.util import img_mime_type_detector

from tests.training.toys import tiny_config
from training.overview import write_overview
from training.summaries import write_clip_summary


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with tf.summary.create_file_writer(str(folder)).as_default(step=0):
        write_overview(tiny_config("train.seed=5"), starts=[{"command": "train.py"}])
        write_clip_summary("clips/fakes", tf.zeros([3, 8, 8, 3], tf.uint8).numpy(), 8)
    return EventAccumulator(str(folder)).Reload()


def _text(events, tag):
    return events.Tensors(tag)[0].tensor_proto.string_val


def test_starts_are_text(events):
    text = _text(events, "run/starts")[0].decode()
    assert json.loads(text.strip("`\n")) == [{"command": "train.py"}]


def test_a_distance_and_its_floor_are_in_one_chart(events):
    layout = layout_pb2.Layout.FromString(_text(events, "custom_scalars__config__")[0])
    first = layout.category[0].chart[0].multiline
    assert list(first.tag) == [
        "^distance/sliced_wasserstein$",
        "^distance/sliced_wasserstein_floor$",
    ]


def test_settings_are_hyperparameters_with_the_distance_as_their_metric(events):
    contents = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    settings = metadata.parse_session_start_info_plugin_data(contents).hparams
    assert settings["train.seed"].number_value == 5
    assert settings["train.mirror"].bool_value
    assert "4: 4" in settings["schedule.minibatch"].string_value
    contents = events.SummaryMetadata(metadata.EXPERIMENT_TAG).plugin_data.content
    metrics = metadata.parse_experiment_plugin_data(contents).metric_infos
    assert [metric.name.tag for metric in metrics] == ["distance/sliced_wasserstein"]


def test_clips_are_pictures_that_tensorboard_knows(events):
    width, height, picture = _text(events, "clips/fakes")
    assert (width, height) == (b"8", b"8")
    assert img_mime_type_detector.from_bytes(picture) == "image/png"
