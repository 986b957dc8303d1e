import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from metrics.controls import CONTROLS
from metrics.protocols import PROTOCOLS
from scoring import features
from scoring.features import Extractor, cache_beside, preprocess_each
from scoring.generated import GeneratedClips
from support.errors import UserError
from tests.scoring.toys import Clips, Means, toy_extractor, toy_protocol


def expected_values(array):
    """Of clips of 8 frames of one colour: the channels' means, each frame twice."""
    return array[:, :, 0, 0].repeat(2, axis=1).reshape(len(array), 48)


def test_features_are_those_of_the_clips_in_order():
    clips, order = Clips(21), [5, 0, 20, *range(1, 18)]
    found = toy_extractor().extract(clips, order)
    np.testing.assert_allclose(found.values, expected_values(clips.array[order]), atol=1e-3)
    np.testing.assert_allclose(found.probabilities.sum(1), 1, rtol=1e-5)
    assert found.values.dtype == np.float32
    np.testing.assert_array_equal(found[3:5].values, found.values[3:5])


def test_the_hash_is_of_the_pixels():
    clips = Clips(6)
    extract = toy_extractor().extract
    assert extract(clips, range(6)).sha256 == extract(Clips(6), range(6)).sha256
    assert extract(clips, range(6)).sha256 != extract(clips, [1, 0, 2, 3, 4, 5]).sha256


def test_a_control_changes_each_clip_by_its_own_index():
    clips = Clips(9)
    found = toy_extractor().extract(clips, [4, 8], control="shuffled")
    changed = np.stack([CONTROLS["shuffled"](clips.array[i], i) for i in (4, 8)])
    np.testing.assert_allclose(found.values, expected_values(changed), atol=1e-3)


@pytest.mark.parametrize("num", [48, 37])
def test_features_do_not_depend_on_the_number_of_devices(num):
    clips, one = Clips(48), toy_extractor()
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    two = dataclasses.replace(one, strategy=strategy)
    devices, endpoints = set(), Means.endpoints

    def placed(self, batch):
        found = endpoints(self, batch)
        devices.add(found["fc6"].device.rpartition("device:")[2])
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Means, "endpoints", placed)
        found = two.extract(clips, range(num))
    assert devices >= {"CPU:0", "CPU:1"}
    expected = one.extract(clips, range(num))
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert found.sha256 == expected.sha256


def test_after_a_kill_only_parts_that_are_not_whole_are_computed(tmp_path, monkeypatch):
    monkeypatch.setattr(features, "_PART", 4)
    expected = toy_extractor().extract(Clips(10), range(10))
    clips, extractor = Clips(10), toy_extractor(tmp_path)
    read = clips.clips

    def until_8(indices):
        if 8 in indices:
            raise KeyboardInterrupt
        return read(indices)

    clips.clips = until_8
    with pytest.raises(KeyboardInterrupt):
        extractor.extract(clips, range(10))
    (folder,) = tmp_path.iterdir()
    first, second = sorted(folder.iterdir())
    second.write_bytes(second.read_bytes()[:-1] + b"?")
    clips.clips, clips.read = read, []
    found = extractor.extract(clips, range(10))
    assert clips.read == list(range(4, 10))
    np.testing.assert_array_equal(found.values, expected.values)
    assert found.digests == expected.digests
    assert not folder.exists()
    assert len(list(tmp_path.iterdir())) == 1


def test_features_of_a_data_set_are_kept(tmp_path):
    extractor, clips = toy_extractor(tmp_path / "features"), Clips(6)
    first = extractor.extract(clips, [1, 2])
    calls, clips.read = Means.calls, []
    again = extractor.extract(clips, [1, 2])
    assert (Means.calls, clips.read) == (calls, [])
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    assert first.sha256 == again.sha256
    assert len(list((tmp_path / "features").iterdir())) == 1


def test_they_are_not_taken_for_those_of_anything_else(tmp_path):
    extractor, clips = toy_extractor(tmp_path), Clips(6)
    extractor.extract(clips, [1, 2])
    extractor.extract(clips, [2, 1])
    extractor.extract(clips, [1, 2], control="frozen")
    extractor.extract(Clips(6, seed=1), [1, 2])
    toy_extractor(tmp_path, frames="first16").extract(clips, [1, 2])
    about = extractor.about | {"sha256": "1"}
    Extractor(Means(), toy_protocol(), None, about, tmp_path).extract(clips, [1, 2])
    Extractor(Means(), toy_protocol(), np.ones(3), extractor.about, tmp_path).extract(clips, [1, 2])
    extractor.extract(Clips(6, kind="videos"), [1, 2])  # Not kept.
    assert len(list(tmp_path.iterdir())) == 7


def test_without_a_place_for_features_work_goes_on(tmp_path, capsys):
    (tmp_path / "features").touch()
    found = toy_extractor(tmp_path / "features").extract(Clips(6), [1, 2])
    assert len(found) == 2
    assert "Features are not cached" in capsys.readouterr().out


def test_a_part_has_the_hash_of_its_own_pixels():
    whole = toy_extractor().extract(Clips(6), range(6))
    assert whole[2:4].sha256 == toy_extractor().extract(Clips(6), [2, 3]).sha256


