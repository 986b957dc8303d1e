"""UCF-101: a folder for each class, in it videos `v_<Class>_gGG_cCC.avi`.

The label is the class, spelled as in the `classInd.txt` next to `split`; labels are in the order of
that file, without regard to case. The clips of a group (gGG) are cut from one video.
"""

import functools
import re
from pathlib import Path

from dataset.readers import videos
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, Source, name_and_label
from support.errors import UserError
from support.files import read_lines


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether the first video is named as those of UCF-101."""
    first = files.with_suffix(videos.SUFFIXES)[:1]
    return bool(first) and _group(first[0]) is not None


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each video.

    Raises:
        UserError: `classInd.txt` has no such class.
    """
    classes = _read_classes(options.split.parent / "classInd.txt") if options.split else {}
    sources = []
    for file in files.take(files.with_suffix(videos.SUFFIXES)):
        name, folder = name_and_label(file, files.root, options)
        label = classes.get(file.parent.name.casefold(), file.parent.name)
        if classes and label not in classes.values():
            raise UserError(f"classInd.txt should have the class of every video. Received: {name}")
        frames = functools.partial(videos.pictures, file, options.fps)
        video = f"{Path(name).parent / group}" if (group := _group(file)) else name
        sources.append(Source(name, frames, folder or label, video))
    return sources


def _group(file):
    """v_YoYo_g01 of v_YoYo_g01_c02.avi."""
    found = re.fullmatch(r"(v_\w+_g\d+)_c\d+", file.stem)
    return found and found[1]


def _read_classes(file):
    """{class without case: class} of lines such as "1 ApplyEyeMakeup"; none without the file."""
    lines = read_lines(file) if file.is_file() else []
    names = [line.split()[-1] for line in lines]
    return {name.casefold(): name for name in names}
