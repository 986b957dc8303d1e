import json
import re

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import metadata
from tensorboard.util import img_mime_type_detector

from tests.training.toys import tiny_config
from training.overview import write_overview
from training.summaries import write_clip_summary, write_scalars


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with tf.summary.create_file_writer(str(folder)).as_default(step=0):
        texts = {"starts": [{"command": "train.py"}], "no": {}}
        write_overview("runs/tiny", tiny_config("train.seed=5"), texts)
        write_clip_summary("clips/fakes", tf.zeros([3, 8, 8, 3], tf.uint8).numpy(), 8)
    return EventAccumulator(str(folder)).Reload()


def _text(events, tag):
    return events.Tensors(tag)[0].tensor_proto.string_val


def test_starts_are_text(events):
    text = _text(events, "run/starts")[0].decode()
    assert json.loads(text.strip("`\n")) == [{"command": "train.py"}]


def test_empty_texts_are_left_out(events):
    assert "run/no" not in events.Tags()["tensors"]


def test_charts_have_what_belongs_together(events):
    layout = layout_pb2.Layout.FromString(_text(events, "custom_scalars__config__")[0])
    charts = {
        chart.title: list(chart.multiline.tag)
        for category in layout.category
        for chart in category.chart
    }
    assert charts["sliced Wasserstein distance"] == [
        "^distance/sliced_wasserstein$",
        "^distance/sliced_wasserstein_floor$",
    ]
    names = [f"loss/{name}" for name in ("critic", "score_gap", "D_gradient_norm")]
    names += ["distance_over_floor/8x16x16", "distance_over_floor/8x16x16_fading"]
    shown = {
        title: [name for name in names if any(re.match(tag, name) for tag in tags)]
        for title, tags in charts.items()
    }
    assert shown["losses"] == names[:2]
    assert shown["norms of gradients"] == names[2:3]
    assert shown["distance over its floor, by phase"] == names[3:]


def test_each_phase_has_a_distance_of_its_own(tmp_path):
    line = {"rung": "4x4x4", "fading": False, "sec_per_kimg": 2.0, "swd_floor": 20.0}
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=1):
        write_scalars(line | {"swd": 50.0}, {})
        write_scalars(line | {"swd": 30.0, "fading": True}, {})
        write_scalars(line, {"critic": 1.0})
    events = EventAccumulator(str(tmp_path)).Reload()
    values = {
        tag: [tf.make_ndarray(event.tensor_proto).item() for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
    }
    assert values["distance_over_floor/4x4x4"] == [2.5]
    assert values["distance_over_floor/4x4x4_fading"] == [1.5]
    assert values["speed/clips_per_sec"] == [500.0] * 3


def test_settings_are_hyperparameters_with_the_distance_as_their_metric(events):
    contents = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    session = metadata.parse_session_start_info_plugin_data(contents)
    assert session.group_name == "runs/tiny"
    settings = session.hparams
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
