"""The cache of remote files: its limit, and what several processes do to it."""

import concurrent.futures
import multiprocessing
import os

import numpy as np
import pytest

from dataset.cache import Cache
from support.errors import UserError


def used(folder):
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.name != "used")


def noise(size, seed=0):
    return np.random.default_rng(seed).bytes(size)


def test_what_was_written_is_read_and_the_rest_is_a_hole(tmp_path):
    cache, data = Cache(tmp_path / "new/cache", 10**7), noise(50_000)
    assert cache.read("set/8x8x8/0", 0, 100) == b""
    cache.write("set/8x8x8/0", 1_000_000, data)
    assert cache.read("set/8x8x8/0", 1_000_100, 1_040_000) == data[100:40_000]
    assert cache.read("set/8x8x8/0", 100, 200) == bytes(100)
    assert cache.read("set/8x8x8/0", 1_049_990, 1_050_010) == data[-10:]
    assert used(tmp_path / "new/cache") < 100_000  # The hole takes nothing.
    assert Cache(tmp_path / "new/cache", 10**7).read("set/8x8x8/0", 1_000_000, 1_050_000) == data


def test_it_stays_below_its_limit_and_keeps_what_is_used(tmp_path):
    cache, data = Cache(tmp_path, 1_000_000), noise(60_000)
    for number in range(100):
        cache.write(f"set/{number}", 0, data)
        assert used(tmp_path) <= 1_000_000
        assert cache.read("set/0", 0, 60_000) == data  # It is the one used last each time.
    assert cache.read("set/99", 0, 60_000) == data
    assert cache.read("set/50", 0, 60_000) == b""
    cache.write("set/large", 0, noise(1_000_000))
    assert cache.read("set/large", 0, 10) == b""


def test_what_a_kill_left_is_counted_anew(tmp_path):
    cache = Cache(tmp_path, 1_000_000)
    (tmp_path / "used").write_text("999999")  # Bytes that never came.
    cache.write("set/0", 0, noise(60_000))
    (tmp_path / "used").write_text("")
    cache.write("set/1", 0, noise(60_000))
    assert cache.read("set/0", 0, 60_000) == cache.read("set/1", 0, 60_000) == noise(60_000)
    assert 120_000 < int((tmp_path / "used").read_text()) < 200_000


def _write_and_read(folder, process):
    cache = Cache(folder, 600_000)
    for number in np.random.default_rng(process).integers(20, size=150).tolist():
        data = noise(20_000, number)
        cache.write(f"set/{number % 5}", 20_000 * number, data)
        found = cache.read(f"set/{number % 5}", 20_000 * number, 20_000 * (number + 1))
        if found not in (data, b"", bytes(20_000)):
            return f"{number} is another one"
        if used(folder) > 600_000:
            return f"{used(folder)} bytes"
    return None


def test_processes_share_it(tmp_path):
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(_write_and_read, [tmp_path] * 2, range(2))) == [None, None]


def test_a_full_disk_ends_the_cache_alone(tmp_path, monkeypatch, capsys):
    cache = Cache(tmp_path, 10**6)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    for number in range(2):
        cache.write(f"set/{number}", 0, noise(1000))
        assert cache.read(f"set/{number}", 0, 1000) == b""
    assert capsys.readouterr().out.count("No space left on device. It is not used.") == 1


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises((UserError, OSError)):
        Cache(tmp_path / "file/cache", 10**6)
