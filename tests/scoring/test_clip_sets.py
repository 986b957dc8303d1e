from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from growth.phase import phase_until
from sampling.snapshot import Snapshot
from scoring.clip_sets import ArrayClips, RecordClips, VideoClips, clip_set
from scoring.generated import GeneratedClips
from support.errors import UserError
from support.threads import ahead
from tests.dataset.videos import picture, write_video
from tests.training.toys import tiny_config, trainer_for


def test_a_data_set_gives_its_clips_in_any_order_at_a_rung(shapes):
    clips = RecordClips(shapes)
    assert len(clips) == 10
    assert clips.about["clip"] == "8x16x16"
    expected = clips.records.clips(clips.rung, [7, 2])
    np.testing.assert_array_equal(np.stack(list(clips.clips([7, 2]))), expected)
    small = RecordClips(shapes, clips.records.ladder[0])
    assert next(small.clips([3])).shape == (4, 4, 4, 3)
    assert sorted(set(clips.labels())) == list(range(8))


def test_a_rung_that_is_not_there_is_refused(shapes):
    clips = RecordClips(shapes)
    rung = type(clips.rung)(16, 64, 64, 8)
    with pytest.raises(UserError, match="Cannot use .* with the ladder 16x64x64"):
        RecordClips(shapes, rung)


def test_videos_give_their_central_frames(tmp_path):
    write_video(tmp_path / "a.mp4", [picture(10 * i) for i in range(20)])
    write_video(tmp_path / "b.mp4", [picture(10 * i, 16, 16) for i in range(5)])
    clips = VideoClips(tmp_path, num_frames=8)
    assert len(clips) == 2
    long, short = clips.clips([0, 1])
    assert long.shape == (8, 32, 48, 3)
    assert short.shape == (5, 16, 16, 3)
    np.testing.assert_allclose(long[:, 5, 5, 0], np.arange(60, 140, 10), atol=4)


def test_a_broken_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(UserError, match="a.mp4 should be a whole video"):
        next(VideoClips(tmp_path, 8).clips([0]))


def test_frames_of_different_sizes_are_refused(tmp_path):
    for i, side in enumerate((16, 16, 24)):
        (tmp_path / "a").mkdir(exist_ok=True)
        Image.new("RGB", (side, 16)).save(tmp_path / "a" / f"{i}.png")
    with pytest.raises(UserError, match="a should have frames of one size. Received: 16x16 and 16"):
        next(VideoClips(tmp_path, 8).clips([0]))


def test_a_film_is_no_clip(tmp_path):
    write_video(tmp_path / "a.mp4", [picture(0, 16, 16)] * 1025)
    with pytest.raises(UserError, match="a.mp4 should be one clip, of 1 to 1024 frames"):
        next(VideoClips(tmp_path, 8).clips([0]))


def test_arrays_of_bytes_and_of_floats(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (3, 4, 8, 8, 3), np.uint8)
    np.save(tmp_path / "bytes.npy", values)
    np.save(tmp_path / "floats.npy", (values / 127.5 - 1).astype(np.float32))
    for name in ("bytes.npy", "floats.npy"):
        clips = clip_set(tmp_path / name, 4)
        np.testing.assert_array_equal(np.stack(list(clips.clips([2, 0]))), values[[2, 0]])


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((3, 4, 8, 8), np.uint8), r"colour clips \[N, T, H, W, 3\]. Received: \[3, 4, 8"),
        (np.zeros((3, 4, 8, 8, 1), np.uint8), "colour clips"),
        (np.zeros((0, 4, 8, 8, 3), np.uint8), r"Received: \[0, 4"),
        (np.zeros((3, 4, 8, 8, 3), np.int32), "Received: int32"),
        (np.array([None]), "Cannot read .*clips.npy: "),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, sentence):
    np.save(tmp_path / "clips.npy", array)
    with pytest.raises(UserError, match=sentence):
        ArrayClips(tmp_path / "clips.npy")


