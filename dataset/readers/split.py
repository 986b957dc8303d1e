"""A list of the sources to take: UCF-101's `trainlist01.txt`, VideoGAN's lists, or your own."""

from pathlib import Path, PurePosixPath

from dataset.readers.source import Source, broken
from support.errors import UserError
from support.files import read_lines
from support.text import printable


def select(sources: list[Source], file: Path) -> list[Source]:
    """The sources that a file names, one per line, as paths below the folder of sources.

    The rest of a line is ignored (UCF-101 has the number of the class there), and case where only
    case differs. A source that is named but not there is one that is rejected.

    Raises:
        UserError: no such file, or it names none of the sources.
    """
    exact = {source.name: source for source in sources}
    folded = {source.name.casefold(): source for source in sources}
    chosen = {}
    for line in map(printable, read_lines(file)):
        for text in (line, line.rsplit(maxsplit=1)[0]):
            name = PurePosixPath(text).as_posix()
            if source := exact.get(name) or folded.get(name.casefold()):
                break
        source = source or broken(name, "should be in `source`. Received: only its name in `split`")
        chosen[source.name] = source
    if not chosen.keys() & exact.keys():
        raise UserError(
            "`split` should name sources below `source`, one per line. "
            f"Received: {file} ({next(iter(chosen), 'empty')})"
        )
    return list(chosen.values())
