"""generate.py prediction on an untrained run."""

import json

import av
import numpy as np
import pytest
from PIL import Image

from commands.prediction import lay_out
from sampling import futures
from scoring import prediction as scores
from support.errors import UserError
from tests.commands.calls import call
from tests.commands.predicting import FADING, PAST, make_run
from tests.dataset.videos import noisy, write_video
from tests.training.toys import tiny_config


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("prediction"))


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("plain"), "prediction.past=0")


def frames_of(path):
    if path.suffix == ".png":
        return np.asarray(Image.open(path))[None]
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


# A clip of 16x16 is enlarged to 64, with a border of 2 and 2 pixels of padding.
@pytest.mark.parametrize(
    ("flags", "name", "expected"),
    [
        (["--num=2", "--futures=2"], "a.mp4", (6, 138, 208)),
        (["--num=2", "--futures=1"], "a.png", (1, 278, 418)),
        (["--num=1", "--futures=1", f"--snapshot={FADING}"], "a.mp4", (6, 68, 138)),
    ],
)
def test_clips_of_the_data_set_are_continued(run, tmp_path, flags, name, expected):
    call("prediction", f"--run={run}", "--plain", *flags, f"--output={tmp_path / name}")
    frames = frames_of(tmp_path / name)
    assert frames.shape == (*expected, 3)
    call("prediction", f"--run={run}", *flags, f"--output={tmp_path / name}")
    assert frames_of(tmp_path / name).shape[1] > expected[1]  # The captions.


@pytest.mark.parametrize(("length", "truths"), [(PAST, 0), (5, 2)])
def test_a_video_of_ones_own_is_continued(run, tmp_path, length, truths):
    write_video(tmp_path / "walk.mp4", noisy(length, 24, 40))
    out = tmp_path / "a.png"
    flags = (f"--source={tmp_path}/walk.mp4", "--futures=2", "--plain", f"--output={out}")
    call("prediction", f"--run={run}", *flags)
    (picture,) = frames_of(out)
    assert picture.shape == (3 * 68 + 2 * 2, 6 * 68 + 5 * 2, 3)
    white = (picture[:68, PAST * 70 :] == 255).all((0, 2))
    assert white[truths * 70 :].all()
    assert not white[: truths * 70].all() or not truths


def test_a_video_is_continued_for_longer_than_was_trained(run, tmp_path):
    write_video(tmp_path / "walk.mp4", noisy(8, 24, 40))
    out = tmp_path / "a.png"
    flags = (f"--source={tmp_path}/walk.mp4", "--futures=1", "--plain", f"--output={out}")
    call("prediction", f"--run={run}", "--frames=10", *flags)
    (picture,) = frames_of(out)
    assert picture.shape == (2 * 68 + 2, 10 * 68 + 9 * 2, 3)
    assert (picture[:68, 8 * 70 :] == 255).all()  # The video has ended.
    assert (picture[:68, 7 * 70 : 8 * 70] != 255).any()


@pytest.fixture(scope="module")
def classes_run(tmp_path_factory):
    """A generator of two classes of the eight that the data set has, in another order."""
    labels = ["network.labels=concat", "network.classes=('up', 'left')"]
    return make_run(tmp_path_factory.mktemp("classes"), *labels)


def test_clips_are_continued_in_their_own_class(classes_run, tmp_path, monkeypatch):
    seen = []
    real = futures.sample_futures

    def sample(*arguments, labels, **more):
        seen.append(labels)
        return real(*arguments, labels=labels, **more)

    monkeypatch.setattr(futures, "sample_futures", sample)
    monkeypatch.setattr(scores, "sample_futures", sample)
    out = f"--output={tmp_path / 'a.png'}"
    call("prediction", f"--run={classes_run}", out)
    assert sorted(seen.pop()) == [0, 1]  # A clip of each, of the eight.
    call("prediction", f"--run={classes_run}", "--label", "left", out)
    assert list(seen.pop()) == [1, 1]
    call("prediction_scores", f"--run={classes_run}", f"--output={tmp_path}/a.json")
    assert json.loads((tmp_path / "a.json").read_text())["clips"] == 2
    assert sorted(np.concatenate(seen)) == [0, 1]


def test_a_video_is_continued_in_a_class_that_is_named(classes_run, tmp_path):
    write_video(tmp_path / "walk.mp4", noisy(6, 24, 40))
    flags = [f"--run={classes_run}", f"--source={tmp_path}/walk.mp4"]
    flags += [f"--output={tmp_path}/a.png"]
    with pytest.raises(UserError, match="--label should be given with --source .* up, left"):
        call("prediction", *flags)
    call("prediction", *flags, "--label", "up")
    assert (tmp_path / "a.png").is_file()


def test_no_truncation_and_no_mask_where_there_is_nothing_to_choose(run, tmp_path):
    with pytest.raises(UserError, match="--psi should be 1 for a generator that predicts"):
        call("prediction", f"--run={run}", "--psi=0.5", f"--output={tmp_path}/a.png")
    with pytest.raises(UserError, match="`prediction.mask` should be false without"):
        tiny_config("prediction.mask=true", "prediction.from_last=false")


def test_borders_mark_the_past_and_what_was_generated():
    truth, future = (
        np.full((4, 64, 64, 3), 10, np.uint8),
        np.full((1, 2, 4, 64, 64, 3), 20, np.uint8),
    )
    (picture,) = lay_out([truth], future, past=1, still=True, plain=True)
    corners = picture[::70, ::70].astype(int)
    blue, orange, white = (0, 114, 178), (230, 120, 0), (255, 255, 255)
    assert corners[0].tolist() == [list(c) for c in (blue, white, white, white)]
    assert corners[1].tolist() == [list(c) for c in (blue, orange, orange, orange)]
    assert (picture[2:66, 2:66] == 10).all()
    assert (picture[72:136, 2:66] == 20).all()


def test_one_future_without_a_critic(tmp_path):
    run = make_run(tmp_path, "prediction.critic=false")
    call("prediction", f"--run={run}", "--num=1", "--plain", f"--output={tmp_path}/a.mp4")
    assert frames_of(tmp_path / "a.mp4").shape[2] == 138  # The truth and the future.


@pytest.mark.parametrize(
    ("frames", "flags", "message"),
    [
        (2, [], "--source should have at least 3 frames from --start=0 on. Received: 2 in a.mp4"),
        (5, ["--start=3"], "at least 3 frames from --start=3 on. Received: 2 in a.mp4"),
    ],
)
def test_videos_that_are_too_short(run, tmp_path, frames, flags, message):
    write_video(tmp_path / "a.mp4", noisy(frames))
    with pytest.raises(UserError, match=message):
        call("prediction", f"--run={run}", f"--source={tmp_path}", *flags)


def test_generators_that_do_not_predict_and_commands_without_a_past(plain_run, run):
    with pytest.raises(UserError, match="Cannot predict with demo: it was trained without a past"):
        call("prediction", f"--run={plain_run}")
    with pytest.raises(UserError, match="of latents alone: demo continues the first 3 frames"):
        call("samples", f"--run={run}")
