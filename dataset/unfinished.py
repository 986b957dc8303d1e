"""A data set in the making, which a second call with the same arguments resumes.

`<output>.unfinished` holds

    request.json     the arguments, and whether the data sets are complete
    journal.jsonl    one line for each source that was cut, and for each shard that was written
    parts/           the clips of sources that are in no shard yet
    beam/            results of Apache Beam's workers that are not in the journal yet
    train/, val/     the data sets, which are moved to their places when they are complete

and no metadata.json, so that nothing mistakes it for a data set.
"""

import contextlib
import dataclasses
import json
import sys
from pathlib import Path

from dataset.metadata import SHARD
from support.errors import UserError
from support.files import (
    clear_abandoned,
    is_vacant,
    lock,
    make_folder,
    read_json_lines,
    remove_from,
    sync,
    write_atomically,
    write_json,
)
from support.json_files import read_json
from support.resume import check_same

_COMPLETE = "complete"
_LINE = {"source?": {"name": str, "clips": int}, "shard?": str, "files?": [SHARD]}


@dataclasses.dataclass(frozen=True)
class Paths:
    """The paths in the folder of a data set in the making."""

    folder: Path

    def data_set(self, name: str) -> Path:
        """The folder in which the data set of this name is made."""
        return self.folder / name

    def part(self, position: int) -> Path:
        """The file of clips that were cut out of a source."""
        return self.folder / "parts" / f"{position:08d}.tfrecord"

    def parts(self) -> set[int]:
        """The positions of the sources whose parts are there."""
        return {int(path.stem) for path in (self.folder / "parts").glob("[0-9]*.tfrecord")}

    @property
    def beam(self) -> Path:
        """The folder of results of Apache Beam's workers."""
        return self.folder / "beam"


class Unfinished(contextlib.AbstractContextManager):
    """Creates or reopens the folder of a data set in the making, and locks it until it is closed.

    Attributes:
        paths: in the folder.
        sources: what `add_source` recorded, in order.
        shards: what `add_shard` recorded, by name.
        is_complete: whether only `publish` is left to do.

    Args:
        outputs: where the data sets go, by name: "train", and perhaps "val".
        request: all that the data sets depend on, as plain values by name.

    Raises:
        UserError: an output exists, or the folder has another request, holds something else or is
            in use.
    """

    def __init__(self, outputs: dict[str, Path], request: dict):
        self.outputs = outputs
        self.folder = unfinished_folder(outputs["train"])
        self.paths = Paths(self.folder)
        self._request_file = self.folder / "request.json"
        self._begun = self._read_request()
        self.is_complete = bool(self._begun and self._begun[_COMPLETE])
        self._check_outputs()
        if not is_vacant(self.folder, "lock") and self._begun is None:
            raise UserError(
                f"Cannot write to {self.folder}: it holds files of something else. Move them, or "
                "use another `output`."
            )
        make_folder(self.folder)
        self._lock = lock(
            self.folder / "lock",
            f"Cannot write to {self.folder}: another process is writing there. Wait until it ends.",
        )
        try:
            self._open(request)
        except BaseException:
            self._lock.close()
            raise

    def __exit__(self, kind, error, traceback):
        self._journal.close()
        self._lock.close()
        if kind and self.folder.exists():
            print(f"{self.folder}: run the same command again to resume.", file=sys.stderr)

    def add_source(self, source: dict):
        """Records the next source, whose part is written."""
        self._add({"source": source})
        self.sources.append(source)

    def add_shard(self, name: str, files: list[dict]):
        """Records a shard that is written at all rungs."""
        self._add({"shard": name, "files": files})
        self.shards[name] = files

    def publish(self):
        """Moves the data sets, complete with their metadata, to their places."""
        write_json(self._request_file, self._begun | {_COMPLETE: True})
        for name in sorted(self.outputs, reverse=True):
            folder = self.paths.data_set(name)
            if folder.exists():
                for path in (*folder.rglob("*"), folder):
                    sync(path)
                folder.replace(self.outputs[name])
                sync(self.outputs[name].parent)
        self.remove()

    def remove(self):
        """Removes what was written to the folder, and the folder."""
        # The request comes last: after a kill, the next call finds in it what is left to do.
        remove_from(
            *(self.folder, "beam", "parts", *self.outputs),
            *("journal.jsonl", "lock", "request.json"),
        )

    def _open(self, request):
        before = self._begun if self._begun is not None else request
        check_same(
            self.folder,
            {key: value for key, value in before.items() if key != _COMPLETE},
            request,
            "Use the original arguments, or delete the folder to start over.",
        )
        self._begun = request | {_COMPLETE: self.is_complete}
        write_json(self._request_file, self._begun)
        if not self.is_complete:
            for path in (self.folder / "parts", *map(self.paths.data_set, self.outputs)):
                path.mkdir(exist_ok=True)
        clear_abandoned(self.folder)
        journal = self.folder / "journal.jsonl"
        lines = read_json_lines(journal, _LINE)
        self.sources = [line["source"] for line in lines if "source" in line]
        self.shards = {line["shard"]: line["files"] for line in lines if "shard" in line}
        with write_atomically(journal) as path:  # Without a line that a kill cut short.
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        self._journal = open(journal, "a")  # noqa: SIM115

    def _add(self, line):
        self._journal.write(json.dumps(line) + "\n")
        self._journal.flush()

    def _read_request(self):
        """The request of a call that did not end; None where there is none."""
        if not self._request_file.is_file():
            return None
        request = read_json(self._request_file, {str: object})
        finished = (self.folder / "train" / "metadata.json").is_file()
        return {_COMPLETE: finished} | request

    def _check_outputs(self):
        for name, output in self.outputs.items():
            is_published = self.is_complete and not self.paths.data_set(name).exists()
            if is_published or not output.exists():
                continue
            if output.is_dir() and not any(output.iterdir()):
                continue
            kind = "a complete data set" if (output / "metadata.json").is_file() else "not empty"
            raise UserError(
                f"Cannot create {output}: it exists already and is {kind}. Delete it, or use "
                "another `output`."
            )


def unfinished_folder(output: Path) -> Path:
    """Where the data set `output` is made."""
    return output.parent / f"{output.name}.unfinished"
