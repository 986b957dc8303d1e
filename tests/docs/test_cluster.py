"""The examples for clusters, with stand-ins for what a cluster has: they start train.py rightly."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from training.devices import read_cluster

FOLDER = Path(__file__).parent.parent.parent / "docs/cluster"
TELL = '#!/bin/sh\necho "$TF_CONFIG|$*"\n'  # In place of Python.


@pytest.fixture
def run_with(tmp_path):
    """Runs a command where programs of these texts come first; returns the lines it prints."""

    def run(command, programs, **environment):
        for name, text in programs.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        path = f"{tmp_path}:{os.environ['PATH']}"
        done = subprocess.run(
            command,
            env=os.environ | environment | {"PATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    return run


def check_worker(line, addresses, index, arguments, monkeypatch):
    config, _, told = line.partition("|")
    monkeypatch.setenv("TF_CONFIG", config)
    cluster = read_cluster()
    assert list(cluster.workers.values()) == addresses
    assert cluster.task == ("worker", index)
    assert told == f"train.py {' '.join(arguments)}"


def test_slurm(run_with, monkeypatch):
    programs = {
        "python": TELL,
        "scontrol": '#!/bin/sh\n[ "$*" = "show hostnames n[1-2]" ] && printf "n1\\nn2\\n"\n',
        "srun": '#!/bin/bash\nshift\nfor i in 0 1; do SLURM_PROCID=$i "$@"; done\n',
    }
    arguments = ["--config=faces", "--set", "train.seed=1"]
    command = ["bash", str(FOLDER / "slurm.sbatch"), *arguments]
    lines = run_with(command, programs, SLURM_JOB_NODELIST="n[1-2]")
    assert len(lines) == 2
    for index, line in enumerate(lines):
        check_worker(line, ["n1:20518", "n2:20518"], index, arguments, monkeypatch)


def manifests():
    return yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text())


def test_kubernetes_takes_the_manifests():
    kubernetes_validate = pytest.importorskip("kubernetes_validate")  # 100 MB of schemas.
    for manifest in manifests():
        kubernetes_validate.validate(manifest, "1.30", strict=True)


def test_kubernetes(run_with, monkeypatch):
    service, job = manifests()
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    name, port = job["metadata"]["name"], container["ports"][0]["containerPort"]
    assert service["metadata"]["name"] == pod["subdomain"]
    assert service["spec"]["selector"] == {"job-name": name}
    assert service["spec"]["ports"][0]["port"] == port
    assert {v["name"] for v in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
    completions = job["spec"]["completions"]
    assert job["spec"]["parallelism"] == completions
    addresses = [f"{name}-{i}.{pod['subdomain']}:{port}" for i in range(completions)]
    environment = {e["name"]: e["value"] for e in container["env"]}
    for index in range(completions):
        (line,) = run_with(
            container["command"] + container["args"],
            {"python": TELL},
            JOB_COMPLETION_INDEX=str(index),
            **environment,
        )
        check_worker(line, addresses, index, container["args"], monkeypatch)