def test_clips_of_several_lengths_are_refused_where_all_frames_count():
    clips = [np.zeros((frames, 16, 16, 3), np.uint8) for frames in (9, 10)]
    with pytest.raises(UserError, match="of one length. Received: clips of 9 and 10 frames"):
        preprocess_each(clips, PROTOCOLS["fvd"], None)
    assert preprocess_each(clips, PROTOCOLS["c3d_torch"], None).shape == (2, 16, 112, 112, 3)


def test_damaged_features_are_named(tmp_path):
    extractor = toy_extractor(tmp_path)
    extractor.extract(Clips(6), [1, 2])
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(UserError, match="Cannot read .*: .* It should be a .npy file"):
        extractor.extract(Clips(6), [1, 2])


def test_weights_of_the_other_network_are_refused():
    with pytest.raises(UserError, match="`weights` should be of c3d for the protocol c3d_torch"):
        Extractor(Means(), toy_protocol(), None, {"network": "i3d"})


def test_features_lie_beside_a_data_set_that_is_here(tmp_path):
    assert cache_beside(tmp_path) == tmp_path / "features"
    assert cache_beside("gs://bucket/data") is None


def test_the_network_computes_in_float32(monkeypatch):
    enabled, seen = tf.config.experimental.tensor_float_32_execution_enabled, []
    endpoints = Means.endpoints
    monkeypatch.setattr(Means, "endpoints", lambda *a: [seen.append(enabled()), endpoints(*a)][1])
    before = enabled()
    toy_extractor().extract(Clips(3), [0, 1, 2])
    assert seen == [False]
    assert enabled() is before is True


def generated(num, sha256="0", seed=0):
    """Clips of one colour each, of a generator that counts the clips that it makes."""
    colours = np.random.default_rng(seed).uniform(-0.5, 0.5, (num, 3)).astype(np.float32)

    def sample(latents):
        made.count += len(latents)
        return np.broadcast_to(latents[:, None, None, None], (len(latents), 8, 16, 16, 3))

    about = {"kind": "generator", "nimg": 0, "config": "toy"}
    made = GeneratedClips(sample, colours, (8, 16, 16), 3, about, sha256=sha256)
    made.count = 0
    return made


def test_features_of_fakes_resume_after_a_kill(tmp_path, monkeypatch):
    monkeypatch.setattr(features, "_PART", 8)
    expected, extractor = toy_extractor().extract(generated(20), range(20)), toy_extractor(tmp_path)
    clips = generated(20)
    read = clips.clips

    def until_16(indices):
        if 16 in indices:
            raise KeyboardInterrupt
        return read(indices)

    monkeypatch.setattr(clips, "clips", until_16)
    with pytest.raises(KeyboardInterrupt):
        extractor.extract(clips, range(20))
    clips = generated(20)
    found = extractor.extract(clips, range(20))
    assert clips.count == 4
    np.testing.assert_array_equal(found.table, expected.table)
    clips = generated(20)
    np.testing.assert_array_equal(extractor.extract(clips, range(20)).table, expected.table)
    assert clips.count == 0


def test_features_of_other_fakes_are_not_taken(tmp_path):
    extractor = toy_extractor(tmp_path)
    extractor.extract(generated(4), range(4))
    extractor.extract(generated(4, sha256="1"), range(4))
    extractor.extract(generated(4), range(3))
    extractor.extract(generated(4), range(4), control="shuffled")
    assert len(list(tmp_path.iterdir())) == 4
    extractor.extract(generated(4, sha256=None), range(4))
    dataclasses.replace(extractor, keep_fakes=False).extract(generated(4, "2"), range(4))
    assert len(list(tmp_path.iterdir())) == 4


def test_a_worker_alone_computes_the_parts_of_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(features, "_PART", 4)
    expected = toy_extractor().extract(Clips(10), range(10))
    clips = Clips(10)
    second = dataclasses.replace(toy_extractor(tmp_path), worker=(1, 2))
    found = second.extract(clips, range(10))
    np.testing.assert_array_equal(found.table, expected.table)
    assert sorted(clips.read) == list(range(10))
    assert clips.read[:6] == list(range(4, 10))  # Its own ones come first.
    assert len(list(tmp_path.iterdir())) == 1


_WORKER = """
import dataclasses, pathlib, sys, time
from scoring import features
from tests.scoring.toys import Clips, toy_extractor

cache, index = pathlib.Path(sys.argv[1]), int(sys.argv[2])
features._PART = 8
extractor = dataclasses.replace(toy_extractor(cache), worker=(index, 2))
(cache / f"ready{index}").touch()
while not (cache / f"ready{1 - index}").exists():
    time.sleep(0.01)
clips = Clips(64)
read = clips.clips
clips.clips = lambda indices: [time.sleep(0.05), read(indices)][1]
found = extractor.extract(clips, range(64))
print(len(clips.read), found.sha256, found.values.sum())
"""


def test_two_processes_share_the_work(tmp_path):
    command = [sys.executable, "-c", _WORKER, tmp_path]
    workers = [
        subprocess.Popen(
            [*command, str(index)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
        )
        for index in (0, 1)
    ]
    outputs = [worker.communicate(timeout=120)[0].split() for worker in workers]
    expected = toy_extractor().extract(Clips(64), range(64))
    for _, sha256, total in outputs:
        assert (sha256, total) == (expected.sha256, str(expected.values.sum()))
    counts = [int(output[0]) for output in outputs]
    assert min(counts) >= 8
    assert sum(counts) <= 96  # Each computes about half; the last parts may be computed twice.
    assert len(list(tmp_path.glob("*.npy*"))) == 1
