"""Keeps a run to its time budget: plans the rest anew when training is behind or ahead."""

import functools

from growth.planner import replan
from run_folder.folder import RunFolder
from support.clock import CLOCKS
from training.forecast import Forecast
from training.interrupt import Interrupt
from training.loop import Call, Watcher
from training.planning import RunCosts, plan_of, with_plan
from training.trainer import Trainer

_STORE_SECONDS = 30.0  # between two updates of the time that was used
_REPLAN = 0.02  # of the budget: how often the last phase is planned anew


class Budget(Watcher):
    """Changes the lengths of phases that have not begun, at each border; and the end of the last.

    The time that a run used is stored with its plan, so that a resumed run counts it.

    Args:
        run: the folder, whose config.json has the plan.
        forecast: of the run, kept up to date by the monitor.
        plan: as `training.planning.plan_run` returned it.
        begin: what the plan's clock showed when this process began.
    """

    def __init__(self, run: RunFolder, forecast: Forecast, plan: dict, begin: float):
        self.run, self.forecast, self.plan = run, forecast, plan
        self._clock = CLOCKS[plan.get("clock", "wall")]
        self._begin = begin - plan["used_seconds"]
        self._planned = self._stored = self._clock()

    def begin(self, trainer: Trainer):
        """Plans the rest of a run that resumes, unless it is finished and its time is over."""
        seconds = 3600 * self.plan["hours"]
        left = seconds - (self._clock() - self._begin)
        if trainer.nimg and (_is_running(trainer) or left > _REPLAN * seconds):
            self._replan(trainer, left, is_border=True)

    def after(self, trainer: Trainer, call: Call):
        """Plans anew at the end of a phase, and at times in the last one."""
        seconds, now = 3600 * self.plan["hours"], self._clock()
        due = call.phase.end is None and now - self._planned > _REPLAN * seconds
        if _is_running(trainer) and (call.ends_phase or due):
            self._replan(trainer, seconds - (now - self._begin), call.ends_phase)
        elif now - self._stored > _STORE_SECONDS:
            self._store(trainer)

    def end(self, trainer: Trainer, interrupt: Interrupt | None):
        """Stores the time that was used."""
        self._store(trainer)
        used = self.plan["used_seconds"] / 3600
        self.run.log(f"Used {used:.3g} of {self.plan['hours']:g} hours.")

    def _replan(self, trainer, left, is_border):
        config, self._planned = trainer.config, self._clock()
        before = config.train.total_kimg
        costs = RunCosts(self.forecast, functools.partial(with_plan, config))
        plan = replan(plan_of(config), config.ladder, costs, left, trainer.nimg)
        trainer.config = with_plan(config, plan)
        self.forecast.follow(trainer.config)
        self._store(trainer)
        if is_border:
            self.run.log(
                f"{left / 3600:.3g} hours are left: training ends at kimg {plan.total_kimg:g} "
                f"({before:g} was planned)."
            )

    def _store(self, trainer):
        self._stored = self._clock()
        self.plan = self.plan | {"used_seconds": round(self._stored - self._begin, 1)}
        self.run.store_plan(trainer.config, self.plan)


def _is_running(trainer):
    return trainer.nimg < 1000 * trainer.config.train.total_kimg
