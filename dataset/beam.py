"""Work by Apache Beam. The results are files, so nothing is lost when a runner loses workers.

A call of `Beam.results` has a folder, which all workers share:

    results/<name>.json  the result of an item, whole or not there
    error.json           why an item failed; the workers then begin no other item
    counters.json        Beam's counters
    log.txt              what Beam and its workers print

A runner may lose workers, and may try an item again, also twice at a time. So work on an item
should write files that appear whole, and the same bytes each time. Items that have a result are not
done again, neither by a second try nor by a second call.

The pipeline is submitted by a process of its own. Apache Beam 2.77's DirectRunner waits forever for
a worker that was killed, and its threads then keep a process from ending: this one can be killed.
"""

import contextlib
import dataclasses
import functools
import importlib.util
import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.errors import UserError
from support.files import write_json
from support.json_files import read_json
from support.processes import end_with_parent
from support.progress import Progress

_POLL, _GRACE = 1, 10  # seconds
_LOST = 3  # exit status
_PROJECT = Path(__file__).resolve().parent.parent
_NAMESPACE = "dataset"  # of the counters


@dataclasses.dataclass(frozen=True)
class Beam:
    """A runner of Apache Beam.

    Raises:
        UserError: Apache Beam is not installed.
    """

    runner: str  # such as "DirectRunner"
    options: tuple[str, ...] = ()  # "name=value", or "name" for one without a value

    def __post_init__(self):
        if importlib.util.find_spec("apache_beam") is None:
            raise UserError(
                "Cannot use `runner`: Apache Beam is not installed. Install requirements-beam.txt "
                "in a separate environment."
            )

    @contextlib.contextmanager
    def results(
        self,
        work: Callable[[Any], dict],
        items: dict[str, Any],
        folder: Path,
        unit: str,
        errors: tuple[type[UserError], ...] = (),
    ) -> Iterator[list[dict]]:
        """Calls `work(item)` for each item, in Beam's workers.

        Args:
            work: can be pickled. Returns an object of JSON, whose whole numbers are counted, and so
                is a "rejected" in it.
            items: plain values, by names that can be names of files.
            folder: for results, new or of a call that was interrupted. It is deleted at the end of
                the context, unless an error ends it.
            unit: what an item is called ("sources").
            errors: kinds of `UserError` that are raised as what they are.

        Yields:
            The results, in the order of the items.

        Raises:
            UserError: `work` raised it, or the pipeline failed.
        """
        if items:
            (folder / "results").mkdir(parents=True, exist_ok=True)
            (folder / "error.json").unlink(missing_ok=True)
            done = _results(folder)
            left = {name: item for name, item in items.items() if name not in done}
            if left:
                self._run(work, left, folder, unit)
                _raise_error(folder / "error.json", errors)
                self._report(folder, unit)
        yield self._read(items, folder)
        shutil.rmtree(folder, ignore_errors=True)

    def _run(self, work, items, folder, unit):
        flags = [f"--runner={self.runner}", *(f"--{option}" for option in self.options)]
        do = functools.partial(_do, pickle.dumps(work), folder, unit)
        arguments = (flags, do, items, folder, os.getpid())
        process = multiprocessing.get_context("spawn").Process(target=_submit, args=arguments)
        before = len(_results(folder))
        process.start()
        try:
            with Progress(len(items), unit) as progress:
                while process.is_alive():
                    process.join(_POLL)
                    if new := len(_results(folder)) - before - progress.done:
                        progress.advance(new)
        finally:
            _end(process)
        if process.exitcode and not (folder / "error.json").exists():
            what = "a worker was lost" if process.exitcode == _LOST else "the pipeline failed"
            raise UserError(
                f"Cannot finish with {self.runner}: {what} ({folder / 'log.txt'} has the reason)."
            )

    def _report(self, folder, unit):
        counters = read_json(folder / "counters.json", {str: int})
        if counters:
            first = {unit: counters.pop(unit, 0)}
            texts = (f"{count} {name}" for name, count in (first | counters).items())
            print(f"Counted by {self.runner}: {', '.join(texts)}", file=sys.stderr)

    def _read(self, items, folder):
        paths = [folder / "results" / f"{name}.json" for name in items]
        if missing := sum(not path.exists() for path in paths):
            raise UserError(
                f"`output` should be a folder that all workers share. Received: results of all but "
                f"{missing} of {len(paths)} items in {folder}"
            )
        return [read_json(path, {str: object}) for path in paths]


def _results(folder):
    """The names of the items that are done; partial files begin with a dot."""
    with os.scandir(folder / "results") as entries:
        return {e.name.removesuffix(".json") for e in entries if not e.name.startswith(".")}


def _raise_error(path, kinds):
    if path.exists():
        error = read_json(path, {"kind": str, "message": str})
        kind = {kind.__name__: kind for kind in kinds}.get(error["kind"], UserError)
        raise kind(error["message"])


def _end(process):
    """Ends the process and its workers."""
    process.terminate()
    process.join(_GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()


def _submit(flags, work, items, folder, parent):
    """Runs the pipeline, in a process of its own."""
    os.setsid()
    if follow := end_with_parent(parent):
        follow()
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    paths = [str(_PROJECT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))  # For workers on this machine.
    _exit_without_lost_workers()
    try:
        counters = _run_pipeline(flags, work, items)
    except Exception:
        traceback.print_exc()
        os._exit(1)  # Without waiting for threads.
    write_json(folder / "counters.json", counters)
    os._exit(0)


def _exit_without_lost_workers():
    """Ends this process when a worker's process that DirectRunner started ends with an error."""
    print_exception = threading.excepthook

    def hook(arguments):
        print_exception(arguments)
        if arguments.thread and arguments.thread.name == "run_worker":
            os._exit(_LOST)

    threading.excepthook = hook


def _run_pipeline(flags, work, items):
    """Returns the counters of the pipeline; none where the runner does not count."""
    import apache_beam
    from apache_beam.options.pipeline_options import PipelineOptions

    pipeline = apache_beam.Pipeline(options=PipelineOptions(flags))
    given = pipeline | "Items" >> apache_beam.Create(list(items.items()))
    shuffled = given | "Distribute" >> apache_beam.Reshuffle()
    _ = shuffled | "Work" >> apache_beam.Map(work)
    result = pipeline.run()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        result.wait_until_finish()
    except SystemExit:
        result.cancel()
        raise
    try:
        counters = result.metrics().query()["counters"]
    except NotImplementedError:  # The runner has none.
        return {}
    return {c.key.metric.name: c.result for c in counters if c.key.metric.namespace == _NAMESPACE}


def _do(work, folder, unit, item):
    """Does an item in a worker, unless it is done."""
    name, value = item
    path = folder / "results" / f"{name}.json"
    if (folder / "error.json").exists():
        return
    if path.exists():  # An earlier try was lost before it could report.
        result = read_json(path, {str: object})
    else:
        try:
            result = pickle.loads(work)(value)
        except UserError as error:
            about = {"kind": type(error).__name__, "message": str(error)}
            write_json(folder / "error.json", about)
            return
        write_json(path, result)
    _count({unit: 1} | _numbers(result))


def _numbers(result):
    counts = {name: value for name, value in result.items() if type(value) is int}
    return counts | ({"rejected": 1} if "rejected" in result else {})


def _count(counts):
    from apache_beam.metrics import Metrics

    for name, count in counts.items():
        Metrics.counter(_NAMESPACE, name).inc(count)
