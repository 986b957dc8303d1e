import dataclasses
import json
import shutil

import av
import keras
import numpy as np
import pytest
from PIL import Image

from commands import rendering
from commands.interpolation import render_loops, render_walks
from config import demo
from growth.phase import list_phases
from metrics import weights
from metrics.c3d import C3D
from metrics.protocols import protocol
from networks.generator import Generator
from sampling.latents import sample_latents
from sampling.snapshot import load_snapshot, save_snapshot
from scoring.features import load_extractor
from scoring.generated import GeneratedClips
from support.errors import UserError
from support.media import to_uint8
from tests.commands.calls import call
from tests.support.test_plots import made_up_history
from tests.train_command import run_script
from tests.training.toys import write_config


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of three rungs with a snapshot within each phase, untrained."""
    run = tmp_path_factory.mktemp("run")
    config = demo().override(["growth.resolution=16", "growth.feature_maps_max=4"])
    write_config(run, config)
    generator = Generator(config.ladder, config.network)
    for phase in list_phases(config.schedule, config.ladder):
        save_snapshot(run, generator, phase.begin + 8)
    lines = [json.dumps(line) + "\n" for line in made_up_history()]
    (run / "history.jsonl").write_text("".join(lines))
    return run


def make(run, command, *arguments):
    call(command, f"--run={run}", *arguments)  # The last of two --run counts.


def size(path):
    """(frames, height, width) of a video or a picture."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return (len(frames), *frames[0].shape[:2])
    with Image.open(path) as picture:
        return (getattr(picture, "n_frames", 1), picture.height, picture.width)


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
    make(trained, "samples", "--num=2", "--snapshot=3008", f"--output={tmp_path / 'a.npy'}")
    for file in (trained / "snapshots").glob("gs-000003008.*"):
        shutil.copy(file, tmp_path)
    model = f"--model={tmp_path / 'gs-000003008.weights.h5'}"
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


def test_interpolation_begins_and_ends_at_its_latents(trained, monkeypatch):
    seen = []
    monkeypatch.setattr(rendering, "write_sheet", lambda path, sheet, fps: seen.append(sheet))
    make(trained, "interpolation", "--pairs=1", "--steps=3", "--seed=3", "--plain")
    ends = to_uint8(load_snapshot(trained).sample(sample_latents(2, 32, seed=3)))
    # Three clips of 16 pixels, enlarged by 4, 2 pixels apart.
    np.testing.assert_allclose(seen[0][:, ::4, 0:64:4].astype(int), ends[0], atol=1)
    np.testing.assert_allclose(seen[0][:, ::4, 132:196:4].astype(int), ends[1], atol=1)


def test_a_walk_passes_its_latents_and_is_smooth(trained):
    snapshot = load_snapshot(trained)
    latents = sample_latents(6, 32, seed=0).reshape(2, 3, 32)
    walks = render_walks(snapshot, latents, 12)
    assert walks.shape == (2, 25, 16, 16, 3)
    for moment, frame, place in [(0, 0, 0), (12, 2, 1), (24, 4, 2)]:  # 8 frames forth and 6 back.
        clips = to_uint8(snapshot.sample(latents[:, place]))
        np.testing.assert_allclose(walks[:, moment].astype(int), clips[:, frame], atol=1)


def test_latents_of_a_walk_change_little_by_little(trained, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "commands.interpolation.render",
        lambda snapshot, latents, labels: seen.append(latents) or iter(np.zeros((25, 8, 1, 1, 3))),
    )
    latents = sample_latents(3, 32, seed=0)[None]
    render_walks(load_snapshot(trained), latents, 12)
    steps = np.linalg.norm(np.diff(seen[0], axis=0), axis=1)
    whole = np.linalg.norm(latents[0, 1] - latents[0, 0])
    assert steps.max() < 0.2 * whole
    assert max(steps[[0, 11, 12, 23]]) < 0.3 * steps.max()  # Slow at the latents.


