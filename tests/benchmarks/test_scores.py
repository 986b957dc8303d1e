"""The benchmark of the memory of a score, with few clips."""

from benchmarks import scores
from benchmarks.large_set import write_data


def test_memory_and_files_are_counted(tmp_path):
    write_data(tmp_path / "data", 1, 80, scores.LADDER)
    row = scores.measure(tmp_path / "data", clips=16, values=32, cache=tmp_path / "cache")
    assert row["kept"] == 2 * 4 * 32 * 16
    sizes = sorted(file.stat().st_size for file in (tmp_path / "cache").iterdir())
    assert any(0 < size - row["file"] < 1000 for size in sizes)  # The header of the file.
    assert row["seconds"] > 0
    assert 0 <= row["peak"] < 2**30
