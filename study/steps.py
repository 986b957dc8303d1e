"""The steps of a study in order: a command each, and the file that shows that it is done.

data/NAME, data/NAME-val       data sets, and those of clips that are not trained on
classifiers/NAME.weights.h5    networks for scores
configs/, runs/                config and run folder of each run
results/NAME.json, NAME.npy    a row of a table, and some clips, of each run and kind of reals
steps/NAME.json, logs/NAME.log the state of a step, and what its command printed
"""

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

from growth.ladder import make_ladder
from metrics.protocols import protocol
from study.catalogue import REALS, Data, Scale
from study.runs import Run

_MEASURED = 11  # snapshots of a run: those of its curve, and the last one again
# CPU seconds: to start a command; per clip of 16 frames for C3D, fixed and at 64 maps; per voxel.
_START, _FIXED, _NETWORK, _VOXEL = 10.0, 0.01, 0.25, 2e-7
_TIMES_OF_TRAINING = 3.0  # a training step of C3D over a forward pass
_EPOCHS, _WIDTH = 60, 64  # of a classifier, unless its flags state them


@dataclasses.dataclass(frozen=True)
class Step:
    """A command of the study.

    Args:
        name: of its record and log.
        command: a script of this project, and its flags.
        output: the file that is there once it is done.
        seconds: about the CPU time that it takes.
        run: whose training or row it is; such a step may fail, and the study continues.
        trains: whether it is the training of `run`.
    """

    name: str
    command: tuple[str, ...]
    output: Path
    seconds: float
    run: Run | None = None
    trains: bool = False

    @property
    def is_row(self) -> bool:
        """Whether it measures a row of a table."""
        return self.command[1] == "measure"