@pytest.mark.parametrize("value", [np.nan, 2.0])
def test_numbers_out_of_range_are_named(tmp_path, value):
    clips = np.zeros((3, 4, 8, 8, 3), np.float32)
    clips[1, 0, 0, 0, 0] = value
    np.save(tmp_path / "clips.npy", clips)
    with pytest.raises(UserError, match=f"Received: {value:g} in clip 1"):
        list(ArrayClips(tmp_path / "clips.npy").clips(range(3)))


def test_a_cut_array_is_refused(tmp_path):
    np.save(tmp_path / "clips.npy", np.zeros((3, 4, 8, 8, 3), np.uint8))
    data = (tmp_path / "clips.npy").read_bytes()
    (tmp_path / "clips.npy").write_bytes(data[:200])
    with pytest.raises(UserError, match="Cannot read .*clips.npy: "):
        ArrayClips(tmp_path / "clips.npy")


def test_generated_clips_are_brought_to_the_full_size():
    seen = []

    def sample(latents):
        seen.append(len(latents))
        return np.tile(latents[:, None, None, None, :], (1, 2, 4, 4, 1))

    latents = np.random.default_rng(0).uniform(-1, 1, (7, 3)).astype(np.float32)
    made = GeneratedClips(sample, latents, (4, 4, 8), 3, {})
    clips = list(made.clips([6, 0, 1, 2]))
    assert seen == [3, 1]
    assert [clip.shape for clip in clips] == [(4, 4, 8, 3)] * 4
    for clip, index in zip(clips, [6, 0, 1, 2], strict=True):
        expected = np.rint((latents[index] + 1) * 127.5)
        assert (clip == expected).all()


def test_clips_that_are_not_finite_are_refused():
    made = GeneratedClips(
        lambda z: np.full((1, 1, 4, 4, 3), np.nan),
        np.zeros((1, 2)),
        (1, 4, 4),
        1,
        {"nimg": 64, "config": "demo"},
    )
    with pytest.raises(
        UserError, match="Cannot score snapshot 64 of demo: it makes NaN or infinity"
    ):
        next(made.clips([0]))


@pytest.mark.parametrize(("seed", "expected"), [(None, 5), (3, 3), (0, 0)])
def test_clips_of_a_snapshot_follow_from_its_seed(seed, expected):
    asked = []

    class Toy:
        view, psi = "", 1.0
        past_frames = 0
        config = SimpleNamespace(
            name="demo",
            train=SimpleNamespace(seed=5),
            latent_size=4,
            num_classes=0,
            class_names=(),
            ladder=[SimpleNamespace(shape=(2, 4, 4)), SimpleNamespace(shape=(4, 8, 8))],
        )
        phase = SimpleNamespace(minibatch=3, nimg=64, level=0)

        def sample(self, latents, minibatch):
            asked.append((latents, minibatch))
            return np.zeros((len(latents), 2, 4, 4, 3), np.float32)

        def weights_hash(self):
            return "ab"

    made = GeneratedClips.of_snapshot(Toy(), 7, seed)
    latents = np.random.default_rng((expected, 2)).standard_normal((7, 4)).astype(np.float32)
    assert [clip.shape for clip in made.clips([6, 2, 0, 1])] == [(4, 8, 8, 3)] * 4
    np.testing.assert_array_equal(np.concatenate([z for z, _ in asked]), latents[[6, 2, 0, 1]])
    assert [(len(z), minibatch) for z, minibatch in asked] == [(3, 3), (1, 3)]
    phase = f"{Toy.config.ladder[0]} {Toy.phase}"
    assert made.about == {
        "kind": "generator",
        "config": "demo",
        "nimg": 64,
        "phase": phase,
        "seed": expected,
        "weights": "ab",
    }
    assert list(made.about) == ["kind", "config", "nimg", "phase", "seed", "weights"]
    assert made.labels().tolist() == [-1] * 7


