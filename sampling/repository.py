"""Model repositories of the Hugging Face hub, by the optional package huggingface_hub.

Access tokens, the address of another hub (HF_ENDPOINT) and the cache are that package's.
"""

import contextlib
import re
import types
from collections.abc import Iterator
from pathlib import Path

from support.errors import UserError
from support.weights import SUFFIX, sidecar_of

SCHEME = "hf://"
NAME = f"generator{SUFFIX}"  # of the weights in a repository
_ADDRESS = re.compile(
    r"hf://(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[\w.%-]+))?(/(?P<file>[\w./-]+))?"
)


def download(address: str) -> Path:
    """The file of weights at `address`, with its card next to it; both are downloaded once.

    Args:
        address: hf://owner/name[@revision][/file.weights.h5], with a tag, a branch or a commit.

    Raises:
        UserError: another form, no such repository or file, no access, or no huggingface_hub.
    """
    match = _ADDRESS.fullmatch(address)
    file = Path((match and match["file"]) or NAME)
    if not match or not file.name.endswith(SUFFIX):
        raise UserError(
            f"A model of the hub should be at hf://owner/name[@revision][/file{SUFFIX}]. "
            f"Received: {address}"
        )
    with connect(f"load {address}") as hub:
        folder = hub.snapshot_download(
            match["name"],
            revision=match["revision"] and match["revision"].replace("%2F", "/"),
            allow_patterns=[str(file), str(sidecar_of(file))],
        )
    path = Path(folder) / file
    if not path.is_file():
        raise UserError(f"Cannot load {address}: the repository has no {file}.")
    return path


def create(name: str):
    """Creates the repository owner/name as a private one, unless it exists.

    Raises:
        UserError: no such owner, no access, no answer, or no huggingface_hub.
    """
    with connect(f"create {SCHEME}{name}") as hub:
        hub.create_repo(name, private=True, exist_ok=True)


def upload(folder: Path, name: str) -> str:
    """Uploads the files of `folder` to the repository owner/name, and returns their address.

    Raises:
        UserError: as `create`.
    """
    with connect(f"upload {folder} to {SCHEME}{name}") as hub:
        commit = hub.upload_folder(
            repo_id=name, folder_path=folder, commit_message="Upload weights and card"
        )
    return f"{SCHEME}{name}@{commit.oid}"


@contextlib.contextmanager
def connect(aim: str) -> Iterator[types.ModuleType]:
    """Yields the package huggingface_hub; its errors become a `UserError`: cannot do `aim`."""
    try:
        import huggingface_hub as hub
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise UserError(
            f"Cannot {aim}: {error}. Install its package (pip install '.[hub]')."
        ) from error
    # What an error of HTTP derives from is the base of errors of connections too.
    errors = (*HfHubHTTPError.__bases__, OSError, ValueError)
    try:
        yield hub
    except UserError:
        raise
    except errors as error:
        lines = [line.strip() for line in str(error).split("\n") if line.strip()]
        raise UserError(f"Cannot {aim}: {' '.join(lines)}") from error
