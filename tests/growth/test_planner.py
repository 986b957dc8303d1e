"""Plans for a time budget, on machines whose costs are known."""

import dataclasses
import itertools

import pytest

from growth.cost import clip_cost
from growth.ladder import make_ladder
from growth.phase import Schedule, list_phases, phase_at
from growth.planner import (
    RULE,
    Plan,
    averaging,
    choices,
    falling,
    make_plan,
    replan,
    share_clips,
)

RATES = {4: 4e-3, 64: 2e-3}
SCHEDULE = Schedule(minibatch={4: 8}, generator_rate=RATES, critic_rate=RATES)
ACTIONS = make_ladder("thesis", 64, 16, 512, 64)
DEMO = make_ladder("thesis", 32, 8, 256, 32)
TRACING, REPORT = 6.0, 2.0  # seconds: per phase, and per kimg


class Machine:
    """Costs of a machine, `speed` times as fast as that of growth/cost.py."""

    def __init__(self, ladder, speed=1.0):
        self.ladder, self.speed = ladder, speed

    def clip_seconds(self, phase):
        return clip_cost(phase, self.ladder) / self.speed

    def seconds_left(self, plan, nimg):
        total, seconds = 1000 * plan.total_kimg, 0.0
        for phase in list_phases(plan.schedule, self.ladder):
            begin, end = max(phase.begin, nimg), min(phase.end or total, total)
            if end > begin:
                seconds += (end - begin) * (self.clip_seconds(phase) + REPORT / 1000)
                seconds += TRACING * (phase.begin >= nimg)
        return seconds


def lengths(plan, ladder):
    """{(rung, fading): kimg}."""
    ends = [phase.begin / 1000 for phase in list_phases(plan.schedule, ladder)]
    ends = [*ends, plan.total_kimg]
    phases = list_phases(plan.schedule, ladder)
    return {
        (str(ladder[phase.level]), phase.fading): end - begin
        for phase, (begin, end) in zip(phases, itertools.pairwise(ends), strict=True)
    }


@pytest.mark.parametrize("ladder", [ACTIONS, DEMO, make_ladder("4x4x4 4x8x8 8x8x8 8x16x16")])
@pytest.mark.parametrize("hours", [0.3, 3.0, 100.0])
def test_the_budget_is_used(ladder, hours):
    machine = Machine(ladder)
    plan = make_plan(SCHEDULE, ladder, machine, 3600 * hours)
    assert machine.seconds_left(plan, 0) == pytest.approx(3600 * hours, rel=0.01)
    assert plan.schedule.minibatch == SCHEDULE.minibatch


def test_the_time_is_shared_by_the_rule():
    plan = make_plan(SCHEDULE, ACTIONS, Machine(ACTIONS), 3000)
    kimg = lengths(plan, ACTIONS)
    stable = [value for (_, fading), value in kimg.items() if not fading]
    fades = [value for (_, fading), value in kimg.items() if fading]
    # As with lengths that were picked by hand: 29 kimg, 4 at each rung and 2 for each fade.
    assert plan.total_kimg == pytest.approx(29, rel=0.2)
    assert stable == pytest.approx([stable[0]] * 5, rel=0.02)
    assert fades == pytest.approx([stable[0] / 2] * 4, rel=0.02)
    assert averaging(plan, ACTIONS) == pytest.approx(0.99, abs=0.003)


def test_the_last_two_rungs_have_half_of_the_time():
    flat = make_ladder("4x4x4 8x4x4 8x8x8 8x16x16 8x32x32", None, None, 64, 512)
    machine = Machine(flat)
    machine.clip_seconds = lambda phase: 0.01
    plan = make_plan(SCHEDULE, flat, machine, 20_000)
    kimg = list(lengths(plan, flat).values())
    assert sum(kimg[-4:]) == pytest.approx(sum(kimg) / 2, rel=0.02)


def test_a_budget_may_be_too_short_for_the_last_rung():
    shortest = RULE.min_steps * 8 / 1000
    machine = Machine(ACTIONS)
    assert make_plan(SCHEDULE, ACTIONS, machine, 300) is None
    small = make_ladder("thesis", 16, 8, 512, 64)
    plan = make_plan(SCHEDULE, small, Machine(small), 300)
    assert min(plan.schedule.lod_training_kimg.values()) >= shortest


def simulate(plan, ladder, speed, budget, believed):
    """Trains a plan on a machine of another speed; returns the seconds, and the final plan.

    As in a run, the plan is made anew at each border of phases, and at times in the last one.
    """
    truth, costs, nimg, seconds, first = Machine(ladder, speed), believed, 0, 0.0, plan
    planned = 0.0
    while nimg < 1000 * plan.total_kimg:
        phase = phase_at(nimg, plan.schedule, ladder)
        clips = min(160, (phase.end or nimg + 160) - nimg)
        seconds += TRACING * (nimg == phase.begin)
        seconds += clips * (truth.clip_seconds(phase) + REPORT / 1000)
        nimg += clips
        if (phase.end is None and seconds > planned + budget / 50) or nimg == phase.end:
            costs, planned, before = truth, seconds, plan  # The speed was seen by now.
            plan = replan(plan, ladder, costs, budget - seconds, nimg)
            past = [p for p in list_phases(before.schedule, ladder) if p.begin < nimg]
            assert list_phases(plan.schedule, ladder)[: len(past)] == past
    assert list(first.schedule.lod_training_kimg) == list(plan.schedule.lod_training_kimg)
    return seconds, plan


