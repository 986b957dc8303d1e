"""The time left, on a clock of one's own."""

import math

import pytest

from config import demo
from growth.cost import clip_cost, graph_size
from growth.phase import list_phases, phase_at
from training.forecast import Forecast, Measured

CONFIG = demo().override(
    [
        "schedule.lod_training_kimg={4: 3}",
        "schedule.lod_transition_kimg={4: 3}",
        "train.total_kimg=27",
        "train.tick_kimg=1",
        "train.distance_ticks=3",
    ]
)
SLOW = 1.7  # times as slow as the machine of growth/cost.py
REPORT, DISTANCE = 1.5, {0: 10.0, 1: 11.0, 2: 11.0, 3: 14.0}  # seconds, by level
SET_UP = 12.0  # seconds that the first distance takes besides


def _simulate(forecast, config, until=math.inf):
    """Trains on a machine whose work takes known times; yields (nimg, seconds) at each tick."""
    train, seconds, nimg, ticks, traced = config.train, 0.0, 0, 0, set()
    while nimg < min(until, train.total_kimg * 1000):
        phase = phase_at(nimg, config.schedule, config.ladder)
        steps = min(train.steps_per_call, phase.steps_left())
        clips = steps * phase.minibatch
        call = SLOW * clips * clip_cost(phase, config.ladder) * (1.25 if phase.level else 1)
        call += 0 if phase.index in traced else 4 * graph_size(phase)
        traced.add(phase.index)
        seconds, nimg = seconds + call, nimg + clips
        forecast.note_call(phase, steps, call)
        if nimg // 1000 > (nimg - clips) // 1000:
            ticks += 1
            if ticks % train.distance_ticks == 0:
                distance = DISTANCE[phase.level] + (ticks == train.distance_ticks) * SET_UP
                seconds += distance
                forecast.note_distance(phase, distance)
            yield nimg, seconds
            forecast.begin_tick()
            seconds += REPORT
            forecast.note_report(REPORT)


def test_from_the_second_tick_on_it_is_near_the_truth():
    config = CONFIG
    forecast = Forecast(config)
    stated = [(s, forecast.seconds_left(n)) for n, s in _simulate(forecast, config)]
    end = stated[-1][0]
    shares = [left / (end - seconds) for seconds, left in stated[1:-2]]
    assert min(shares) > 0.7
    assert max(shares) < 1.3
    assert shares[-1] == pytest.approx(1, abs=0.15)


def test_the_rate_leaves_out_what_traces_and_reports_take():
    config = CONFIG
    forecast = Forecast(config)
    (_, first), (_, second) = _simulate(forecast, config, until=2000)
    phase = list_phases(config.schedule, config.ladder)[0]
    assert forecast.clip_seconds(phase) == pytest.approx(SLOW * clip_cost(phase, config.ladder))
    assert forecast.seconds_left(27000) == 0


def test_a_resumed_run_knows_the_rates_of_its_history():
    config = CONFIG
    forecast, phases = Forecast(config), list_phases(config.schedule, config.ladder)
    forecast.resume([{"nimg": 2000, "sec_per_kimg": 9.0}, {"nimg": 4000, "sec_per_kimg": 20.0}])
    assert forecast.clip_seconds(phases[0]) == 9e-3
    assert forecast.clip_seconds(phases[1]) == 20e-3
    ratio = clip_cost(phases[2], config.ladder) / clip_cost(phases[1], config.ladder)
    assert forecast.clip_seconds(phases[2]) == pytest.approx(ratio * 20e-3)


def test_rates_that_were_measured_before_a_run_rise_where_it_is_slower():
    config = CONFIG
    phases = list_phases(config.schedule, config.ladder)
    forecast = Forecast(config, Measured({2: 5e-3, 6: 50e-3}, tracing=3.0))
    assert forecast.clip_seconds(phases[6]) == 50e-3
    near = clip_cost(phases[5], config.ladder) / clip_cost(phases[6], config.ladder)
    assert forecast.clip_seconds(phases[5]) == pytest.approx(50e-3 * near)
    assert forecast.is_measured(phases[2])
    assert not forecast.is_measured(phases[5])
    twice = 2 * forecast.clip_seconds(phases[0])
    forecast.resume([{"nimg": 2000, "sec_per_kimg": 1000 * twice}])
    assert forecast.clip_seconds(phases[6]) == pytest.approx(100e-3)
    forecast.resume([{"nimg": 2000, "sec_per_kimg": 1000 * twice / 4}])
    assert forecast.clip_seconds(phases[6]) == pytest.approx(50e-3)  # Not faster than measured.
