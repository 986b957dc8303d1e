"""Labels in a `dataset.json`, as StyleGAN2 and StyleGAN-V write them next to folders of frames.

`{"labels": [["clip/0000.png", 3], ...]}`: the label of a frame is that of its clip. The name may
also be that of a video or of a clip's folder, and the list may be an object.
"""

from pathlib import Path, PurePosixPath

from dataset.readers.files import Files
from support.errors import UserError
from support.json_files import MAX_BYTES, parse_json

NAME = "dataset.json"


def read_labels(files: Files) -> dict[str, str]:
    """The labels {path: name} in the root's `dataset.json`; none where it has no such file."""
    file = files.root / NAME
    if file not in files.named(NAME):
        return {}
    files.take([file])
    with open(file, "rb") as opened:
        return parse_labels(opened.read(MAX_BYTES), file)


def parse_labels(text: bytes, path: Path) -> dict[str, str]:
    """The labels in the JSON `text` of the file `path`; those of frames also under their folder.

    Raises:
        UserError: the labels are neither whole numbers nor names.
    """
    content = parse_json(text, path)
    stated = (content.get("labels") if isinstance(content, dict) else None) or {}
    try:
        stated = dict(stated)
    except (ValueError, TypeError) as error:
        raise UserError(
            f"Cannot read {path}: `labels` should be pairs of name and label."
        ) from error
    labels = {}
    for key, label in stated.items():
        if not isinstance(key, str) or not isinstance(label, int | str):
            raise UserError(
                f"Cannot read {path}: each label should be a name or a whole number. "
                f"Received: {key!r}, {label!r}"
            )
        name = PurePosixPath(key.replace("\\", "/"))
        labels.setdefault(str(name), str(label))
        labels.setdefault(str(name.parent), str(label))
    return labels


def find_label(labels: dict[str, str], name: str) -> str | None:
    """The label of the source `name`; `labels` may leave out folders around it.

    Raises:
        UserError: there are labels, but none for it.
    """
    if not labels:
        return None
    parts = PurePosixPath(name).parts
    tails = ("/".join(parts[i:]) for i in range(len(parts)))
    label = next((labels[tail] for tail in tails if tail in labels), None)
    if label is None:
        raise UserError(f"{NAME} should label every source. Received: no label for {name}")
    return label
