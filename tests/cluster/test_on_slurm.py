"""The whole workflow through Slurm gives the numbers of a local call, whatever dies on the way."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from copies import EMBEDDED, RESULTS, Beside, Project, copy_project

pytestmark = pytest.mark.cluster

CONFIG = (*EMBEDDED, "runs_per_job=2")  # a job for each of the two arms
ARMS = ("none", "adsmtl-0.2")
EPOCHS = 20  # long enough to interrupt
CALL = (
    *("snakemake", "--profile", "profiles/slurm"),
    *("--slurm-init-seconds-before-status-checks", "5", "--config", *CONFIG),
)
PATIENCE = 1200.0  # seconds; a machine that does other things as well takes long


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The runs that a local call leaves; their training is long enough to interrupt."""
    project = copy_project(tmp_path_factory.mktemp("local") / "project")
    project.edit("config/presets/smoke.yaml", "epochs: 2", f"epochs: {EPOCHS}")
    project.snakemake("train", "--cores", "2", config=CONFIG)
    return project


@pytest.fixture
def project(local, tmp_path: Path) -> Project:
    """The same before any run, with the data prepared."""
    skip = shutil.ignore_patterns("results", ".snakemake", "__pycache__")
    shutil.copytree(local.folder, tmp_path / "project", ignore=skip)
    return Project(tmp_path / "project")


@pytest.fixture
def call(cluster, tmp_path: Path) -> Iterator[Callable]:
    """Start a call on the cluster, in a group of its own."""
    with Beside(tmp_path) as calls:

        def start(project: Project, *targets: str) -> tuple[subprocess.Popen, Path]:
            return calls.start(project, *CALL, "--", *targets, **cluster.variables)

        yield start


def test_smoke_on_two_nodes_has_the_numbers_of_a_local_call(cluster, call, local, project):
    process, output = call(project)
    nodes = set()
    while process.poll() is None:
        nodes |= set(cluster.running().values())
        time.sleep(1)
    said = output.read_text()
    assert process.returncode == 0, said[-6000:]
    assert nodes == {"one", "two"}
    submitted = set(re.findall(r"Job \d+ has been submitted with SLURM jobid (\d+)", said))
    assert len(submitted) == 4  # two packs, units dropped at test time, affinity: the rest is local
    assert (project.folder / RESULTS / "report.html").exists()
    assert _numbers(project) == _numbers(local)


def test_a_node_and_then_snakemake_are_killed_and_the_same_call_goes_on(
    cluster, call, local, project
):
    first, output = call(project, *(str(_run(arm, 0) / "history.jsonl") for arm in ARMS))
    _until(lambda: all(_epoch(project, arm) >= 3 for arm in ARMS), first, output)

    busy = cluster.running()
    assert set(busy.values()) == {"one", "two"}
    cluster.kill("two")
    # Slurm gives the job to the other node, or lets it fail and Snakemake sends it again.
    _until(lambda: cluster.states()["two"].startswith("down"), first, output)
    _until(lambda: set(cluster.running().items()) - set(busy.items()), first, output)

    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    ((left, node),) = cluster.running().items()  # nobody's job now
    assert node == "one"

    second, output = call(project, "train")
    assert second.wait(PATIENCE) == 0, output.read_text()[-6000:]
    said = output.read_text()
    assert f"process {first.pid} on" in said
    assert f"jobs of an earlier call are cancelled, and go on in new ones: {left}\n" in said
    assert cluster.ask("squeue", "--noheader").split() == []
    assert _numbers(project) == _numbers(local)


def _run(arm: str, seed: int) -> Path:
    return RESULTS / "runs" / arm / f"seed={seed}"


def _until(ready: Callable[[], bool], process: subprocess.Popen, output: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert process.poll() is None, output.read_text()[-6000:]
        assert time.monotonic() < deadline, output.read_text()[-6000:]
        time.sleep(0.2)


def _epoch(project: Project, arm: str) -> int:
    """The last epoch that the job of an arm has said to be done."""
    log = project.folder / RESULTS / f"logs/train/{arm}.log"
    found = re.findall(r"epoch (\d+)/", log.read_text()) if log.exists() else []
    return max(map(int, found), default=0)


def _numbers(project: Project) -> dict:
    """Every number of the runs, bit for bit, but times."""
    found = {}
    for arm in ARMS:
        for seed in (0, 1):
            run = project.folder / _run(arm, seed)
            lines = (run / "history.jsonl").read_text().splitlines()
            found[arm, seed, "history"] = [_timeless(json.loads(line)) for line in lines]
            found[arm, seed, "metrics"] = json.loads((run / "metrics.json").read_text())["tasks"]
            found[arm, seed, "parameters"] = (run / "checkpoint.safetensors").read_bytes()
            with np.load(run / "predictions.npz") as arrays:
                found[arm, seed, "predictions"] = {
                    name: (own.dtype.str, own.shape, own.tobytes()) for name, own in arrays.items()
                }
            for name in ("test-time.json", "affinity.json"):
                if (run / name).exists():
                    found[arm, seed, name] = _timeless(json.loads((run / name).read_text()))
    return found


def _timeless(record: dict) -> dict:
    return {key: value for key, value in record.items() if key != "seconds"}