def test_loop_passes_its_latents_and_closes(trained):
    snapshot = load_snapshot(trained)
    begin, end = np.split(sample_latents(2, 32, seed=0), 2)
    loop = render_loops(snapshot, begin, end)
    assert loop.shape == (1, 70, 16, 16, 3)  # Five plays of 8 frames forth and 6 back.
    for moment, frame, latent in [(0, 0, begin), (35, 7, -begin)]:
        clip = to_uint8(snapshot.sample(latent))[0]
        np.testing.assert_allclose(loop[0, moment].astype(int), clip[frame], atol=1)


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
        ("samples --snapshot=123", "Cannot load snapshot 123 .* it has 8, 3008, 6008"),
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


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A run of a generator of three classes, untrained."""
    run = tmp_path_factory.mktemp("labelled")
    settings = ["growth.resolution=4", "growth.num_frames=4", "growth.feature_maps_max=4"]
    classes = ["network.labels=projection", "network.classes=('up', 'down', 'left')"]
    config = demo().override([*settings, *classes])
    write_config(run, config)
    save_snapshot(run, Generator(config.ladder, config.network), 8)
    return run


def array(run, path, *flags):
    make(run, "samples", "--num=6", f"--output={path}", *flags)
    return np.load(path)


def test_samples_are_of_the_labels(labelled, tmp_path):
    every = array(labelled, tmp_path / "a.npy")
    some = array(labelled, tmp_path / "b.npy", "--label", "left", "up")
    one = array(labelled, tmp_path / "c.npy", "--label", "up")
    np.testing.assert_array_equal(one[:2], every[:2])  # The first third is of the first class.
    np.testing.assert_array_equal(one[3:], some[3:])
    assert (one[2:] != every[2:]).any()


def test_rows_of_samples_are_classes(labelled, tmp_path):
    make(labelled, "samples", "--num=6", f"--output={tmp_path / 'a.png'}", "--plain")
    make(labelled, "samples", "--num=6", f"--output={tmp_path / 'a.mp4'}")
    frames, height, width = size(tmp_path / "a.mp4")
    assert frames == 4
    assert height > 3 * 64  # Three rows
    assert 2 * 64 < width < 4 * 64  # of two clips, with names.


def test_interpolation_goes_from_label_to_label(labelled, tmp_path, monkeypatch):
    seen = []
    real = rendering.render
    monkeypatch.setattr(
        "commands.interpolation.render",
        lambda snapshot, latents, labels: seen.append(labels) or real(snapshot, latents, labels),
    )
    flags = ["--pairs=2", f"--output={tmp_path / 'a.png'}"]
    make(labelled, "interpolation", *flags, "--steps=3", "--label", "up", "left")
    np.testing.assert_allclose(seen[0][:3], [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])
    make(labelled, "interpolation", *flags, "--steps=2")
    np.testing.assert_allclose(seen[1], np.eye(3)[[0, 0, 1, 1]])
    make(labelled, "interpolation", *flags, "--loop", "--label", "down")
    assert (seen[2] == [0, 1, 0]).all()
    flags = ["--pairs=1", "--seconds=0.5", "--fps=4", f"--output={tmp_path / 'a.gif'}"]
    make(labelled, "interpolation", *flags, "--label", "up", "left")
    np.testing.assert_allclose(seen[3][[0, 3, 6]], [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            ["samples", "--label", "right"],
            "--label should be one of up, down, left. Received: right",
        ),
        (
            ["interpolation", "--label", "up", "up", "up"],
            "should be one or two classes. Received: 3",
        ),
    ],
)
def test_unknown_labels(labelled, flags, sentence):
    with pytest.raises(UserError, match=sentence):
        make(labelled, *flags)


def test_a_generator_without_classes_takes_no_label(trained):
    with pytest.raises(UserError, match="this generator was trained without labels"):
        make(trained, "samples", "--label", "up")


def test_edits_along_directions(trained, tmp_path):
    output = tmp_path / "edit.png"
    make(trained, "edit", "--count=2", "--steps=3", f"--output={output}", "--plain")
    assert size(output) == (1, 4 * 66 - 2, 3 * 66 - 2)
    with Image.open(output) as picture:
        cells = np.asarray(picture)[:64, :196]
    left, middle, right = (cells[:, x : x + 64] for x in (0, 66, 132))
    snapshot = load_snapshot(trained)
    config = snapshot.config
    latents = sample_latents(2, config.latent_size, config.train.seed)
    clips = to_uint8(snapshot.sample(latents))
    np.testing.assert_array_equal(middle[::4, ::4], clips[0, 4])
    assert (left != middle).any()
    assert (left != right).any()
    make(trained, "edit", "--count=1", "--num=1", f"--output={tmp_path}/edit.mp4")
    assert size(tmp_path / "edit.mp4")[0] == 8
    with pytest.raises(UserError, match="--label should be given with --weights"):
        make(trained, "edit", "--label", "right")


def test_edits_toward_a_class(trained, tmp_path):
    network, output = tmp_path / "c3d.weights.h5", tmp_path / "edit.png"
    keras.utils.set_random_seed(0)
    classifier = C3D(2, width=4)
    weights.save(classifier, network, {"class_names": ["right", "left"]})
    flags = [f"--weights={network}", "--draws=16", f"--output={output}", "--steps=2"]
    with pytest.raises(UserError, match="one of right, left. Received: up"):
        make(trained, "edit", *flags, "--label", "up")
    # A bias that puts half of the clips in each class.
    snapshot = load_snapshot(trained)
    fakes = GeneratedClips.of_snapshot(snapshot, 16)
    of_logits = dataclasses.replace(protocol("c3d_torch"), features="logits")
    logits = load_extractor(network, of_logits, None).extract(fakes, range(16)).values
    bias = np.median(logits[:, 1] - logits[:, 0])
    classifier.fc8.bias.assign([bias, 0])
    weights.save(classifier, network, {"class_names": ["right", "left"]})
    make(trained, "edit", *flags, "--label", "left", "--num=1")
    assert output.exists()