def test_labels_of_generated_clips_are_drawn_as_in_the_reals():
    class Toy:
        view, psi = "", 1.0
        past_frames = 0
        config = SimpleNamespace(
            name="demo",
            train=SimpleNamespace(seed=5),
            latent_size=4,
            num_classes=3,
            class_names=("a", "b", "c"),
            ladder=[SimpleNamespace(shape=(2, 4, 4))],
        )
        phase = SimpleNamespace(minibatch=4, nimg=64, level=0)

        def sample(self, latents, minibatch, labels):
            return np.full((len(latents), 2, 4, 4, 3), labels[:, None, None, None, None] / 12.75)

        def weights_hash(self):
            return "ab"

    class Labelled:
        def labels(self):
            return np.array([0] * 3 + [2] * 9 + [-1] * 50)

    made = GeneratedClips.of_snapshot(Toy(), 400, reals=Labelled())
    counts = np.bincount(made.labels(), minlength=3)
    assert counts[1] == 0
    assert counts[2] == pytest.approx(300, abs=40)
    even = GeneratedClips.of_snapshot(Toy(), 6)
    assert even.labels().tolist() == [0, 0, 1, 1, 2, 2]
    assert [clip.max() for clip in even.clips([5, 0, 3])] == [148, 128, 138]


def test_floats_from_0_to_1_are_refused(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (40, 4, 8, 8, 3), np.uint8)
    np.save(tmp_path / "clips.npy", (values / 255).astype(np.float32))
    with pytest.raises(UserError, match=r"Received: 0 to 1 in 16 clips, which looks like \[0, 1\]"):
        ArrayClips(tmp_path / "clips.npy")
    np.save(tmp_path / "clips.npy", (values / 127.5 - 1).astype(np.float16))
    assert len(ArrayClips(tmp_path / "clips.npy")) == 40
    np.save(tmp_path / "clips.npy", np.zeros((4, 4, 8, 8, 3), np.float32))  # Grey clips.
    assert next(ArrayClips(tmp_path / "clips.npy").clips([0])).max() == 128


def test_a_negative_shape_is_refused(tmp_path):
    with open(tmp_path / "clips.npy", "wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (-1, 4, 8, 8, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(bytes(10000))
    with pytest.raises(UserError, match="Cannot read .*clips.npy: memory mapped length must"):
        ArrayClips(tmp_path / "clips.npy")


def test_generated_clips_do_not_depend_on_the_number_of_devices():
    config = tiny_config()
    generator = trainer_for(config).model.networks["Gs"]
    snapshot = Snapshot(config, phase_until(32, config.schedule, config.ladder), generator)
    parts = [range(i, i + 5) for i in range(0, 20, 5)]
    clips, hashes = [], set()
    for devices in ((), ("CPU:0",), ("CPU:1",), ("CPU:0", "CPU:1", "CPU:2")):
        made = GeneratedClips.of_snapshot(snapshot, 20, devices=devices)
        read = ahead(lambda part, made=made: list(made.clips(part)), parts, 3, 3)
        clips.append(np.concatenate(list(read)))
        hashes.add(made.sha256)
    assert clips[0].std() > 1
    for other in clips[1:]:
        np.testing.assert_array_equal(other, clips[0])
    assert len(hashes) == 1
    assert snapshot.on("CPU:1").generator.variables[0].value.device.endswith("CPU:1")
    # The first clips are the same for any number of them.
    few = GeneratedClips.of_snapshot(snapshot, 5)
    np.testing.assert_array_equal(list(few.clips(range(5))), clips[0][:5])
    hashes |= {GeneratedClips.of_snapshot(snapshot, 20, seed).sha256 for seed in (1, 2)}
    snapshot.generator.variables[0].assign_add(tf.ones_like(snapshot.generator.variables[0].value))
    hashes |= {few.sha256, GeneratedClips.of_snapshot(snapshot, 20).sha256}
    assert len(hashes) == 5
