"""The loop, with a trainer that only counts."""

import types

import pytest

from support.errors import UserError
from tests.training.toys import tiny_config
from training.loop import Watcher, train


class Counting:
    """Stands for a `Trainer`: steps from `bad` to `bad_until` clips are not finite."""

    def __init__(self, config, bad=10**9, bad_until=10**9, chief=True):
        self.config, self.nimg, self.bad, self.bad_until = config, 0, bad, bad_until
        self.skipped_in_a_row, self.fault, self.calls, self.broadcasts = 0, "NaN in toy", [], 0
        self.waits = 0
        self.workers = types.SimpleNamespace(is_chief=chief, wait=self._wait)

    def _wait(self):
        self.waits += 1

    def enter(self, phase):
        self.entered = phase.index

    def train(self, clips, phase, steps):
        assert phase.index == self.entered
        self.calls.append((phase.index, steps))
        self.nimg += steps * phase.minibatch
        bad = self.bad < self.nimg <= self.bad_until
        self.skipped_in_a_row = self.skipped_in_a_row + steps if bad else 0
        return {"toy": self.nimg}, 0 if bad else steps

    def broadcast_from_chief(self):
        self.broadcasts += 1
        self.skipped_in_a_row = 0


class Recording(Watcher):
    """Notes what is called."""

    def __init__(self, back_to=None):
        self.events, self.back_to = [], back_to

    def begin(self, trainer):
        self.events.append("begin")

    def before(self, trainer, phase):
        self.events.append("before")

    def after(self, trainer, call):
        self.events.append(("after", trainer.nimg, call.taken, call.ends_phase))

    def roll_back(self, trainer):
        self.events.append("roll_back")
        if self.back_to is not None:
            trainer.nimg, trainer.skipped_in_a_row = self.back_to, 0
            trainer.bad = 10**9

    def end(self, trainer, interrupt):
        self.events.append(("end", interrupt))


class Interrupted:
    """Stands for an `Interrupt` after a number of calls."""

    exit_status = 143

    def __init__(self, calls):
        self.left = calls

    def agree(self, workers):
        self.left -= 1
        return bool(self)

    def __bool__(self):
        return self.left < 0


def test_calls_end_with_phases_and_with_training():
    config = tiny_config("train.steps_per_call=3", "train.total_kimg=0.05")
    trainer, watcher = Counting(config), Recording()
    assert train(trainer, None, [watcher]) == 0
    # 8 steps of 4 clips in the first phase, and 5 of the second one.
    assert trainer.calls == [(0, 3), (0, 3), (0, 2), (1, 3), (1, 2)]
    assert trainer.nimg == 52
    assert watcher.events[0] == "begin"
    assert watcher.events[1:5:2] == ["before", "before"]
    assert [event[3] for event in watcher.events[2:-1:2]] == [False, False, True, False, False]
    assert watcher.events[-1] == ("end", None)
    assert trainer.waits == 1


def test_it_may_end_earlier_and_be_called_again():
    trainer = Counting(tiny_config())
    train(trainer, None, until=12)
    assert trainer.nimg == 12
    train(trainer, None, until=20)
    assert trainer.calls == [(0, 3), (0, 2)]


def test_a_watcher_may_change_the_phases_to_come():
    config = tiny_config("train.steps_per_call=8", "train.total_kimg=0.2")

    class Shortening(Watcher):
        def after(self, trainer, call):
            settings = ["schedule.lod_transition_kimg=0.008", "train.total_kimg=0.044"]
            trainer.config = config.override(settings)

    trainer = Counting(config)
    train(trainer, None, [Shortening()])
    assert trainer.calls == [(0, 8), (1, 2), (2, 1)]


def test_an_interrupt_ends_it_with_the_status_of_the_signal():
    trainer, watcher, interrupt = Counting(tiny_config()), Recording(), Interrupted(2)
    assert train(trainer, None, [watcher], interrupt) == 143
    assert len(trainer.calls) == 2
    assert watcher.events[-1] == ("end", interrupt)


def test_steps_that_stay_infinite_are_rolled_back():
    config = tiny_config("train.skips_before_rollback=4", "train.total_kimg=0.064")
    trainer, watcher = Counting(config, bad=16), Recording(back_to=8)
    train(trainer, None, [watcher])
    place = watcher.events.index("roll_back")
    assert watcher.events[place - 1] == "before"  # Not "after".
    assert watcher.events[place + 1] == "begin"
    assert trainer.broadcasts == 1
    assert trainer.nimg == 64


def test_without_a_watcher_that_rolls_back_it_diverges():
    config = tiny_config("train.skips_before_rollback=4")
    with pytest.raises(UserError, match="Training diverged: NaN in toy. Try lower learning rates"):
        train(Counting(config, bad=16), None, [Recording()])


def test_other_workers_follow_the_chief():
    config = tiny_config("train.skips_before_rollback=4", "train.total_kimg=0.064")
    trainer = Counting(config, bad=16, bad_until=32, chief=False)
    assert train(trainer, None) == 0
    assert trainer.broadcasts == 1
