import dataclasses
import itertools
import math

import pytest

from config import faces
from growth.ladder import make_ladder
from growth.phase import Schedule, list_phases, phase_at, phase_until
from support.errors import UserError

THESIS = make_ladder("thesis")
SCHEDULE = Schedule()

# Begin and end in kimg, rung, fading, lod at the beginning, minibatch, rates: the released code's.
PHASES = [
    (0, 600, "4x4x4", False, 6.0, 32, 1e-3),
    (600, 1200, "8x8x8", True, 6.0, 32, 1e-3),
    (1200, 1800, "8x8x8", False, 5.0, 32, 1e-3),
    (1800, 2400, "8x16x16", True, 5.0, 16, 1e-3),
    (2400, 3000, "8x16x16", False, 4.0, 16, 1e-3),
    (3000, 3600, "8x32x32", True, 4.0, 16, 1e-3),
    (3600, 4200, "8x32x32", False, 3.0, 16, 1e-3),
    (4200, 4800, "16x64x64", True, 3.0, 8, 1e-3),
    (4800, 5400, "16x64x64", False, 2.0, 8, 1e-3),
    (5400, 6000, "16x128x128", True, 2.0, 8, 1.5e-3),
    (6000, 6600, "16x128x128", False, 1.0, 8, 1.5e-3),
    (6600, 7200, "32x256x256", True, 1.0, 4, 1e-3),
    (7200, None, "32x256x256", False, 0.0, 4, 1e-3),
]


def test_phases_of_the_released_schedule():
    phases = list_phases(SCHEDULE, THESIS)
    assert [phase.index for phase in phases] == list(range(13))
    assert [
        (
            phase.begin // 1000,
            phase.end and phase.end // 1000,
            str(THESIS[phase.level]),
            phase.fading,
            phase.lod,
            phase.minibatch,
            phase.critic_rate,
        )
        for phase in phases
    ] == PHASES
    assert all(phase.generator_rate == phase.critic_rate for phase in phases)


@pytest.mark.parametrize(
    ("kimg", "level", "fading", "weight", "lod"),
    [
        (0, 0, False, 1.0, 6.0),
        (599.968, 0, False, 1.0, 6.0),
        (600, 1, True, 0.0, 6.0),
        (750, 1, True, 0.25, 5.75),
        (900, 1, True, 0.5, 5.5),
        (1200, 1, False, 1.0, 5.0),
        (2100, 2, True, 0.5, 4.5),
        (3300, 3, True, 0.5, 3.5),
        (4500, 4, True, 0.5, 2.5),
        (5700, 5, True, 0.5, 1.5),
        (6900, 6, True, 0.5, 0.5),
        (7200, 6, False, 1.0, 0.0),
        (12000, 6, False, 1.0, 0.0),
    ],
)
def test_phase_at(kimg, level, fading, weight, lod):
    phase = phase_at(round(kimg * 1000), SCHEDULE, THESIS)
    assert (phase.level, phase.fading, phase.weight, phase.lod) == (level, fading, weight, lod)
    assert phase.nimg == round(kimg * 1000)
    assert str(phase) == (f"fading {weight:.2f}" if fading else "stable")


def test_lod_falls_without_a_jump():
    schedule = Schedule({4: 0.8}, {4: 0.4}, minibatch={4: 16})
    lods = [phase_at(nimg, schedule, THESIS).lod for nimg in range(0, 8000, 10)]
    assert (lods[0], lods[-1]) == (6.0, 0.0)
    falls = [before - after for before, after in itertools.pairwise(lods)]
    assert min(falls) == 0.0
    assert max(falls) == pytest.approx(10 / 400)


def test_steps_left():
    assert phase_at(0, SCHEDULE, THESIS).steps_left() == 18750  # 600,000 / 32
    assert phase_at(600_000 - 33, SCHEDULE, THESIS).steps_left() == 2
    assert phase_at(600_000 - 1, SCHEDULE, THESIS).steps_left() == 1
    assert phase_at(7_200_000, SCHEDULE, THESIS).steps_left() == math.inf


def test_full_size_from_the_start():
    schedule = Schedule(growing=False)
    (phase,) = list_phases(schedule, THESIS)
    assert (phase.level, phase.fading, phase.lod, phase.minibatch) == (6, False, 0.0, 4)
    late = phase_at(9_000_000, schedule, THESIS)
    assert (late.index, late.level, late.weight, late.end) == (0, 6, 1.0, None)


def test_one_rung_never_fades():
    (phase,) = list_phases(SCHEDULE, make_ladder("thesis", resolution=4))
    assert (phase.fading, phase.lod, phase.end) == (False, 0.0, None)


def test_a_step_in_time_alone_keeps_minibatch_and_rates():
    phases = list_phases(SCHEDULE, make_ladder("4x8x8 8x8x8 8x16x16"))
    assert [phase.minibatch for phase in phases] == [32, 32, 32, 16, 16]


