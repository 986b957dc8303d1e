"""The size of a data set, known before it is made."""

import shutil
from pathlib import Path

from dataset.clips import ClipRules
from dataset.encoding import Encoding, raw_bytes
from dataset.readers.source import Source
from dataset.unfinished import unfinished_folder
from dataset.windows import frame_bytes
from growth.ladder import Ladder
from support.errors import UserError


def max_num_clips(sources: list[Source], rules: ClipRules, max_clips: int | None) -> int | None:
    """An upper bound of the number of clips; None where the sources have to be decoded for it."""
    if rules.clip_rule in ("all", "windows"):
        return max_clips
    return min(len(sources), max_clips or len(sources))


def describe_plan(
    ladder: Ladder, clips: int | None, encoding: Encoding, windows: bool = False
) -> str:
    """A table of the size on disk at each rung, for `clips` clips or else for a thousand.

    With `windows` for a thousand frames of the videos that are stored.
    """
    kind = "raw" if encoding.name == "raw" else f"before {encoding.name}"
    if windows:
        lines = [f"A thousand frames of video, {kind}:"]
        sizes = {
            str(rung): 1000 * frame_bytes(ladder, level, encoding.at(rung).name)
            for level, rung in enumerate(ladder)
        }
    else:
        lines = [f"At most {clips} clips, {kind}:" if clips else f"A thousand clips, {kind}:"]
        sizes = {str(rung): (clips or 1000) * raw_bytes(rung) for rung in ladder}
    sizes["in all"] = sum(sizes.values())
    return "\n".join(lines + [f"{name:>14}  {size / 1e6:12.1f} MB" for name, size in sizes.items()])


def check_space(output: Path, clips: int, ladder: Ladder):
    """Raises `UserError` where `clips` raw clips do not fit on the disk."""
    folder = unfinished_folder(output)
    there = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    while not folder.exists():
        folder = folder.parent
    needed, free = clips * sum(map(raw_bytes, ladder)) - there, shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"Cannot create {output}: {clips} clips need {needed / 1e6:.1f} MB, and the disk has "
            f"{free / 1e6:.1f} MB free. Use another disk, fewer clips or another `encoding`."
        )
