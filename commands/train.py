"""Trains a generator of clips that grows in space and time.

    python train.py --data=datasets/videos              # size and ladder are those of the data
    python train.py --config=faces                      # datasets/faces -> runs/faces
    python train.py --config=faces --dry_run            # prints what it would train
    python train.py --config=faces --settings           # prints every setting
    python train.py --config=faces --set train.seed=1 schedule.minibatch.64=4
    python train.py --run=runs/faces                    # resumes with the run's own settings
    python train.py --config=actions --hours=2          # plans the schedule for two hours
    python train.py --config=faces --init=runs/ucf101   # starts from another run's networks

Run the same command again to resume.
"""

import argparse
import dataclasses
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from commands.datasets import add_cache, open_cache
from commands.parser import Number, OneOf, Parser, one_of, whole
from config import PRESETS, Config, SettingInfo, config_for, from_dict, list_settings, preset
from growth.ladder import make_ladder
from run_folder.reading import read_config, read_description
from support.addresses import is_remote, normalise
from support.clock import CLOCKS
from support.errors import UserError
from support.json_files import read_json
from support.settings import Bounds
from support.startup import import_tensorflow

if TYPE_CHECKING:
    from dataset.pipeline import ClipPipeline
    from run_folder.folder import RunFolder
    from training.loop import Watcher

