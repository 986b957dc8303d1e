import json
import shutil

import av
import numpy as np
import pytest
from PIL import Image

from sampling.latents import sample_latents
from sampling.snapshot import load_snapshot
from support.errors import UserError
from support.media import to_uint8
from tests.commands.calls import call
from tests.commands.making import make, size
from tests.train_command import run_script


# Clips of 8x16x16, enlarged to 64 pixels, 2 pixels apart.
@pytest.mark.parametrize(
    ("command", "name", "expected"),
    [
        ("samples --num=5", "a.mp4", (8, 130, 196)),
        ("samples --num=2", "a.gif", (8, 64, 130)),
        ("samples --num=2", "a.webp", (8, 64, 130)),
        ("samples --num=2", "a.apng", (8, 64, 130)),
        ("samples --num=3", "a.png", (1, 196, 526)),
        ("interpolation --pairs=2 --steps=3", "a.mp4", (8, 130, 196)),
        ("interpolation --pairs=2 --steps=3", "a.png", (1, 130, 196)),
        ("interpolation --pairs=2 --points=3 --seconds=0.5 --fps=4", "a.mp4", (5, 64, 130)),
        ("interpolation --pairs=2 --loop", "a.webp", (70, 64, 130)),
        ("interpolation --pairs=2 --loop", "a.png", (1, 130, 526)),
        ("progress --num=2 --columns=3", "a.png", (1, 130, 196)),
        ("progress --num=2", "a.gif", (8, 130, 328)),
    ],
)
def test_files_are_made(trained, tmp_path, capsys, command, name, expected):
    make(trained, *command.split(), "--plain", f"--output={tmp_path / name}")
    assert size(tmp_path / name) == expected
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert capsys.readouterr().out.endswith(f"{tmp_path / name}\n")
    make(trained, *command.split(), f"--output={tmp_path / name}")
    frames, height, width = size(tmp_path / name)
    assert (frames, width) == (expected[0], expected[2])
    assert height >= expected[1] + 16  # The caption.


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_curves_are_drawn(trained, tmp_path, kind):
    make(trained, "curves", f"--output={tmp_path}/a.{kind}")
    assert [file.name for file in tmp_path.iterdir()] == [f"a.{kind}"]


def test_rates_are_those_of_the_file(trained, tmp_path, capsys):
    make(trained, "samples", "--num=1", "--fps=60", f"--output={tmp_path}/a.gif")
    assert "browsers play GIFs at up to 50 frames per second" in capsys.readouterr().out
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.info["duration"] == 20
    make(trained, "samples", "--num=1", "--fps=60", f"--output={tmp_path}/a.mp4")
    assert "Warning" not in capsys.readouterr().out
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == 60


