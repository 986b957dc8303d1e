"""Data sets on a web server that is slow and fails: the same bytes, or a sentence."""

import gc
import hashlib
import shutil
import threading

import numpy as np
import pytest

from benchmarks.large_set import write_data
from dataset import remote, storage
from dataset.cache import Cache
from dataset.card import data_set_card
from dataset.damage import damaged_clips
from dataset.pipeline import ClipPipeline
from dataset.records import Records, open_records
from dataset.verify import find_faults
from growth.ladder import make_ladder
from growth.phase import phase_at
from scoring.clip_sets import RecordClips
from support.errors import UserError
from tests.dataset.conftest import LADDER
from tests.dataset.web import serve
from tests.training.toys import all_weights, tiny_config, trainer_for

FAULTS = [500, 503, 429, "drop", "cut"]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr(remote, "WAITS", (0.01, 0.02, 0.03))


@pytest.fixture
def server(shapes):
    with serve(shapes) as server:
        yield server


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """256 tiny clips in four shards."""
    folder = tmp_path_factory.mktemp("many") / "data"
    write_data(folder, shards=4, shard_clips=64, ladder="4x4x4 8x8x8")
    return folder


def test_files_of_a_web_server(server, shapes):
    path, data = f"{server.address}/index.npz", (shapes / "index.npz").read_bytes()
    assert storage.size(path) == len(data)
    assert storage.size(path + "x") is None
    assert storage.read(path) == data
    assert storage.read_at(path, 30, 100) == data[30:100]
    assert storage.read_at(path, 30, 30) == b""
    assert storage.sha256(path) == hashlib.sha256(data).hexdigest()
    with storage.local_file(path) as copy:
        assert storage.read(copy) == data
    with storage.local_file(path + "x") as copy:
        assert storage.size(copy) is None
    with pytest.raises(UserError, match="/index.npzx: no such file"):
        storage.read(path + "x")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_not_noticed(server, shapes, fault):
    data = (shapes / "index.npz").read_bytes()
    server.faults += [fault] * len(remote.WAITS)
    assert storage.read_at(f"{server.address}/index.npz", 3, 500) == data[3:500]
    assert len(server.requests) == 1 + len(remote.WAITS)
    server.faults += [fault]
    assert storage.size(f"{server.address}/index.npz") == len(data)


@pytest.mark.parametrize(
    ("fault", "sentence", "tries"),
    [
        (500, "HTTP Error 500: Internal Server Error \\(4 tries\\). Check the address", 4),
        ("drop", "closed connection without response \\(4 tries\\)", 4),
        ("cut", "248 of 497 bytes came \\(4 tries\\)", 4),
        (403, "HTTP Error 403: Forbidden. Check", 1),
        ("whole", "its server sends whole files only", 1),
        (410, "no such file", 1),
    ],
)
def test_a_fault_that_stays_is_a_sentence(server, fault, sentence, tries):
    server.always = {"index": fault}
    with pytest.raises(UserError, match=f"Cannot read http://.*/index.npz: .*{sentence}"):
        storage.read_at(f"{server.address}/index.npz", 3, 500)
    assert len(server.requests) == tries


def test_an_address_without_a_server_is_a_sentence():
    with pytest.raises(UserError, match="Cannot read http://.*refused"):
        Records("http://localhost:9/faces")


def test_an_unknown_scheme_is_a_sentence():
    with pytest.raises(UserError, match=r"Cannot read nosuch://: .*pip install '.\[remote\]'"):
        Records("nosuch://bucket/faces")


def test_a_data_set_of_a_slow_and_faulty_server(server, shapes):
    server.latency = 0.002
    server.faults.extend(np.random.default_rng(0).permutation([*FAULTS, *[None] * 20] * 9).tolist())
    server.faults = type(server.faults)(
        int(fault) if str(fault).isdecimal() else fault for fault in server.faults
    )
    here, there = open_records(shapes), open_records(server.address)
    assert there.identity()["sha256"] == here.identity()["sha256"]
    assert there.read(LADDER[1], [7, 2]) == here.read(LADDER[1], [7, 2])
    assert there.labels(np.arange(10)).tolist() == here.labels(np.arange(10)).tolist()
    assert data_set_card(server.address)["clips"] == 10
    for level in range(3):
        streams = [
            iter(ClipPipeline(folder, LADDER, 3, True).dataset(level, 2, 5))
            for folder in (shapes, server.address)
        ]
        for _ in range(4):
            ours, theirs = (next(stream) for stream in streams)
            np.testing.assert_array_equal(ours.clips, theirs.clips)
            np.testing.assert_array_equal(ours.labels, theirs.labels)


