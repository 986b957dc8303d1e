"""The plan of a study in words: its steps, what is done, and the CPU time of the rest."""

import shlex

from study.drive import is_done
from study.steps import Study
from support.progress import format_seconds


def describe_plan(study: Study, commands: bool = False) -> str:
    """A line per step that is not done, or per group of them, and the sum of their times.

    Args:
        study: to describe.
        commands: whether to list the command of each step too.
    """
    steps = list(study.steps())
    left = [step for step in steps if not is_done(study, step)]
    groups: dict[str, list] = {}
    for step in left:
        run = step.run
        name = f"{run.data.title}, {run.budget}: {run.system.title}" if run else step.name
        groups.setdefault(name, []).append(step)
    lines = [f"{study.folder}: {len(steps) - len(left)} of {len(steps)} steps are done."]
    width = max(map(len, groups), default=0)
    for name, parts in groups.items():
        runs = sum(step.trains for step in parts)
        count = f"{runs} run{'s' * (runs > 1)}" if runs else ""
        seconds = format_seconds(sum(step.seconds for step in parts))
        lines.append(f"  {name:<{width}}  {count:<8}  about {seconds}")
    total = format_seconds(sum(step.seconds for step in left))
    lines.append(f"About {total} of CPU time in all; on several cores it takes less time.")
    if commands:
        lines += ["", *(f"python {shlex.join(step.command)}" for step in left)]
    return "\n".join(lines)
