"""A preset cut at one of its rungs and stable there: what the benchmarks train.

    python benchmarks/rung.py --config=faces --resolution=32    # its settings, as Python's literals

The command is for a process that is to stay without TensorFlow, which `config` imports.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from config import PRESETS, Config, preset
from growth.phase import Phase, list_phases
from support.errors import UserError
from support.script import run_script


def config_at(
    name: str, resolution: int, minibatch: int | None = None, settings=(), alone: bool = True
) -> Config:
    """The preset of this name, to be measured at one of its rungs.

    Args:
        name: of a preset.
        resolution: height of one of its rungs; the frames are that rung's own.
        minibatch: of all rungs; the schedule's where it is None.
        settings: "section.key=value", as `Config.override` takes them.
        alone: as if the ladder ended at this rung, and without growing.

    Raises:
        UserError: no such preset or rung, or a minibatch below 1.
    """
    config = preset(name)
    frames = {rung.height: rung.frames for rung in config.ladder}
    if resolution not in frames:
        sizes = ", ".join(map(str, frames))
        raise UserError(f"--resolution should be one of {sizes}. Received: {resolution}")
    if minibatch is not None and minibatch < 1:
        raise UserError(f"--minibatch should be positive. Received: {minibatch}")
    if minibatch is not None:
        settings = [f"schedule.minibatch={minibatch}", *settings]
    if alone:
        growth = [f"growth.resolution={resolution}", f"growth.num_frames={frames[resolution]}"]
        settings = [*growth, "schedule.growing=false", *settings]
    return config.override(settings)


def stable_phases(config: Config) -> list[Phase]:
    """The phases in which nothing fades, one per rung."""
    return [phase for phase in list_phases(config.schedule, config.ladder) if not phase.fading]


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", default="faces", help=", ".join(PRESETS))
    parser.add_argument("--resolution", type=int, required=True, help="height of the rung")
    parser.add_argument("--minibatch", type=int, help="the schedule's by default")
    parser.add_argument("settings", nargs="*", help="section.key=value")
    return parser.parse_args(argv[1:])


def main(flags):
    config = config_at(flags.config, flags.resolution, flags.minibatch, flags.settings)
    print(config.as_dict())


if __name__ == "__main__":
    run_script(main, parse)