def test_reals_of_a_score(server, shapes, tmp_path):
    here, there = RecordClips(shapes), RecordClips(server.address, cache=Cache(tmp_path, 10**7))
    for _ in range(2):
        found = list(there.clips([7, 2, 9]))
        np.testing.assert_array_equal(found, list(here.clips([7, 2, 9])))
        clips = {path: size for path, size in server.sent.items() if "tfrecord" in path}
        server.sent.clear()
    assert clips == {}  # All came from the cache.


def test_training_has_the_same_weights(server, shapes, eager):
    config = tiny_config("growth.ladder=thesis", "schedule.minibatch=4")
    weights = []
    for folder in (shapes, server.address):
        trainer = trainer_for(config)
        phase = phase_at(0, config.schedule, config.ladder)
        trainer.enter(phase)
        trainer.train(ClipPipeline(folder, config.ladder, 0, True), phase, 2)
        weights.append(all_weights(trainer))
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("has_cache", [False, True])
def test_a_worker_reads_only_its_share(many, tmp_path, has_cache, monkeypatch):
    monkeypatch.setattr("dataset.fetching._SMALL", 0)
    ladder = make_ladder("4x4x4 8x8x8")
    size = (many / "8x8x8/00000.tfrecord").stat().st_size / 64
    with serve(many) as server:
        for workers in (1, 2, 4):
            cache = Cache(tmp_path / str(workers), 10**8) if has_cache else None
            clips = ClipPipeline(server.address, ladder, 0, False, cache=cache)
            server.sent.clear()
            local = 4 // workers
            stream = iter(clips.dataset(1, 0, 8, 4, first_replica=4 - local, local_replicas=local))
            for _ in range(32 * local):  # An epoch.
                next(stream)
            read = sum(sent for path, sent in server.sent.items() if "tfrecord" in path)
            ahead = 40 * size  # What the next epoch has read so far.
            assert 0.9 * 256 / workers * size < read < 256 / workers * size + ahead
            del stream


def test_small_shards_are_kept_as_a_whole(many, tmp_path):
    with serve(many) as server:
        records = Records(server.address, Cache(tmp_path, 10**8))
        server.requests.clear()
        expected = Records(many)
        for index in range(64):
            assert (
                records.fetch(records.ladder[0], index)
                == expected.read(records.ladder[0], [index])[0]
            )
        assert server.requests == [("GET", "/4x4x4/00000.tfrecord")]


def test_records_that_were_damaged_on_the_way_are_read_again(server, shapes):
    records, expected = Records(server.address), Records(shapes)
    server.faults += ["wrong"]
    assert records.read(LADDER[2], [3]) == expected.read(LADDER[2], [3])
    server.always = {"tfrecord": "wrong"}
    with pytest.raises(UserError, match="8x16x16/00000.tfrecord, record 3: it is damaged"):
        records.read(LADDER[2], [3])


@pytest.mark.parametrize(
    ("fault", "sentence"), [(500, "HTTP Error 500"), ("wrong", "it is damaged")]
)
def test_a_stream_that_fails_ends_with_the_sentence(server, fault, sentence):
    clips = ClipPipeline(server.address, LADDER, 3, True)
    server.always = {"tfrecord": fault}
    with pytest.raises(UserError, match=sentence), clips.translate_read_errors():
        next(iter(clips.dataset(1, 0, 5)))


def test_no_thread_is_left(server):
    before = threading.active_count()
    stream = iter(ClipPipeline(server.address, LADDER, 3, True).dataset(0, 0, 2))
    next(stream)
    del stream
    gc.collect()
    server_threads = [t for t in threading.enumerate() if "process_request" in t.name]
    assert threading.active_count() - len(server_threads) <= before


def test_damage_is_found_from_afar(shapes, tmp_path):
    broken = shutil.copytree(shapes, tmp_path / "broken")
    file = broken / "8x8x8/00001.tfrecord"
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)
    (broken / "4x4x4/00000.tfrecord").unlink()
    with serve(broken) as server:
        with pytest.raises(UserError, match="4x4x4/00000.tfrecord: no such file"):
            open_records(server.address)
        theirs, ours = Records(server.address), Records(broken)
        assert damaged_clips(theirs, LADDER) == damaged_clips(ours, LADDER)
        assert len(damaged_clips(theirs, LADDER)) == 6
        found = [[fault.file, fault.record] for fault in find_faults(theirs)]
        assert found == [[fault.file, fault.record] for fault in find_faults(ours)]
