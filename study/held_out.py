"""Which files of a folder are held out: the last ones of each class, which are of other people."""

from pathlib import Path

from support.errors import UserError
from support.files import write_atomically


def write_held_out(source: Path, share: float, output: Path):
    """Writes the names of the last files of each folder of `source`, one per line.

    Args:
        source: has a folder for each class, whose files are sorted by person.
        share: of the files of a class.
        output: file for `create_tfrecords --val_list`.

    Raises:
        UserError: there are no classes, or one has too few files.
    """
    classes = sorted(path for path in source.iterdir() if path.is_dir()) if source.is_dir() else []
    names = []
    for folder in classes:
        files = sorted(path.name for path in folder.iterdir() if path.is_file())
        count = round(share * len(files))
        if not 0 < count < len(files):
            raise UserError(
                f"Cannot hold out files of {folder}: it has {len(files)}. Give a folder with a "
                "folder of videos for each class."
            )
        names += [f"{folder.name}/{name}" for name in files[-count:]]
    if not names:
        raise UserError(
            f"Cannot hold out files of {source}: it has no folders. Give one with a folder of "
            "videos for each class."
        )
    with write_atomically(output) as temporary:
        temporary.write_text("\n".join(names) + "\n")
