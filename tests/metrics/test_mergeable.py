"""What all metrics have in common: batches, replicas and workers change no result."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from metrics.frechet_distance import FrechetDistance
from metrics.inception_score import InceptionScore
from metrics.kernel_distance import KernelDistance
from metrics.moments import StreamingMoments
from support.errors import UserError

NUM, SIZE = 24, 5
RANDOM = np.random.default_rng(0)
VALUES = RANDOM.standard_normal((NUM, SIZE)) @ RANDOM.standard_normal((SIZE, SIZE)) + 3
OTHERS = 1.5 * RANDOM.standard_normal((NUM, SIZE)) + 2
PROBABILITIES = np.exp(OTHERS) / np.exp(OTHERS).sum(1, keepdims=True)

# How each metric is made, and what it is given of each clip.
METRICS = {
    "moments": (lambda: StreamingMoments(SIZE), (VALUES,)),
    "frechet": (lambda: FrechetDistance(SIZE), (VALUES, OTHERS)),
    "inception": (lambda: InceptionScore(SIZE, NUM, 3), (PROBABILITIES, np.arange(NUM))),
    "kernel": (lambda: KernelDistance(SIZE, NUM), (VALUES, OTHERS)),
}


@pytest.fixture(params=METRICS)
def case(request):
    make, inputs = METRICS[request.param]
    metric = make()
    metric.update_state(*inputs)
    return make, inputs, numbers(metric)


@pytest.fixture(scope="module")
def strategy():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def numbers(metric):
    result = [np.ravel(part) for part in keras.tree.flatten(metric.result())]
    return np.concatenate(result).astype(np.float64)


def part(inputs, begin, end):
    return [values[begin:end] for values in inputs]


def assert_close(metric, expected):
    np.testing.assert_allclose(numbers(metric), expected, rtol=1e-6, atol=1e-9)


def run_on_replicas(strategy, metric, inputs, borders):
    """Gives replica r of each step the clips from `borders[step][r]` to `borders[step][r + 1]`."""
    step = tf.function(lambda values: strategy.run(metric.update_state, args=values))
    for cuts in borders:
        shares = [part(inputs, *ends) for ends in itertools.pairwise(cuts)]
        step([per_replica(strategy, values) for values in zip(*shares, strict=True)])


def per_replica(strategy, values):
    values = [tf.constant(value) for value in values]
    return strategy.experimental_distribute_values_from_function(
        lambda context: values[context.replica_id_in_sync_group]
    )


def test_results_are_not_trivial(case):
    assert np.ptp(case[2]) > 0 or case[2][0] > 0.1


def test_batches_do_not_matter(case):
    make, inputs, expected = case
    metric = make()
    for begin, end in ((0, 0), (0, 1), (1, 1), (1, 10), (10, NUM)):  # Two of them are empty.
        metric.update_state(*part(inputs, begin, end))
    assert_close(metric, expected)


def test_inside_a_function_with_batches_of_any_size(case):
    make, inputs, expected = case
    metric = make()
    shapes = [tf.TensorSpec((None, *x.shape[1:]), x.dtype) for x in inputs]
    update = tf.function(metric.update_state, input_signature=shapes)
    for begin, end in ((0, 7), (7, 7), (7, NUM)):
        update(*part(inputs, begin, end))
    assert_close(metric, expected)


def test_reset_forgets(case):
    make, inputs, expected = case
    metric = make()
    metric.update_state(*(x[::-1] * 7 for x in inputs))
    metric.reset_state()
    metric.update_state(*inputs)
    assert_close(metric, expected)


def test_merged_metrics_equal_one(case):
    make, inputs, expected = case
    metrics = [make() for _ in range(4)]  # One of them has seen nothing.
    for metric, begin, end in zip(metrics[1:], (0, 2, 15), (2, 15, NUM), strict=True):
        metric.update_state(*part(inputs, begin, end))
    before = [[v.numpy() for v in metric.variables] for metric in metrics[1:]]
    metrics[0].merge_state(metrics[1:])
    assert_close(metrics[0], expected)
    for metric, values in zip(metrics[1:], before, strict=True):
        for variable, value in zip(metric.variables, values, strict=True):
            np.testing.assert_array_equal(variable, value)


def test_a_metric_goes_on_after_a_merge(case):
    make, inputs, expected = case
    first, second = make(), make()
    first.update_state(*part(inputs, 0, 8))
    second.update_state(*part(inputs, 8, 16))
    first.merge_state([second])
    first.update_state(*part(inputs, 16, NUM))
    assert_close(first, expected)


def test_replicas_are_merged(case, strategy):
    make, inputs, expected = case
    with strategy.scope():
        metric = make()
    for _ in range(2):
        run_on_replicas(strategy, metric, inputs, [(0, 3, 9), (9, 19, NUM)])
        assert_close(metric, expected)
        with strategy.scope():
            assert_close(metric, expected)
        metric.reset_state()
    run_on_replicas(strategy, metric, inputs, [(0, 4, 8)])
    other = make()
    other.update_state(*part(inputs, 8, NUM))
    metric.merge_state([other])
    assert_close(metric, expected)
    outside = make()
    outside.merge_state([metric])
    assert_close(outside, expected)


def test_a_state_that_does_not_add_up_cannot_be_read_as_a_sum(strategy):
    with strategy.scope():
        metric = StreamingMoments(SIZE)
    with pytest.raises(ValueError, match="NONE"):
        metric.mean.numpy()


@pytest.mark.parametrize("name", ["frechet", "kernel"])
def test_sets_of_different_sizes(name):
    make, inputs = METRICS[name]
    few, whole = make(), make()
    few.reals.update_state(inputs[0])
    few.fakes.update_state(inputs[1][:10])
    whole.update_state(inputs[0], inputs[1][:10])
    np.testing.assert_array_equal(numbers(few), numbers(whole))


@pytest.mark.parametrize("name", METRICS)
def test_other_widths_are_refused(name):
    make, inputs = METRICS[name]
    with pytest.raises(ValueError, match=r"shape \[N, 5\]"):
        make().update_state(*(x[..., :4] for x in inputs))


@pytest.mark.parametrize("name", ["frechet", "kernel"])
def test_sets_that_have_no_distance(name):
    make, inputs = METRICS[name]
    with pytest.raises(UserError, match="reals should hold at least 2 clips. Received: 0"):
        make().result()
    metric = make()
    metric.update_state(inputs[0], inputs[1][:1])
    with pytest.raises(UserError, match="fakes should hold at least 2 clips. Received: 1"):
        metric.result()
    for wrong in (np.nan, np.inf):
        metric, fakes = make(), inputs[1].copy()
        fakes[3, 2] = wrong
        tf.function(metric.update_state)(inputs[0], fakes)
        with pytest.raises(UserError, match="fakes should hold finite values"):
            metric.result()
