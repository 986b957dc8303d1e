"""The benchmark of a training step, at its smallest."""

import json

import pytest
import tensorflow as tf

from benchmarks import train_step
from benchmarks.convolutions import Convolution, bare_speed, count_convolutions
from benchmarks.rung import config_at
from growth.phase import list_phases
from support.errors import UserError


def test_prints_one_line_of_json(capsys):
    settings = ["growth.feature_maps_max=4", "network.latent_size=8"]
    arguments = ["--config=demo", "--resolution=8", "--minibatch=4", "--steps=2", "--json"]
    train_step.main(train_step.parse(["", *arguments, "--set", *settings]))
    line = json.loads(capsys.readouterr().out)
    seconds = line["seconds_per_step"]
    assert line["rung"] == "8x8x8"
    assert 0 < seconds["min"] <= seconds["median"] <= seconds["max"]
    assert line["clips_per_second"] == pytest.approx(4 / seconds["median"])
    assert line["gflop_per_second"] == pytest.approx(line["gflop_per_step"] / seconds["median"])


def test_a_minibatch_is_that_of_all_rungs():
    config = config_at("faces", 16, minibatch=8, alone=False)  # Replicas may not divide others.
    assert {phase.minibatch for phase in list_phases(config.schedule, config.ladder)} == {8}


def test_an_unknown_resolution_is_refused():
    with pytest.raises(UserError, match="--resolution should be one of 4, 8, 16, 32. Received: 5"):
        train_step.main(train_step.parse(["", "--config=demo", "--resolution=5"]))


def test_counts_the_operations_of_convolutions_and_their_gradients():
    @tf.function
    def step(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = tf.nn.conv3d(x, kernel, [1, 2, 2, 2, 1], "SAME")
        return tape.gradient(y, [x, kernel])

    function = step.get_concrete_function(tf.ones([2, 4, 4, 4, 3]), tf.ones([3, 3, 3, 3, 5]))
    found = count_convolutions(function)
    flop = 2 * (2 * 2 * 2 * 2 * 5) * (3 * 3 * 3 * 3)  # Two for each output and tap.
    assert {conv.flop for conv in found} == {flop}
    assert sorted(conv.kind for conv in found) == [
        "Conv3DBackpropFilterV2",
        "Conv3DBackpropInputV2",
    ]
    gflop, speed = bare_speed(found)
    assert gflop == pytest.approx(sum(found.values()) * flop / 1e9)
    assert speed > 0


def test_a_gradient_that_nothing_depends_on_is_not_counted():
    @tf.function
    def slopes(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.conv3d(x, kernel, [1, 1, 1, 1, 1], "SAME")
        return tape.gradient(y, x)

    function = slopes.get_concrete_function(tf.ones([2, 4, 4, 4, 3]), tf.ones([3, 3, 3, 3, 5]))
    assert "Conv3DBackpropFilterV2" in {op.type for op in function.graph.get_operations()}
    assert [conv.kind for conv in count_convolutions(function)] == ["Conv3DBackpropInputV2"]


def test_a_convolution_runs_bare():
    conv = Convolution(
        "Conv3D", (1, 4, 4, 4, 2), (3, 3, 3, 2, 3), (1, 4, 4, 4, 3), (1,) * 5, "float32"
    )
    assert conv.seconds(repeats=1) > 0
