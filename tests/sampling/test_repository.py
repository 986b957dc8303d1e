"""Repositories of the hub: with a stand-in for huggingface_hub, and with itself where it is."""

import os
import shutil
import subprocess
import sys
import types

import pytest

from models.registry import model_class
from sampling.hub import README
from sampling.repository import download
from sampling.snapshot import load_model, load_snapshot, save_snapshot
from support.errors import UserError
from support.files import sha256
from tests.commands.calls import call
from tests.sampling.fake_hub import COMMIT, serve
from tests.train_command import command
from tests.training.toys import tiny_config, write_config


class ConnectError(Exception):
    """As of the package that huggingface_hub uses for HTTP."""


class HfHubHTTPError(ConnectError, OSError):
    pass


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run, config = tmp_path_factory.mktemp("run"), tiny_config()
    write_config(run, config)
    save_snapshot(run, model_class(config).generator(config), 200)
    return run


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A stand-in with one repository, a folder."""
    hub, errors = (types.ModuleType(f"huggingface_hub{end}") for end in ("", ".errors"))
    errors.HfHubHTTPError = HfHubHTTPError
    hub.folder, hub.calls = tmp_path / "repository", []

    def snapshot_download(name, revision, allow_patterns):
        hub.calls.append((name, revision))
        if name != "me/demo":
            raise HfHubHTTPError("404 Client Error.\n\nRepository Not Found.")
        found = tmp_path / "downloaded"
        shutil.copytree(hub.folder, found, ignore=lambda _, names: set(names) - {*allow_patterns})
        return str(found)

    def create_repo(name, private, exist_ok):
        hub.calls.append((name, private, exist_ok))
        if not name.startswith("me/"):
            raise ConnectError("403 Forbidden")

    def upload_folder(repo_id, folder_path, commit_message):
        shutil.copytree(folder_path, hub.folder)
        return types.SimpleNamespace(oid=COMMIT)

    hub.snapshot_download, hub.create_repo, hub.upload_folder = (
        snapshot_download,
        create_repo,
        upload_folder,
    )
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)
    return hub


def export(run, output, name="me/demo"):
    call("export", f"--run={run}", "--format=hub", f"--upload={name}", f"--output={output}")


def test_what_is_uploaded_is_loaded(hub, run, tmp_path, capsys):
    export(run, tmp_path / "out")
    assert capsys.readouterr().out.split() == [f"{tmp_path}/out", f"hf://me/demo@{COMMIT}"]
    assert hub.calls == [("me/demo", True, True)]
    assert (hub.folder / README).is_file()
    found = load_model("hf://me/demo@v1.0")
    assert hub.calls[1:] == [("me/demo", "v1.0")]
    assert found.weights_hash() == load_snapshot(run).weights_hash()
    assert {path.name for path in (tmp_path / "downloaded").iterdir()} == {
        *("generator.weights.h5", "generator.json")
    }


def test_a_hash_and_a_file_may_be_named(hub, run, tmp_path):
    export(run, tmp_path / "out")
    for path in list(hub.folder.glob("generator.*")):
        path.rename(path.with_name(path.name.replace("generator", "faces")))
    digest = sha256(hub.folder / "faces.weights.h5")
    address = "hf://me/demo@refs%2Fpr%2F1/faces.weights.h5#sha256="
    with pytest.raises(UserError, match=f"its SHA-256 is {digest}, not 0000"):
        load_model(address + "0" * 64)
    shutil.rmtree(tmp_path / "downloaded")
    assert load_model(address + digest).config.name == "demo"
    assert hub.calls[-1] == ("me/demo", "refs/pr/1")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("hf://demo", r"should be at hf://owner/name\[@revision\]"),
        ("hf://me/demo/model.bin", "Received: hf://me/demo/model.bin"),
        ("hf://me/demo", "the repository has no generator.weights.h5."),
        ("hf://me/other", "Cannot load hf://me/other: 404 Client Error. Repository Not Found."),
    ],
)
def test_addresses_that_cannot_be_loaded(hub, address, message):
    hub.folder.mkdir()
    with pytest.raises(UserError, match=message):
        download(address)


def test_without_access_nothing_is_written(hub, run, tmp_path):
    with pytest.raises(UserError, match="Cannot create hf://you/demo: 403 Forbidden"):
        export(run, tmp_path / "out", "you/demo")
    assert not (tmp_path / "out").exists()


def test_another_format_is_not_uploaded(run):
    with pytest.raises(UserError, match="--format=hub. Received: saved_model"):
        call("export", f"--run={run}", "--upload=me/demo")


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"Cannot load hf://me/demo: .* \(pip install '.\[hub\]'"):
        download("hf://me/demo")


def test_with_the_package(run, tmp_path):
    pytest.importorskip("huggingface_hub")
    with serve(tmp_path / "repository") as endpoint:
        environment = os.environ | {
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": "hf_token",
        }

        def generate(*flags):
            return subprocess.run(
                command("generate.py", *flags),
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )

        upload = ("--format=hub", "--upload=me/demo", "--output=out")
        done = generate("export", f"--run={run}", *upload)
        assert done.stdout.split() == ["out", f"hf://me/demo@{COMMIT}"], done.stderr
        done = generate("samples", f"--model=hf://me/demo@{COMMIT}", "--output=a.npy")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "a.npy").is_file()
