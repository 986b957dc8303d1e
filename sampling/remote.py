"""Models at an address: https://host/faces.weights.h5#sha256=HASH, or hf://owner/name@revision.

Weights and card of a URL are downloaded once, to a folder that is named by the hash. What comes
from the hub is stored where huggingface_hub stores it (HF_HOME).
"""

import errno
import hashlib
import http.client
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from sampling import repository
from support.addresses import is_remote, normalise
from support.errors import UserError
from support.files import new_folder, sha256
from support.json_files import MAX_BYTES, parse_json
from support.progress import Progress
from support.weights import SUFFIX, sidecar_of

_TIMEOUT = 30  # seconds without an answer
_BLOCK = 64_000  # bytes
_MAX_WEIGHTS = 2**36  # bytes


def fetch(source: Path | str) -> Path:
    """The file of weights at `source`, with its card next to it.

    Args:
        source: a path, which is returned as it is, or an address. `Path` may have taken a slash
            from the address.

    Raises:
        UserError: an address of another form; no answer, no such file, or another hash.
    """
    if not is_remote(source):
        return Path(source)
    address, _, fragment = normalise(source).partition("#")
    match = re.fullmatch(r"sha256=([0-9a-f]{64})", fragment.lower())
    digest = match[1] if match else ""
    if fragment and not digest:
        raise UserError(
            f"The end of a model's address should be #sha256= and 64 digits. Received: #{fragment}"
        )
    if address.startswith(repository.SCHEME):
        path = repository.download(address)
        if digest:
            _check_hash(address, sha256(path), digest)
        return path
    return _fetch_url(address, digest)


def cache_folder() -> Path:
    """Where models are stored that were downloaded, as the XDG Base Directory Specification has it.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = base if base.is_absolute() else Path("~/.cache").expanduser()
    return base / "progressive-swgan" / "models"


def _fetch_url(url, digest):
    if not re.match("https?://", url) or not url.partition("?")[0].endswith(SUFFIX):
        raise UserError(
            f"A model should be at {repository.SCHEME}owner/name or at https://.../name{SUFFIX}. "
            f"Received: {url}"
        )
    if not digest:
        raise UserError(
            f"Cannot verify {url}: its hash is not known. Add #sha256=HASH to it, with the hash "
            "that its publisher states, or that is in the card next to it."
        )
    folder = cache_folder() / digest
    path = folder / repository.NAME
    if path.is_file() and sidecar_of(path).is_file() and sha256(path) == digest:
        return path
    shutil.rmtree(folder, ignore_errors=True)  # It was damaged.
    try:
        with new_folder(folder) as temporary:
            _download_pair(url, digest, temporary / repository.NAME)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # Another process has written it.
            raise
    return path


def _download_pair(url, digest, path):
    file, *query = url.partition("?")
    card_url = "".join([file.removesuffix(SUFFIX), ".json", *query])
    card = b"".join(_read(card_url, MAX_BYTES))
    if parse_json(card, card_url, {"sha256": str})["sha256"] != digest:
        raise UserError(f"Cannot load {url}: {card_url} is the card of weights of another hash.")
    sidecar_of(path).write_bytes(card)
    found = hashlib.sha256()
    with path.open("wb") as file:
        for block in _read(url, _MAX_WEIGHTS, shown=True):
            found.update(block)
            file.write(block)
    _check_hash(url, found.hexdigest(), digest)


def _check_hash(address, found, digest):
    if found != digest:
        raise UserError(
            f"Cannot load {address}: its SHA-256 is {found}, not {digest}. The file was damaged or "
            "exchanged."
        )


def _read(url: str, max_bytes: int, shown: bool = False) -> Iterator[bytes]:
    """Yields the content of `url`, block by block; shows the progress if `shown`."""
    size, done = None, 0
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            size = answer.length  # None where the server does not state it.
            total = size and -(-size // 1000) if shown else 0
            with Progress(total, f"kB of {url}") as progress:
                while (block := answer.read(_BLOCK)) and done <= max_bytes:
                    done += len(block)
                    progress.advance(-(-len(block) // 1000))
                    yield block
    except urllib.error.HTTPError as error:
        raise UserError(f"Cannot download {url}: {error.code} {error.reason}.") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)  # The cause of a URLError.
        reason = getattr(reason, "strerror", None) or reason
        raise UserError(f"Cannot download {url}: {reason}.") from error
    if done > max_bytes:
        raise UserError(f"Cannot download {url}: it has more than {max_bytes} bytes.")
    if size is not None and done < size:
        raise UserError(
            f"Cannot download {url}: the connection ended after {done} of {size} bytes. Run the "
            "same command again."
        )
