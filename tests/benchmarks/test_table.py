"""The table of training steps."""

from benchmarks import table

LINE = {
    "rung": "8x16x16",
    "seconds_per_step": {"median": 2.0, "min": 1.5, "max": 3.0},
    "gflop_per_step": 100.0,
    "gflop_per_second": 50.0,
    "fraction_of_bare": 0.8,
    "seconds_of_first_step": 5.0,
    "peak_memory_bytes": 2e9,
    "estimated_memory_bytes": 2.1e9,
}


def test_rows_tell_ratios(monkeypatch, capsys):
    seconds = {"float32": 2.0, "bfloat16": 1.0, "alone": 2.1}
    seconds |= {"plain": 6.0, "fused": 5.0, "plain tuned": 4.0, "fused tuned": 3.0}
    names = {tuple(v): k for k, v in (table._OURS | table._TORCH).items()}

    def measure(command, flags):
        assert flags == ["--config=faces", "--resolution=16", "--minibatch=4", "--steps=6"]
        median = seconds[names[tuple(command)]]
        return LINE | {"seconds_per_step": LINE["seconds_per_step"] | {"median": median}}

    monkeypatch.setattr(table, "_measure", measure)
    table.print_table("faces", [16], None, baseline=True)
    head, _, row = (
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in capsys.readouterr().out.splitlines()
    )
    told = dict(zip(head, row, strict=True))
    assert told["size"] == "8x16x16"
    assert told["times faster"] == "2.00"
    assert told["the better / ours"] == "2.50"
