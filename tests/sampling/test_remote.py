"""Models at addresses: a server of this machine, and stand-ins for the hub."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import keras
import numpy as np
import pytest

from models.registry import model_class
from sampling import remote
from sampling.latents import sample_latents
from sampling.remote import cache_folder, fetch
from sampling.snapshot import load_model, save_model
from support.errors import UserError
from support.files import sha256
from tests.commands.calls import call
from tests.training.toys import tiny_config
from training.initial import choose_init

CARD = {"kind": "generator of clips", "name": "demo", "nimg": 200}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, counts requests, and can end early or keep the length to itself."""

    def do_GET(self):
        self.server.requests.append(self.path)
        super().do_GET()

    def send_header(self, keyword, value):
        if keyword == "Content-Length" and self.path.partition("?")[0].endswith(".h5"):
            if self.server.length is None:
                return
            value = int(value) + self.server.length
        super().send_header(keyword, str(value))

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A folder with weights and card, as `export --format=weights` names them."""
    config, folder = tiny_config(), tmp_path_factory.mktemp("shared")
    keras.utils.set_random_seed(0)
    card = CARD | {"config": config.as_dict()}
    save_model(folder / "generator.weights.h5", model_class(config).generator(config), card)
    return folder


@pytest.fixture
def server(pair, tmp_path, monkeypatch):
    """Serves a copy of the pair; `address` is that of its weights, with their hash."""
    folder = tmp_path / "served"
    shutil.copytree(pair, folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        served.requests, served.length, served.folder = [], 0, folder
        served.digest = sha256(folder / "generator.weights.h5")
        served.url = f"http://127.0.0.1:{served.server_port}/generator.weights.h5"
        served.address = f"{served.url}#sha256={served.digest}"
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield served
        served.shutdown()


def test_a_model_of_a_url_is_downloaded_once_with_its_card(server, pair, capsys):
    latents = sample_latents(2, 8, seed=0)
    expected = load_model(pair / "generator.weights.h5").sample(latents)
    for address in (server.address, Path(server.address)):  # `Path` takes a slash.
        assert np.array_equal(load_model(address).sample(latents), expected)
    assert server.requests == ["/generator.json", "/generator.weights.h5"]
    assert f" kB of {server.url}, " in capsys.readouterr().err
    (folder,) = cache_folder().iterdir()  # Nothing else is left.
    assert folder == fetch(server.address).parent == cache_folder() / server.digest


def test_a_damaged_copy_is_downloaded_again(server):
    path = fetch(server.address)
    path.write_bytes(path.read_bytes()[:-1])
    assert sha256(fetch(server.address)) == server.digest
    assert len(server.requests) == 4


def test_a_query_stays_and_a_length_may_be_missing(server):
    server.length = None
    address = server.address.replace("#", "?download=true#")
    assert fetch(address).is_file()
    assert server.requests == [f"/generator.{end}?download=true" for end in ("json", "weights.h5")]


def test_of_two_processes_one_writes(server, monkeypatch):
    download = remote._download_pair

    def slow(url, digest, path):
        monkeypatch.setattr(remote, "_download_pair", download)
        fetch(server.address)  # Another process, in between.
        download(url, digest, path)

    monkeypatch.setattr(remote, "_download_pair", slow)
    assert sha256(fetch(server.address)) == server.digest


def test_commands_take_addresses(server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    call("samples", f"--model={server.address}", "--num=2", "--format=png")
    assert Path("samples.png").is_file()  # In the current folder, not in the cache.
    assert "samples.png" in capsys.readouterr().out
    source = choose_init(Path(server.address), 16, tmp_path / "run", tiny_config())[1]
    assert source.path == server.address
    assert list(source.levels) == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda url, digest: url, "Add #sha256=HASH to it"),
        (lambda url, digest: f"{url}#sha256={digest[:-1]}", "should be #sha256= and 64 digits"),
        (lambda url, digest: f"{url}#md5={digest}", "Received: #md5="),
        (lambda url, digest: f"{url[:-3]}#sha256={digest}", "A model should be at hf://owner/name"),
        (lambda url, digest: f"ftp{url[4:]}#sha256={digest}", "or at https://.../name.weights.h5"),
        (lambda url, digest: f"{url}#sha256={'0' * 64}", "is the card of weights of another hash"),
        (
            lambda url, digest: f"{url.replace('generator', 'other')}#sha256={digest}",
            r"Cannot download http\S+/other.json: 404 File not found.",
        ),
        (
            lambda url, digest: f"http://127.0.0.1:9/a.weights.h5#sha256={digest}",
            "Cannot download http://127.0.0.1:9/a.json: Connection refused.",
        ),
        (
            lambda url, digest: f"http://[1/a.weights.h5#sha256={digest}",
            "Invalid IPv6 URL",
        ),
        (
            lambda url, digest: f"http://127.0.0.1/a b.weights.h5#sha256={digest}",
            "can't contain control characters",
        ),
    ],
)
def test_addresses_that_cannot_be_loaded(server, change, message):
    with pytest.raises(UserError, match=message) as caught:
        fetch(change(server.url, server.digest))
    assert "\n" not in str(caught.value)
    assert not cache_folder().exists() or not list(cache_folder().iterdir())


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda s: (s.folder / "generator.weights.h5").write_text("<html>"),
            "its SHA-256 is [0-9a-f]+, not",
        ),
        (
            lambda s: (s.folder / "generator.json").write_text("<html>"),
            "/generator.json: it is not JSON",
        ),
        (lambda s: setattr(s, "length", 9), "the connection ended after"),
    ],
)
def test_servers_that_send_something_else(server, damage, message):
    damage(server)
    with pytest.raises(UserError, match=message):
        fetch(server.address)
    assert list(cache_folder().iterdir()) == []


def test_no_more_bytes_are_taken_than_a_model_has(server, monkeypatch):
    monkeypatch.setattr(remote, "_MAX_WEIGHTS", 100)
    with pytest.raises(UserError, match="has more than 100 bytes"):
        fetch(server.address)


def test_a_file_with_the_right_hash_that_is_no_model(server):
    weights = server.folder / "generator.weights.h5"
    weights.write_text("no HDF5")
    card = server.folder / "generator.json"
    card.write_text(card.read_text().replace(server.digest, sha256(weights)))
    with pytest.raises(UserError, match="latent_size=8 does not fit in the 7 bytes"):
        load_model(f"{server.url}#sha256={sha256(weights)}")
