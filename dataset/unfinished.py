"""A data set in the making, which a second start with the same arguments goes on with.

`<output>.unfinished` holds

    request.json     what was asked for
    journal.jsonl    a line for each source that was cut, and for each shard that was written
    parts/           the clips of sources that are in no shard yet
    train/, val/     the data sets, which move to their places when all is done

and no metadata.json, so that nothing takes it for a data set.
"""

import contextlib
import json
import sys
from pathlib import Path

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
)


class Unfinished(contextlib.AbstractContextManager):
    """Creates or reopens the folder of a data set in the making, and locks it until it is closed.

    Attributes:
        sources: what `tell_source` was told, in order.
        shards: what `tell_shard` was told, by name.

    Args:
        outputs: where the data sets go, by name: "train", and perhaps "val".
        request: all that the data sets depend on, as plain values by name.

    Raises:
        UserError: an output exists, the folder is of another request, or in use.
    """

    def __init__(self, outputs: dict[str, Path], request: dict):
        self.outputs = outputs
        self.folder = unfinished_folder(outputs["train"])
        complete = (self.folder / "train" / "metadata.json").is_file()
        for name, output in outputs.items():
            moved = complete and not (self.folder / name).exists()
            if not moved and output.exists() and (not output.is_dir() or any(output.iterdir())):
                raise UserError(
                    f"{output} should not exist yet. Received: a folder or file with contents"
                )
        if not is_vacant(self.folder, "lock") and not (self.folder / "request.json").is_file():
            raise UserError(
                f"{self.folder} should be a new folder, or one of create_tfrecords. Received: a "
                "folder or file with other contents"
            )
        make_folder(self.folder)
        self._lock = lock(
            self.folder / "lock",
            f"--output should not be in use. Received: {self.folder}, where another process writes",
        )
        self._check_request(json.loads(json.dumps(request)))
        for path in (self.folder / "parts", *map(self.data_set, outputs)):
            if not complete:
                path.mkdir(exist_ok=True)
        clear_abandoned(self.folder)
        lines = read_json_lines(self.folder / "journal.jsonl")
        self.sources = [line["source"] for line in lines if "source" in line]
        self.shards = {line["shard"]: line["files"] for line in lines if "shard" in line}
        with write_atomically(self.folder / "journal.jsonl") as path:
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        self._journal = open(self.folder / "journal.jsonl", "a")  # noqa: SIM115
        self.is_complete = complete

    def __exit__(self, kind, error, traceback):
        self._journal.close()
        self._lock.close()
        if kind and self.folder.exists():
            print(f"{self.folder}: the same command goes on from here.", file=sys.stderr)

    def data_set(self, name: str) -> Path:
        """The folder in which the data set of this name is made."""
        return self.folder / name

    def part(self, position: int) -> Path:
        """The file of clips that were cut out of a source."""
        return self.folder / "parts" / f"{position:08d}.tfrecord"

    def tell_source(self, about: dict):
        """Keeps what is known of the next source once its part is written."""
        self._tell({"source": about})
        self.sources.append(about)

    def tell_shard(self, name: str, files: list[dict]):
        """Keeps that a shard is written, at all rungs."""
        self._tell({"shard": name, "files": files})
        self.shards[name] = files

    def publish(self):
        """Moves the data sets, complete with their metadata, to their places."""
        for name in sorted(self.outputs, reverse=True):  # "train" last: it tells that all is done.
            folder = self.data_set(name)
            if folder.exists():
                for path in (*folder.rglob("*"), folder):
                    sync(path)
                folder.replace(self.outputs[name])
                sync(self.outputs[name].parent)
        self.remove()

    def remove(self):
        """Removes what was written to the folder, and the folder."""
        files = ("journal.jsonl", "request.json", "lock")  # In this order, for a kill between.
        remove_from(self.folder, "parts", *self.outputs, *files)

    def _tell(self, line):
        self._journal.write(json.dumps(line) + "\n")
        self._journal.flush()

    def _check_request(self, request):
        path = self.folder / "request.json"
        known = json.loads(path.read_text()) if path.is_file() else request
        changed = [
            f"{key} = {known.get(key)} there, {request.get(key)} here"
            for key in sorted(known.keys() | request.keys())
            if known.get(key) != request.get(key)
        ]
        if changed:
            self._lock.close()
            raise UserError(
                f"{self.folder} should go on as it began (remove it to begin anew). "
                f"Received: {'; '.join(changed)}"
            )
        with write_atomically(path) as temporary:
            temporary.write_text(json.dumps(request, indent=1))


def unfinished_folder(output: Path) -> Path:
    """Where the data set `output` is made."""
    return output.parent / f"{output.name}.unfinished"