CHECKS = ("hashes", "sizes", "none")
LIGHT = True  # Wrong settings are reported before TensorFlow is imported.


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag(
        "--config",
        type=ConfigName(tuple(PRESETS)),
        help="preset, or a config.json (default: that of --run if it exists, or else one for the "
        "size of --data, or else faces)",
    )
    flag("--data", type=Path, help="data set folder (default: the run's, or datasets/<config>)")
    add_cache(parser)
    flag("--classes", nargs="+", metavar="LABEL", help="use only the clips with these labels")
    flag("--run", type=Path, help="run folder (default: runs/<config>, or runs/<data>)")
    flag(
        "--hours",
        type=Number(float, Bounds(above=0)),
        help="plan the schedule so that training takes this long on this machine",
    )
    flag(
        "--clock",
        type=one_of(CLOCKS),
        help="wall, or cpu: the CPU time of this process, which counts for --hours and in reports "
        "(default: that of the run's plan, or wall)",
    )
    flag("--init", type=Path, help="start from a run, or from a model: a file or an address")
    flag(
        "--init_size",
        type=whole(1),
        help="height of the rung to start at (default: the highest that --init has)",
    )
    flag("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="settings")
    flag(
        "--devices",
        type=lambda text: text.split(","),
        default=[],
        help="such as GPU:0,GPU:1 (default: all GPUs, or else the CPU)",
    )
    flag(
        "--check",
        type=one_of(CHECKS),
        default="hashes",
        help="how the data set is checked first: the hashes of its files (of those that changed "
        "since the run checked them), only their sizes, or nothing",
    )
    flag("--skip_damaged", action="store_true", help="read all clips first; skip damaged ones")
    flag("--deterministic", action="store_true", help="bit-exact on one machine (slower)")
    flag("--start_over", action="store_true", help="train again where checkpoints are lost")
    flag("--profile", type=whole(0), default=0, help="steps to profile for TensorBoard")
    flag("--dry_run", action="store_true", help="print networks, schedule and needs, and exit")
    flag("--settings", action="store_true", help="print every setting, and exit")


def run(args: argparse.Namespace) -> int | None:
    """Trains, or prints what would be trained."""
    config = choose_config(args).override(args.set)
    if args.classes:
        config = with_classes(config, args.classes)
    if args.settings:
        print(describe_settings(list_settings(config)))
        return None
    begin = {name: clock() for name, clock in CLOCKS.items()}
    import_tensorflow()
    from training.devices import allow_tensorfloat32

    allow_tensorfloat32(config.train.tensorfloat32)
    return dry_run(config, args, begin) if args.dry_run else start(config, args, begin)


def dry_run(config: Config, args: argparse.Namespace, begin: dict[str, float]):
    """Prints what would be trained, and the plan where --hours is given."""
    from training.devices import strategy_for
    from training.dry_run import describe
    from training.initial import choose_init
    from training.planning import describe_plan, plan_run

    path = choose_run(args, config)
    strategy = strategy_for(args.devices) if args.hours else None
    config, source = choose_init(args.init, args.init_size, path, config)
    if config.model.takes_labels(config) and not config.network.classes:
        config = _with_known_classes(config, choose_data(args, config, path))
    plan = None
    if strategy:
        clock = choose_clock(args, path)
        budget = args.hours, path, strategy, begin[clock], clock
        config, plan = plan_run(config, args.set, *budget, source.config if source else None)
    if plan:
        print(f"{describe_plan(config, plan)}\n")
    print(describe(config))


def _with_known_classes(config, data):
    """`classes_of_data`, or `config` as it is where the data set cannot be read."""
    from dataset.records import Records

    try:
        names = Records(data).label_names
    except UserError as error:
        print(f"The tables below are those without labels. {error}\n")
        return config
    config.model.check_labels(names)
    return classes_of_data(config, names, data)


@dataclasses.dataclass(frozen=True)
class ConfigName(OneOf):
    """The type of --config: a preset, or a file."""

    def __call__(self, text: str) -> str:
        """`text`; raises `ArgumentTypeError` for what is neither."""
        return text if text.endswith(".json") else super().__call__(text)

    def __str__(self):
        return f"{super().__str__()}, or FILE.json"


def choose_config(args: argparse.Namespace) -> Config:
    """The config that --config names, or else that of the run to resume, of --data, or `faces`."""
    if args.config is None and args.run and (args.run / "config.json").is_file():
        return read_config(args.run)
    if args.config and args.config.endswith(".json"):
        tree = read_json(args.config, dict)
        return from_dict(tree.get("config", tree))  # As a run stores it, or alone.
    if args.config is None and args.data:
        return config_of_data(args.data)
    return preset(args.config or "faces")


def config_of_data(data: Path) -> Config:
    """A config with the ladder of a data set, and its name; prints what was chosen."""
    from dataset.metadata import read_metadata

    folder = normalise(data)
    if is_remote(folder):
        import_tensorflow()
    ladder = make_ladder(read_metadata(folder)["ladder"])
    config, name = config_for(data.absolute().name, ladder)
    print(
        f"{folder} has the ladder {ladder}, which is trained. Other settings are those of the "
        f"preset {name} (--config chooses another)."
    )
    return config


def choose_run(args: argparse.Namespace, config: Config) -> Path:
    """The folder of the run."""
    return args.run or Path(f"runs/{config.name}")


def choose_clock(args: argparse.Namespace, path: Path) -> str:
    """The clock that --clock names, or else that of the plan of the run to resume."""
    if args.clock is None and (path / "config.json").is_file():
        return read_description(path).get("plan", {}).get("clock", "wall")
    return args.clock or "wall"


def choose_data(args: argparse.Namespace, config: Config, path: Path) -> Path:
    """The data set that --data names, or else that of the run to resume, or datasets/<config>."""
    if args.data is None and (path / "config.json").is_file():
        return Path(read_description(path)["data"].get("folder", ""))
    return args.data or Path(f"datasets/{config.name}")


def with_classes(config: Config, names: Sequence[str]) -> Config:
    """`config` with these classes."""
    return dataclasses.replace(
        config, network=dataclasses.replace(config.network, classes=tuple(names))
    )


def classes_of_data(config: Config, names: Sequence[str], data: Path) -> Config:
    """`config` with all classes of the data set, where it uses labels and names no classes.

    Args:
        config: of the run.
        names: those of the data set's labels.
        data: its folder.

    Raises:
        UserError: the config uses labels, and the data set has none.
    """
    network = config.network
    if not config.model.takes_labels(config):
        return config
    if not names:
        raise UserError(
            f"`network.labels` should be none for {data}, whose clips have no labels. Received: "
            f"{network.labels} (create_tfrecords --labels=folders takes them from folders)"
        )
    return with_classes(config, network.classes or names)


def start(config: Config, args: argparse.Namespace, begin: dict[str, float]) -> int:
    """Starts or resumes training, and returns the exit status."""
    from training.devices import make_deterministic
    from training.workers import report_lost_worker

    if args.deterministic:
        make_deterministic()
    with report_lost_worker():
        return _start(config, args, begin)


def _start(config, args, begin):
    from dataset.pipeline import ClipPipeline
    from run_folder.folder import RunFolder
    from run_folder.reading import read_data_files
    from training.devices import describe_devices, strategy_for
    from training.initial import choose_init, take_over
    from training.interrupt import Interrupt
    from training.loop import train
    from training.planning import describe_plan, plan_run
    from training.trainer import Trainer

    strategy = strategy_for(args.devices)  # Waits for the other workers, where there are some.
    path = choose_run(args, config)
    config, source = choose_init(args.init, args.init_size, path, config)
    data = choose_data(args, config, path)
    clips = ClipPipeline(
        data,
        config.ladder,
        config.train.seed,
        config.train.mirror,
        args.skip_damaged,
        config.network.classes,
        config.train.balanced_classes,
        check="none" if args.check == "none" else "sizes",  # Hashes follow, at the chief alone.
        cache=open_cache(args),
    )
    config.model.check_labels(clips.classes.names)
    config = classes_of_data(config, clips.classes.names, data)
    identity = clips.identity()
    clock = choose_clock(args, path)
    began = begin[clock]
    budget = args.hours, path, strategy, began, clock
    config, plan = plan_run(config, args.set, *budget, source.config if source else None)
    trainer = Trainer(config, strategy)
    transfer = take_over(source, trainer.model, config) if source else None
    same = (config, identity["sha256"], identity["skipped"])
    trainer.workers.check_same("--config, --set, --init and --data", same)
    is_chief = trainer.workers.is_chief
    check = is_chief and not args.skip_damaged and args.check == "hashes"
    # Reads files that changed since the run last checked them; all of them in a new run.
    files = clips.check_files(read_data_files(path)) if check else {}
    about = identity | {"fps": clips.records.fps}
    init = transfer.record(source, config) if transfer else None
    arguments = path, config, about, args.start_over, init, plan
    with (
        RunFolder(*arguments) if is_chief else nullcontext() as run_folder,
        clips.translate_read_errors(),
    ):
        if run_folder:
            if transfer:
                run_folder.log(f"{path} starts from {source.path}. {transfer}")
            run_folder.store_data_files(files)
            run_folder.restore_latest(trainer)
        trainer.broadcast_from_chief()
        watchers = []
        if run_folder:
            if plan:
                run_folder.log(describe_plan(config, plan))
            kimg, devices = trainer.nimg / 1000, describe_devices(strategy)
            where = f"on {', '.join(devices)}, from kimg {kimg:g}"
            run_folder.log(f"{path}: {clips.describe()}, {where}")
            run_folder.append_start(devices, kimg)
            watchers = watchers_of(run_folder, config, clips, args.profile, plan, began, clock)
        return train(trainer, clips, watchers, Interrupt())


def watchers_of(
    run_folder: "RunFolder",
    config: Config,
    clips: "ClipPipeline",
    profile: int,
    plan: dict | None = None,
    begin: float = 0.0,
    clock: str = "wall",
) -> list["Watcher"]:
    """What the chief does besides training; with a `plan`, it keeps to the budget."""
    from training.budget import Budget
    from training.forecast import Forecast
    from training.keeper import Keeper
    from training.monitor import Monitor
    from training.planning import measured_in
    from training.profile import Profile
    from training.report import Report

    forecast = Forecast(config, measured_in(plan) if plan else None)
    return [
        Profile(run_folder.path, profile),
        Monitor(run_folder, config, clips, forecast, CLOCKS[clock]),
        *([Budget(run_folder, forecast, plan, begin)] if plan else []),
        Keeper(run_folder),
        *([Report(run_folder)] if config.train.report else []),
    ]


def describe_settings(settings: list[SettingInfo]) -> str:
    """A table of settings: value, meaning, bounds, and whether they may change on resume."""
    width = max(len(setting.key) for setting in settings)
    lines = []
    for key, value, text, bounds, may_change in settings:
        notes = [str(bounds)] if str(bounds) else []
        notes += ["may change on resume"] if may_change else []
        shown = value if isinstance(value, dict) else f"{value}"
        end = f" ({'; '.join(notes)})" if notes else ""
        lines.append(f"{key:<{width}}  {shown}\n{'':<{width}}  {text}{end}")
    return "\n".join(lines)
