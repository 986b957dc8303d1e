"""Labels in a `dataset.json`, as StyleGAN2 and StyleGAN-V write them beside folders of frames.

`{"labels": [["clip/0000.png", 3], ...]}`: the label of a frame is that of its clip; the name may
also be that of a video or of a clip's folder, and the list may be a mapping.
"""

import json
from pathlib import Path, PurePosixPath

from support.errors import UserError


def read_labels(folder: Path) -> dict[str, str]:
    """The labels {path: name} that a folder states; none where it has no `dataset.json`."""
    file = folder / "dataset.json"
    return parse_labels(file.read_bytes(), str(file)) if file.is_file() else {}


def parse_labels(text: bytes, where: str) -> dict[str, str]:
    """The labels in the JSON `text`, those of frames under their folder too.

    Raises:
        UserError: the labels are neither whole numbers nor names.
    """
    try:
        stated = json.loads(text)
        stated = dict((stated.get("labels") if isinstance(stated, dict) else None) or {})
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{where} should be JSON with labels. Received: {error}") from error
    labels = {}
    for key, label in stated.items():
        if not isinstance(key, str) or not isinstance(label, int | str):
            raise UserError(
                f"{where} should name or number each label. Received: {key!r}, {label!r}"
            )
        path = PurePosixPath(key.replace("\\", "/"))
        labels.setdefault(str(path), str(label))
        labels.setdefault(str(path.parent), str(label))
    return labels


def find_label(labels: dict[str, str], name: str) -> str | None:
    """The label of the source `name`, whatever folders around it are left out in `labels`.

    Raises:
        UserError: there are labels, but none for it.
    """
    parts = PurePosixPath(name).parts
    tails = ("/".join(parts[i:]) for i in range(len(parts)))
    found = next((labels[tail] for tail in tails if tail in labels), None)
    if labels and found is None:
        raise UserError(f"dataset.json should label every source. Received: no label for {name}")
    return found