@pytest.mark.parametrize("ladder", [ACTIONS, make_ladder("4x4x4 4x8x8 8x8x8 8x16x16")])
@pytest.mark.parametrize("speed", [0.5, 0.8, 1.0, 2.0])
def test_slower_and_faster_machines_keep_the_budget(ladder, speed):
    budget, believed = 2000, Machine(ladder)
    plan = make_plan(SCHEDULE, ladder, believed, budget)
    seconds, final = simulate(plan, ladder, speed, budget, believed)
    assert seconds == pytest.approx(budget, rel=0.1)
    assert (final.total_kimg > plan.total_kimg) == (speed > 1) or speed == 1.0


def test_costs_that_stay_wrong_keep_the_budget_too():
    class Stubborn(Machine):
        """Sees the time that has passed, and nothing else."""

    plan, seconds, nimg = make_plan(SCHEDULE, DEMO, Stubborn(DEMO), 1000), 0.0, 0
    truth = Machine(DEMO, 0.7)
    while nimg < 1000 * plan.total_kimg:
        phase = phase_at(nimg, plan.schedule, DEMO)
        clips = min(80, (phase.end or nimg + 80) - nimg)
        seconds += clips * (truth.clip_seconds(phase) + REPORT / 1000)
        seconds += TRACING * (nimg == phase.begin)
        nimg += clips
        if nimg == phase.end or (phase.end is None and nimg % 400 == 0):
            plan = replan(plan, DEMO, Stubborn(DEMO), 1000 - seconds, nimg)
    assert seconds == pytest.approx(1000, rel=0.1)


def test_where_the_time_is_over_phases_are_as_short_as_they_can_be():
    plan = make_plan(SCHEDULE, DEMO, Machine(DEMO), 3000)
    second = list_phases(plan.schedule, DEMO)[1].begin
    short = replan(plan, DEMO, Machine(DEMO), -5, second)
    phases = list_phases(short.schedule, DEMO)
    assert phases[1].begin == second
    assert [p.end - p.begin for p in phases[1:-1]] == [16] * 5
    assert 1000 * short.total_kimg - phases[-1].begin == 8
    last = phases[-1].begin + 4
    assert replan(short, DEMO, Machine(DEMO), -5, last).total_kimg == short.total_kimg


def test_without_growing_only_the_end_is_planned():
    schedule = dataclasses.replace(SCHEDULE, growing=False)
    machine = Machine(DEMO)
    plan = make_plan(schedule, DEMO, machine, 1000)
    assert machine.seconds_left(plan, 0) == pytest.approx(1000, rel=0.01)
    later = replan(plan, DEMO, machine, 2000, 80)
    assert machine.seconds_left(later, 80) == pytest.approx(2000, rel=0.01)


def test_a_schedule_without_fades_stays_without():
    schedule, machine = dataclasses.replace(SCHEDULE, lod_transition_kimg={4: 0}), Machine(ACTIONS)
    plan = make_plan(schedule, ACTIONS, machine, 3000)
    kimg = lengths(plan, ACTIONS)
    assert [fading for _, fading in kimg] == [False] * 5
    assert list(kimg.values()) == pytest.approx([plan.total_kimg / 5] * 5, rel=0.02)
    third = list_phases(plan.schedule, ACTIONS)[2].begin
    later = replan(plan, ACTIONS, machine, 3000, third)
    assert machine.seconds_left(later, third) == pytest.approx(3000, rel=0.01)
    assert not any(phase.fading for phase in list_phases(later.schedule, ACTIONS))


def test_rates_fall_in_the_last_phase():
    plan = make_plan(SCHEDULE, ACTIONS, Machine(ACTIONS), 3000)
    last = lengths(plan, ACTIONS)["16x64x64", False]
    assert falling(plan, ACTIONS) == pytest.approx(RULE.falling * last, rel=0.01)
    assert falling(Plan(Schedule(), 12000.0), make_ladder("thesis")) == 0


def test_small_budgets_take_small_networks_and_high_rates():
    (longest, released), *others = choices()
    assert released == {}
    assert [values["growth.feature_maps_max"] for _, values in others] == [64, 32, 16]
    assert all(kimg < longest for kimg, _ in others)
    assert all(values["network.rgb"] == "all" for _, values in others)
    assert all(values["schedule.generator_rate"] == RATES for _, values in others)
    assert averaging(Plan(Schedule(), 12000.0), make_ladder("thesis")) == 0.999


def test_rungs_may_share_clips_in_place_of_time():
    kimg = 2 * (5 + 4 * RULE.fade)
    shares = lengths(Plan(share_clips(SCHEDULE, ACTIONS, kimg), kimg), ACTIONS)
    for (_, fading), value in shares.items():
        assert value == pytest.approx(2 * RULE.fade if fading else 2, abs=0.1)
