"""The model of what limits training at each rung."""

import math

import pytest

from benchmarks import large_set, scale
from growth.ladder import Rung, make_ladder

NODE = scale.Node(gpus=8, flops=1e6, cores=4, disk=480.0, network=4800.0)
COST = scale.Cost(Rung(1, 4, 4, 8), flop=1e4, read=0.5)


def test_measured_costs_are_read_from_the_tables():
    speed = scale.column("pipeline_cpu_202611.md", "of the stream alone")
    assert (speed["4x4x4"], speed["32x256x256"], len(speed)) == (7900, 51, 7)
    assert scale.column("train_step_cpu_202611.md", "GFLOP")["32x256x256"] == 555.1
    first, *_, last = scale.costs(make_ladder("thesis"))
    assert first.flop == 3.6e9 / 4
    assert last.read == 2 / 51


def test_limits_of_one_node():
    limit = scale.limits(COST, NODE, gpus=2, efficiency=0.5, share=4, threads=3)
    assert limit["GPUs"] == 2 * 0.5 * 1e6 / 1e4
    assert limit["reading"] == 6
    assert limit["disk"] == 480 / COST.bytes
    assert limit["network"] == 4800 / COST.bytes
    assert limit["gradients"] == math.inf


def test_limits_of_several_nodes():
    limit = scale.limits(COST, NODE, gpus=16, efficiency=1, share=4, threads=100)
    assert limit["GPUs"] == 800
    assert limit["reading"] == 8  # No more threads than cores.
    assert limit["drawing"] == scale._DRAWS / 2
    assert limit["gradients"] == pytest.approx(8 * 4 / (4 * 7.4e6 / 4800))


def test_the_tightest_limit_is_named():
    head, row = scale.bottlenecks([COST], 8, 1.0, 4, 2)
    found = dict(zip(head, row, strict=True))
    assert found["limited by"] == "reading"
    assert found["threads to"] == f"{8 * 19.5e12 / 1e4 * 0.5:,.0f}"


def test_a_plan_of_clips():
    head, row = scale.plan(make_ladder("1x4x4 2x4x4"), [10**6])
    found = dict(zip(head, row, strict=True))
    assert found["index in memory, MB"] == "32"
    assert found["raw, TB"] == "0.000344"


def test_reading_is_measured(tmp_path):
    large_set.write_data(tmp_path / "data", shards=2, shard_clips=20, ladder="1x4x4")
    clips, seconds, cpu = scale._read(tmp_path / "data", 0, 2)
    assert clips == 2 * scale._BATCH
    assert min(seconds, cpu) > 0
    (_, order, speed) = scale.measure_drawing(1000)[1]
    assert float(order) > 0
    assert float(speed.replace(",", "")) > 0