def test_clips_play_at_the_rate_of_the_data_set(trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    description = json.loads((run / "config.json").read_text())
    description["data"]["fps"] = 12.5
    (run / "config.json").write_text(json.dumps(description))
    for card in (run / "snapshots").glob("*.json"):
        card.unlink()  # It is made of the run's files then.
    for command, flags, rate in [
        ("samples", ["--num=1"], 12.5),
        ("interpolation", ["--pairs=1", "--steps=2"], 12.5),
        ("progress", ["--num=1", "--columns=2"], 12.5),
        ("samples", ["--num=1", "--fps=3"], 3),
    ]:
        make(run, command, *flags, f"--output={tmp_path}/a.mp4")
        with av.open(str(tmp_path / "a.mp4")) as container:
            assert container.streams.video[0].average_rate == rate
    make(run, "export", "--format=weights")
    call("samples", f"--model={run}/weights/generator.weights.h5", "--num=1")
    with av.open(str(run / "weights" / "samples.mp4")) as container:
        assert container.streams.video[0].average_rate == 12.5


def test_a_run_whose_path_has_characters_of_patterns(trained, tmp_path, capsys):
    run = tmp_path / "lr[1e-3]"
    shutil.copytree(trained, run)
    for form in ("saved_model", "weights"):
        make(run, "export", f"--format={form}")
        assert (run / form / "generator.json").is_file()
    assert "TensorFlow loads no SavedModel from a path with [" in capsys.readouterr().out
    make(run, "samples", "--num=1", "--format=npy")
    make(run, "progress", "--num=1")
    make(run, "curves")
    assert {"samples.npy", "progress.png", "curves.png"} <= {file.name for file in run.iterdir()}
    call("samples", f"--model={run}/weights/generator.weights.h5", "--num=1")
    assert (run / "weights" / "samples.mp4").is_file()


def test_array_holds_the_clips_of_the_latents(trained, tmp_path):
    make(trained, "samples", "--num=33", "--seed=5", f"--output={tmp_path / 'a.npy'}")
    snapshot = load_snapshot(trained)
    expected = snapshot.sample(sample_latents(33, 32, seed=5))
    clips = np.load(tmp_path / "a.npy")
    assert (clips.shape, clips.dtype) == ((33, 8, 16, 16, 3), np.uint8)
    np.testing.assert_allclose(clips.astype(int), to_uint8(expected), atol=1)


def test_snapshot_and_truncation_are_followed(trained, tmp_path):
    arguments = ["samples", "--num=2", "--snapshot=8", "--truncation=0.5"]
    make(trained, *arguments, f"--output={tmp_path / 'a.npy'}")
    expected = load_snapshot(trained, 8).sample(sample_latents(2, 32, 0, truncation=0.5))
    np.testing.assert_allclose(np.load(tmp_path / "a.npy"), to_uint8(expected), atol=1)


def test_a_model_that_was_passed_on_needs_no_run(trained, tmp_path):
    make(trained, "samples", "--num=2", "--snapshot=6008", f"--output={tmp_path / 'a.npy'}")
    for file in (trained / "snapshots").glob("gs-000006008.*"):
        shutil.copy(file, tmp_path)
    model = f"--model={tmp_path / 'gs-000006008.weights.h5'}"
    call("samples", model, "--num=2", "--format=npy")
    np.testing.assert_array_equal(
        np.load(tmp_path / "samples.npy"), np.load(tmp_path / "a.npy"), strict=True
    )


def test_a_model_is_given_in_place_of_a_run(trained):
    with pytest.raises(UserError, match="--model should not be given with --run"):
        make(trained, "samples", "--model=a.weights.h5")
    with pytest.raises(UserError, match="--snapshot should be given with a run. Received: --mod"):
        call("samples", "--model=a.weights.h5", "--snapshot=8")


def test_single_clips(trained, tmp_path):
    folder = tmp_path / "clips"
    make(trained, "samples", "--num=2", "--layout=clips", "--format=gif", f"--output={folder}")
    assert sorted(file.name for file in folder.iterdir()) == ["clip-0000.gif", "clip-0001.gif"]
    assert size(folder / "clip-0001.gif") == (8, 16, 16)


def test_output_goes_to_the_run_unless_told(trained):
    before = set(trained.iterdir())
    make(trained, "samples", "--num=1")
    assert set(trained.iterdir()) - before == {trained / "samples.mp4"}
    (trained / "samples.mp4").unlink()


@pytest.mark.parametrize("form", ["saved_model", "weights", "hub"])
def test_an_export_goes_to_a_folder_of_its_own(trained, tmp_path, form):
    make(trained, "export", "--snapshot=8", f"--format={form}", f"--output={tmp_path / 'a'}")
    card = json.loads((tmp_path / "a" / "generator.json").read_text())
    assert (card["nimg"], card["clips"][:15]) == (8, "[N, 4, 4, 4, 3]")
    make(trained, "export", f"--format={form}")
    assert (trained / form / "generator.json").is_file()
    with pytest.raises(UserError, match=f"{form}: it exists already and is"):
        make(trained, "export", f"--format={form}")
    shutil.rmtree(trained / form)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            "samples --output={tmp}/a.avi",
            r"--output should end in \.mp4, \.gif, \.webp, \.apng, \.png, \.npy",
        ),
        ("samples --output={tmp}/a", "--output should end in"),
        ("samples --output={tmp}/a.mp4 --format=gif", r"--output should end in \.gif\. Received"),
        ("samples --layout=clips --format=npy", "--layout=clips should be of"),
        ("samples --layout=clips --output={tmp}", "exists already and is"),
        ("samples --output={tmp}/file/a.mp4", "file/a.mp4: .*/file is no folder. Use another"),
        ("samples --output={tmp}/folder.mp4", "folder.mp4: it is a folder. Use another"),
        ("samples --num=0", "--num should be at least 1. Received: 0"),
        ("samples --seed=-1", "--seed should be at least 0. Received: -1"),
        ("export --output={tmp}", "exists already and is"),
        ("samples --snapshot=123", "Cannot load snapshot 123 .* it has 8, 6008, 8008"),
        ("samples --snapshot=newest", "--snapshot should be a whole number. Received: newest"),
        ("samples --snapshot=best", "Cannot choose the best snapshot of .* no distance"),
        ("samples --run={tmp}", "without config.json"),
        ("progress --run={tmp}/empty", "it has none yet"),
        ("curves --run={tmp}/empty --output={tmp}/a.png", "it has no history yet"),
        ("curves --output={tmp}/a.mp4", r"--output should end in \.png"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(trained, tmp_path, command, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.json").write_text((trained / "config.json").read_text())
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    before = sorted([*tmp_path.rglob("*"), *trained.rglob("*")])
    with pytest.raises(UserError, match=message):
        make(trained, *command.format(tmp=tmp_path).split())
    assert sorted([*tmp_path.rglob("*"), *trained.rglob("*")]) == before


def test_a_mistake_is_one_sentence_and_a_status(tmp_path):
    done = run_script("generate.py", "progress", f"--run={tmp_path}/none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: --run should be the folder of a run.")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
