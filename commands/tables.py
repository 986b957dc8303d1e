"""Makes the paper's tables: trains all systems, scores them, and writes tables and figures.

    python evaluate.py tables --output=study --dry_run           # prints the plan and its time
    python evaluate.py tables --output=study                     # moving shapes, on a CPU
    python evaluate.py tables --output=study --actions=weizmann  # and human actions
    python evaluate.py tables --scale=demo --output=study        # small and short
    python evaluate.py tables --scale=paper --output=study --ucf101=DIR --weights=c3d.weights.h5

Run the same command again to resume. study/catalogue.py lists systems, data sets and scales.
"""

import argparse
import dataclasses
from pathlib import Path

from commands.output import check_writable
from commands.parser import Number, Parser, one_of, whole
from study.catalogue import SCALES, SYSTEMS, Data, choose_systems
from study.drive import drive
from study.formats import to_markdown
from study.plan import describe_plan
from study.runs import Budget, list_runs
from study.steps import Study
from support.errors import UserError
from support.settings import Bounds

LIGHT = True  # The heavy work is done by other commands.
_SOURCES = sorted({d.name for scale in SCALES.values() for d in scale.data if d.has_source})


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--scale", default="laptop", type=one_of(SCALES), help="how large the study is")
    flag("--output", type=Path, required=True, help="folder of the study")
    names = sorted({data.name for scale in SCALES.values() for data in scale.data})
    flag("--data", nargs="+", type=one_of(names), help="data sets (default: all with a folder)")
    for name in _SOURCES:
        flag(f"--{name}", type=Path, metavar="DIR", help=f"folder of the videos of {name}")
    systems = one_of(system.name for system in SYSTEMS)
    flag("--systems", nargs="+", default=[], type=systems, help="rows (default: all)")
    flag("--seeds", nargs="+", type=whole(0, 2**32 - 1), help="of runs (default: the scale's)")
    kind = Number(float, Bounds(minimum=0))
    flag("--minutes", type=kind, help="CPU minutes per run; 0: no such table")
    flag("--kimg", type=kind, help="thousands of clips per run; 0: no such table")
    flag("--clips", type=whole(4), help="clips of a score (default: the scale's)")
    flag("--weights", type=Path, help="network for scores (default: one is trained)")
    flag("--dry_run", action="store_true", help="print the plan and its commands, and exit")


def run(args: argparse.Namespace):
    """Prints the plan, and completes the study."""
    check_writable(args.output)
    study = make_study(args)
    print(describe_plan(study, commands=args.dry_run))
    if args.dry_run:
        return
    from study.report import write_report  # Draws with matplotlib.

    drive(study, lambda: write_report(study))
    print("\n".join(map(to_markdown, write_report(study))))
    print(args.output / "index.html")


def make_study(args: argparse.Namespace) -> Study:
    """The study that the flags describe; raises `UserError` where something is missing."""
    scale = SCALES[args.scale]
    changes = {"seeds": tuple(args.seeds) if args.seeds else None, "clips": args.clips}
    scale = dataclasses.replace(scale, **{k: v for k, v in changes.items() if v is not None})
    if scale.classifier is None and args.weights is None:
        raise UserError(f"--scale={args.scale} needs the --weights of a network for scores.")
    if args.weights and not args.weights.is_file():
        raise UserError(f"--weights should be a file of convert_weights. Received: {args.weights}")
    data = choose_data(args, scale.data)
    budgets = {one.name: list(_budgets(args, scale, one)) for one in data}
    if not all(budgets.values()):
        raise UserError("--minutes and --kimg should not both be 0.")
    systems = choose_systems(args.systems)
    runs = tuple(list_runs(scale, data, budgets, systems))
    sources = {name: vars(args)[name] for name in _SOURCES if vars(args)[name]}
    return Study(args.output, scale, tuple(data), runs, sources, args.weights)


def choose_data(args: argparse.Namespace, known: tuple[Data, ...]) -> list[Data]:
    """The data sets of --data, or all whose folder is given; their folders are checked."""
    names = {data.name for data in known}
    for name in args.data or ():
        if name not in names:
            raise UserError(f"--data should be of {', '.join(sorted(names))}. Received: {name}")
    chosen = []
    for data in known:
        source = vars(args).get(data.name) if data.has_source else None
        if (data.name in args.data) if args.data else (source or not data.has_source):
            _check_source(data, source)
            chosen.append(data)
    if not chosen:
        raise UserError(f"Give the folder of a data set: {', '.join(f'--{n}' for n in names)}.")
    return chosen


def _check_source(data, source):
    if not data.has_source:
        return
    if source is None:
        raise UserError(f"--data={data.name} needs the folder of its videos, --{data.name}.")
    for file in ("", *data.files):
        if not (source / file).exists():
            raise UserError(f"--{data.name} should hold {file or 'videos'}. Received: {source}")


def _budgets(args, scale, data):
    minutes = scale.minutes.get(data.name, 0.0) if args.minutes is None else args.minutes
    kimg = scale.kimg.get(data.name) if args.kimg is None else args.kimg or None
    if minutes:
        yield Budget(minutes=minutes)
    if kimg is not None:
        yield Budget(kimg=kimg)
