"""The benchmark of waiting for clips, at its smallest."""

import json
import time

import pytest
import tensorflow as tf

from benchmarks import pipeline
from benchmarks.train_step import Constant, stable_phase
from config import preset
from dataset.batch import Batch
from tests.train_command import make_data
from training.trainer import Trainer

SETTINGS = [
    "growth.ladder=4x4x4 4x8x8",
    "growth.resolution=8",
    "growth.num_frames=4",
    "growth.feature_maps_max=4",
    "schedule.minibatch=4",
]


def test_a_row_a_rung(tmp_path, capsys):
    flags = ["--config=demo", f"--data={make_data(tmp_path / 'data')}", "--steps=2", "--json"]
    pipeline.main(pipeline.parse(["", *flags, "--set", *SETTINGS]))
    told = json.loads(capsys.readouterr().out)
    assert [row["rung"] for row in told["results"]] == ["4x4x4", "4x8x8"]
    for row in told["results"]:
        assert row["step_clips_per_second"] == pytest.approx(4 / row["seconds_per_step"])
        assert row["waiting_share"] < 1
        assert row["stream_clips_per_second"] > 0


class Slow(Constant):
    """Gives a batch after half a second."""

    def dataset(self, *args, **kwargs):
        def late(clips):
            time.sleep(0.5)
            return clips

        data = super().dataset(*args, **kwargs)

        def slow(batch):
            clips = tf.numpy_function(late, [batch.clips], batch.clips.dtype)
            return Batch(tf.ensure_shape(clips, batch.clips.shape), batch.labels)

        return data.map(slow)


def test_a_slow_stream_is_waited_for():
    config = preset("demo").override(SETTINGS)
    trainer = Trainer(config, tf.distribute.MirroredStrategy(["CPU:0"]))
    row = pipeline.measure(trainer, Slow(config.ladder), stable_phase(config, 4), steps=2)
    assert 0.4 < row["waiting_seconds"] < row["seconds_per_step"]
