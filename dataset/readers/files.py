"""The files of a source: found in one walk, which follows links, and counts what is passed over."""

import collections
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from support.text import printable

LISTED = 8  # kinds of files that are left out, in a message


class Files:
    """Files at or below a root, some of which a reader takes.

    Attributes:
        root: a file or a folder; or the name of an archive.

    Args:
        root: the same.
        paths: of the files.
        passed_over: {kind: number} of what else there is, such as {"hidden": 3}.
    """

    def __init__(
        self, root: PurePath, paths: Iterable[PurePath], passed_over: dict[str, int] | None = None
    ):
        self.root, self._passed_over = Path(root), passed_over or {}
        self._by_suffix: dict[str, list] = collections.defaultdict(list)
        for path in paths:
            self._by_suffix[path.suffix.lower()].append(path)
        self._taken, self._sorted = collections.Counter(), {}

    @classmethod
    def below(cls, root: Path) -> "Files":
        """All files at or below `root`; hidden ones and those that cannot be reached are counted.

        Links are followed. A folder that was seen already, as where a link leads back, is not
        entered again.
        """
        passed_over = collections.Counter()
        return cls(root, list(_walk(root, passed_over)), passed_over)

    def with_suffix(self, suffixes: Iterable[str]) -> list[Path]:
        """The files with one of these suffixes, frame2 before frame10."""
        key = frozenset(suffixes)
        if key not in self._sorted:
            found = [path for suffix in key for path in self._by_suffix.get(suffix, [])]
            self._sorted[key] = sorted(found, key=natural_key)
        return self._sorted[key]

    def has(self, suffixes: Iterable[str]) -> bool:
        """Whether there is a file with one of these suffixes."""
        return any(self._by_suffix.get(suffix) for suffix in suffixes)

    def named(self, name: str) -> list[Path]:
        """The files of this name, those nearest to the root first."""
        found = [
            p for p in self._by_suffix.get(PurePath(name).suffix.lower(), []) if p.name == name
        ]
        return sorted(found, key=lambda path: len(path.parts))

    def take(self, paths: Iterable[Path]) -> list[Path]:
        """Records that a reader uses these files, and returns them."""
        paths = list(paths)
        self._taken.update(path.suffix.lower() for path in paths)
        return paths

    def replace(self, inside: "Files"):
        """What is left out is that of an archive, the root of these files."""
        vars(self).update(vars(inside) | {"root": self.root})

    def left_out(self) -> dict[str, int]:
        """{suffix or kind: number} of what no reader took."""
        suffixes = {suffix: len(paths) for suffix, paths in self._by_suffix.items()}
        left = {
            suffix or "without a suffix": count - self._taken[suffix]
            for suffix, count in sorted(suffixes.items())
            if count > self._taken[suffix]
        }
        return left | {kind: count for kind, count in self._passed_over.items() if count}


def count_kinds(kinds: dict[str, int]) -> str:
    """Such as "3 .txt, 1 hidden", the most frequent first."""
    ordered = sorted(kinds.items(), key=lambda item: -item[1])
    text = ", ".join(f"{count} {printable(kind)}" for kind, count in ordered[:LISTED])
    rest = sum(count for _, count in ordered[LISTED:])
    return f"{text}, {rest} others" if rest else text


def natural_key(path: PurePath | str) -> tuple:
    """A key that sorts frame2 before frame10, and Hammering before HammerThrow."""
    parts = PurePath(path).parts
    return [_split_numbers(part.casefold()) for part in parts], parts


def _split_numbers(text):
    """Pieces of text and numbers in turn; a number is compared by its length, then its digits."""
    pieces = re.split(r"([0-9]+)", text)
    pieces[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in pieces[1::2]]
    return pieces


def _walk(root, passed_over) -> Iterator[Path]:
    if not root.is_dir():
        yield root
        return
    place = root.resolve()
    seen, folders = {_identity(folder) for folder in (place, *place.parents)}, [root]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            passed_over["folders that cannot be read"] += 1
            continue
        below = []
        for entry in entries:
            if entry.name.startswith("."):
                passed_over["hidden"] += 1
            elif _is_folder(entry):
                below.append(Path(entry))
            elif _is_file(entry):
                yield Path(entry)
            else:
                passed_over["links to nothing or special files"] += 1
        for path in sorted(below, key=Path.is_symlink):
            identity = _identity(path)
            if identity in seen:
                passed_over["links to folders that were seen already"] += 1
            else:
                seen.add(identity)
                folders.append(path)


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file(entry):
    try:
        return entry.is_file()
    except OSError:
        return False


def _identity(path):
    found = os.stat(path)
    return found.st_dev, found.st_ino