def test_table_entries_hold_up_to_the_next():
    schedule = Schedule(
        minibatch={4: 8, 32: 2}, generator_rate={16: 0.1, 64: 0.2}, critic_rate={4: 0.3}
    )
    stable = [phase for phase in list_phases(schedule, THESIS) if not phase.fading]
    assert [phase.minibatch for phase in stable] == [8, 8, 8, 2, 2, 2, 2]
    assert [phase.generator_rate for phase in stable] == [0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2]
    assert [phase.critic_rate for phase in stable] == [0.3] * 7


def test_rates_fall_to_a_tenth_at_the_end():
    schedule = dataclasses.replace(SCHEDULE, decay_kimg=1000)
    for kimg, share in ((0, 1.0), (8000, 1.0), (8500, 0.55), (9000, 0.1)):
        constant = phase_at(1000 * kimg, SCHEDULE, THESIS)
        phase = phase_at(1000 * kimg, schedule, THESIS, total_kimg=9000)
        for role in ("generator", "critic"):
            assert phase.rate(role) == pytest.approx(share * constant.rate(role))


def test_lengths_by_rung():
    schedule = Schedule({4: 0.064, 16: 0.128}, {4: 0.032, 32: 0.096, 64: 0.8}, minibatch={4: 16})
    phases = list_phases(schedule, make_ladder("thesis", resolution=64))
    lengths = [phase.end - phase.begin for phase in phases[:-1]]
    assert lengths == [64, 32, 64, 32, 128, 96, 128, 800]  # 4x4x4 stable, 8x8x8 fading, stable ...


def test_a_phase_lasts_two_minibatches():
    ladder = make_ladder("4x4x4 8x8x8")
    assert len(list_phases(Schedule({4: 0.064}, {4: 0.064}), ladder)) == 3
    with pytest.raises(
        UserError, match="`schedule.lod_training_kimg` .* of 32 at 4x4x4.* 63 clips"
    ):
        list_phases(Schedule({4: 0.063}, {4: 0.064}), ladder)
    with pytest.raises(UserError, match="`schedule.lod_transition_kimg` .* of 32 at 8x8x8.* 63"):
        list_phases(Schedule({4: 0.064}, {4: 0.063}), ladder)


TABLES = [
    f.name for f in dataclasses.fields(Schedule) if isinstance(getattr(SCHEDULE, f.name), dict)
]


def test_training_may_begin_at_a_higher_rung():
    ladder = make_ladder("4x4x4 4x8x8 8x8x8 8x16x16")
    phases = list_phases(Schedule(first_size=8), ladder)
    assert [(phase.level, phase.fading) for phase in phases] == [(2, False), (3, True), (3, False)]
    assert [phase.index for phase in phases] == [0, 1, 2]
    assert (phases[0].begin, phases[1].begin) == (0, 600_000)
    with pytest.raises(UserError, match="`schedule.first_size` should be a height .* Received: 32"):
        list_phases(Schedule(first_size=32), ladder)
    phases = list_phases(Schedule(first_size=8, first_frames=4), ladder)
    assert [phase.level for phase in phases] == [1, 2, 2, 3, 3]
    with pytest.raises(
        UserError, match="`schedule.first_frames` should be 0, .* height 8. Rec.* 2"
    ):
        list_phases(Schedule(first_size=8, first_frames=2), ladder)


def test_rungs_may_begin_in_full():
    phases = list_phases(Schedule({4: 1}, {4: 0, 32: 0.5}, minibatch={4: 8}), THESIS)
    kinds = [(phase.level, phase.fading) for phase in phases]
    assert kinds == [
        (0, False),
        (1, False),
        (2, False),
        *((i, f) for i in (3, 4, 5, 6) for f in (True, False)),
    ]
    assert [phase.begin for phase in phases[:5]] == [0, 1000, 2000, 3000, 3504]
    assert [phase.index for phase in phases] == list(range(len(phases)))


@pytest.mark.parametrize("name", TABLES)
def test_tables_hold_positive_values(name):
    may_be_zero = name == "lod_transition_kimg"
    least = "0 to" if may_be_zero else "(positive|above 0 and at)"
    expected = f"`schedule.{name}` should hold at least one value, each {least}"
    for table in ({}, {4: 1, 8: -1}, {4: -1 if may_be_zero else 0}):
        with pytest.raises(UserError, match=expected):
            Schedule(**{name: table})


def test_minibatch_begins_at_4():
    with pytest.raises(UserError, match="`schedule.minibatch` should begin at 4"):
        Schedule(minibatch={8: 32})


def test_a_border_belongs_to_the_phase_that_ended_there():
    config = faces()
    before = phase_until(600_000, config.schedule, config.ladder)
    assert (before.level, before.fading, before.lod) == (0, False, 6.0)
    faded = phase_until(1_200_000, config.schedule, config.ladder)
    assert (faded.level, faded.fading, faded.weight) == (1, True, 1.0)
    assert phase_until(0, config.schedule, config.ladder).index == 0


def test_phases_last_whole_minibatches():
    schedule = Schedule({4: 0.13}, {4: 0.016}, minibatch={4: 64, 8: 4})
    phases = list_phases(schedule, faces().ladder)
    assert [phase.begin for phase in phases[:4]] == [0, 192, 208, 340]  # 130 becomes 192, then 132.
