"""Which generator a command uses: a snapshot of a run, or a model that was passed on."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.parser import Number, Parser, one_of
from config import PRESETS
from run_folder.reading import read_config
from support.addresses import is_remote
from support.errors import UserError
from support.settings import Bounds
from support.startup import import_tensorflow

if TYPE_CHECKING:
    from growth.ladder import Rung
    from sampling.snapshot import Snapshot


class _SnapshotNumber(Number):
    """The type of --snapshot: a whole number, or "best"."""

    def __call__(self, text):
        return text if text == "best" else super().__call__(text)

    def __str__(self):
        return f"{super().__str__()}, or best"


def add_run(parser: Parser):
    """Adds the flags --run and --config."""
    _add_config(parser)
    parser.add_argument("--run", type=Path, help="run folder (default: runs/<config>)")


def add_snapshot(parser: Parser):
    """Adds the flags --run, --config, --model and --snapshot."""
    _add_config(parser)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--run", type=Path, help="run folder (default: runs/<config>)")
    choice.add_argument(
        "--model",
        type=Path,
        help="weights of a generator, next to their card; or their address, https:// or hf://",
    )
    parser.add_argument(
        "--snapshot",
        type=_SnapshotNumber(int, Bounds(minimum=0)),
        help="nimg, or best: the smallest distance at its last rung (default: the newest)",
    )


def _add_config(parser):
    kind = one_of(PRESETS)
    parser.add_argument("--config", default="faces", type=kind, help="preset that names the run")


def choose_run(args: argparse.Namespace) -> Path:
    """The folder of the run, or that of the model; the current one for a model at an address."""
    model = getattr(args, "model", None)
    if model:
        return Path() if is_remote(model) else model.parent
    return args.run or Path(f"runs/{args.config}")


def open_snapshot(args: argparse.Namespace) -> "Snapshot":
    """Imports TensorFlow, and loads the generator.

    Raises:
        UserError: no such run, snapshot or model, or one that is damaged.
    """
    if args.model and args.snapshot is not None:
        raise UserError("--snapshot should be given with a run. Received: --model")
    if not args.model:
        read_config(choose_run(args))  # A wrong folder is reported at once.
    import_tensorflow()
    from sampling.snapshot import load_model, load_snapshot

    if args.model:
        return load_model(args.model)
    return load_snapshot(choose_run(args), args.snapshot)


def open_generator(path: Path) -> "Snapshot":
    """Loads the generator at `path`: the newest snapshot of a run, or a model."""
    from sampling.snapshot import load_model, load_snapshot

    return load_snapshot(path) if is_run(path) else load_model(path)


def is_run(path: Path) -> bool:
    """Whether `path` is the folder of a run."""
    return (path / "config.json").is_file()


def rung_of(snapshot: "Snapshot") -> "Rung":
    """The rung of the snapshot's clips."""
    return snapshot.config.ladder[snapshot.phase.level]


def describe(snapshot: "Snapshot") -> str:
    """Such as "kimg 27, 8x32x32 stable"."""
    return f"kimg {snapshot.phase.nimg / 1000:g}, {rung_of(snapshot)} {snapshot.phase}"