@dataclasses.dataclass(frozen=True)
class Study:
    """What is compared, and where everything is stored.

    Args:
        folder: of the study.
        scale: how large it is.
        data: its data sets.
        runs: in order.
        sources: the user's folders, by the name of the data set.
        weights: of a network for scores, where none is trained.
    """

    folder: Path
    scale: Scale
    data: tuple[Data, ...]
    runs: tuple[Run, ...]
    sources: dict[str, Path]
    weights: Path | None = None

    def steps(self) -> Iterator[Step]:
        """All steps, in order."""
        for data in self.data:
            runs = [run for run in self.runs if run.data == data]
            ladders = {data.name: data.ladder}
            ladders |= {run.data_name: f"{run.config.ladder[-1]}" for run in runs if _is_own(run)}
            for name, ladder in ladders.items():
                yield from self._data_steps(data, name, ladder)
            if self.weights is None:
                yield self._classifier(data)
            yield from (self._reals(data, control) for control in REALS)
            for run in runs:
                yield self._training(run)
                yield self._measurement(run)

    def data_folder(self, name: str) -> Path:
        """The data set of this name."""
        return self.folder / "data" / name

    def result(self, name: str) -> Path:
        """The row of a run, or of reals."""
        return self.folder / "results" / f"{name}.json"

    def config_path(self, run: Run) -> Path:
        """The config of a run, as it was when its training began."""
        return self.folder / "configs" / f"{run.name}.json"

    def run_folder(self, run: Run) -> Path:
        """Where a run is trained."""
        return self.folder / "runs" / run.name

    def network(self, data: Data) -> Path:
        """Weights of the network that scores clips of a data set."""
        return self.weights or self.folder / "classifiers" / f"{data.name}.weights.h5"

    def about_network(self, data: Data) -> Path:
        """The sidecar of the network, which is written last."""
        path = self.network(data)
        return path.with_name(path.name.removesuffix(".weights.h5") + ".json")

    def held_out_list(self, data: Data) -> Path:
        """The names of the files that are held out."""
        return self.folder / "data" / f"{data.name}-held_out.txt"

    def _data_steps(self, data, name, ladder):
        folder = self.data_folder(name)
        sets = {folder: data.create}
        if data.held_out:
            sets[folder.with_name(f"{name}-val")] = data.held_out
        source = self.sources.get(data.name, Path())
        for output, flags in sets.items():
            filled = [flag.format(source=source) for flag in flags]
            if data.last_share:
                filled.append(f"--val_list={self.held_out_list(data)}")
            size = f"--ladder={ladder}"
            command = ("dataset_tool.py", "create_tfrecords", *filled, size, f"--output={output}")
            seconds = _START + _clips_in(flags) * _voxels(ladder) * _VOXEL
            yield Step(f"data-{output.name}", command, output / "metadata.json", seconds)

    def _classifier(self, data):
        output, flags = self.network(data), self.scale.classifier or ()
        command = ("evaluate.py", "train_c3d", *flags, *self._sets(data.name), f"--output={output}")
        epochs, count = _number(flags, "epochs", _EPOCHS), _clips_in(data.create)
        seconds = _START + epochs * count * _TIMES_OF_TRAINING * self._forward()
        command = (*command, f"--protocol={data.protocol}")
        return Step(f"classifier-{data.name}", command, self.about_network(data), seconds)

    def _reals(self, data, control):
        held_out, name = (
            self.data_folder(f"{data.name}-val"),
            "-".join(("real", data.name, control)),
        )
        output = self.result(name.rstrip("-"))
        flags = [f"--clips={held_out}", *([f"--control={control}"] if control else [])]
        command = self._measure(data, data.name, flags, output)
        count = min(_clips_in(data.held_out or data.create), self.scale.clips * 2)
        return Step(name.rstrip("-"), command, output, _START + 2 * count * self._forward())

    def _training(self, run):
        command = [
            "train.py",
            f"--config={self.config_path(run)}",
            f"--data={self.data_folder(run.data_name)}",
            f"--run={self.run_folder(run)}",
            "--clock=cpu",
        ]
        family = self.scale.families[run.system.family]
        if run.budget.minutes:
            command.append(f"--hours={run.budget.minutes / 60:.6g}")
            if not family.gflop:  # One of ours: the paper's networks.
                command += ["--set", "network.rgb=finest"]
        seconds = run.seconds(family)
        output = self.run_folder(run) / "config.json"
        return Step(f"train-{run.name}", tuple(command), output, seconds, run, trains=True)

    def _measurement(self, run):
        flags = [f"--run={self.run_folder(run)}", f"--curve={self.scale.curve_clips}"]
        if _is_own(run):
            full = self.data_folder(run.data.name)
            flags += [f"--reference={full}", f"--reference_held_out={full}-val"]
        output = self.result(run.name)
        command = self._measure(run.data, run.data_name, flags, output)
        repeats = protocol(run.data.protocol).repeats
        clips = repeats * (self.scale.clips + _MEASURED * self.scale.curve_clips)
        return Step(run.name, command, output, _START + clips * self._forward(), run)

    def _measure(self, data, name, flags, output):
        return (
            "evaluate.py",
            "measure",
            *flags,
            *self._sets(name),
            f"--weights={self.network(data)}",
            f"--protocol={data.protocol}",
            f"--num={self.scale.clips}",
            f"--output={output}",
        )

    def _sets(self, name):
        folder = self.data_folder(name)
        return (f"--data={folder}", f"--held_out={folder}-val")

    def _forward(self):
        """About the CPU seconds of the network for a clip."""
        width = _number(self.scale.classifier or (), "width", _WIDTH)
        return _FIXED + _NETWORK * (width / 64) ** 2


def _is_own(run):
    return run.data_name != run.data.name


def _voxels(ladder):
    return math.prod(make_ladder(ladder)[-1].shape)


def _clips_in(flags):
    return _number(flags, "max_clips", 2048)


def _number(flags, name, default):
    """The number that flags state."""
    given = [flag.partition("=")[2] for flag in flags if flag.startswith(f"--{name}=")]
    return float(given[-1]) if given else default
