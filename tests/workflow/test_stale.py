"""One call brings everything up to date, or fails; a second one has nothing to do."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from copies import RESULTS, Project, copy_project

AFTER = {"collect", "claims", "tables", "figures", "report", "manifest", "track", "diverged"}
TRAINING = {"train", "test-time", *AFTER}
EVERYTHING = {"affinity", *TRAINING}


@pytest.fixture
def steps(study: Project, finished: Project, tmp_path: Path) -> Callable[..., set[str]]:
    """Call Snakemake in the copy, with steps that copy the finished study instead of working.

    What matters here is which steps run; what they do is tested elsewhere.
    """
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    script = Path(__file__).with_name("fake_steps.py")
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S {script} "$@"\n')
    python.chmod(0o755)
    calls = tmp_path / "calls"
    path = os.pathsep.join(
        map(str, (python.parent, Path(sys.executable).parent, os.environ["PATH"]))
    )

    def call(cores: int, fails: str = "") -> set[str]:
        """The commands of the steps that ran."""
        calls.write_text("")
        result = study.call(
            *("snakemake", "--cores", str(cores), "--config", "preset=smoke", "embedded=always"),
            **{"PATH": path, "CALLS": str(calls), "FINISHED": str(finished.folder), "FAILS": fails},
        )
        assert (result.returncode == 0) == (not fails), result.stderr[-3000:]
        ran = calls.read_text().split()
        assert ("Nothing to be done" in result.stderr) == (not ran)
        assert len(ran) == len(set(ran))
        return set(ran)

    return call


def test_one_call_brings_everything_up_to_date_whatever_was_done_before(study, steps):
    root = study.folder / RESULTS
    source = study.folder / "src/adsmtl"

    assert steps(cores=1) == set()  # finished with two

    shutil.rmtree(root / "runs")
    shutil.rmtree(root / "tables")
    (root / "report.html").unlink()
    assert steps(cores=1) == EVERYTHING

    with (source / "training/objective.py").open("a") as module:
        module.write("\nUNUSED = 0\n")
    assert steps(cores=3) == EVERYTHING

    study.edit("data/prepared/digits/card.json", r'"digest": "\w+"', '"digest": "0"')
    assert steps(cores=2) == EVERYTHING

    study.edit("config/presets/smoke.yaml", "epochs: 2", "epochs: 3")
    (root / "listing.json").unlink()
    assert steps(cores=1) == EVERYTHING | {"listing"}

    with (source / "figures/build.py").open("a") as module:
        module.write("\nUNUSED = 0\n")
    assert steps(cores=2, fails="figures") == {"figures"}
    assert steps(cores=1) == {"figures", "report", "manifest", "track", "diverged"}

    (root / "runs/adsmtl-0.2/seed=1/metrics.json").unlink()
    assert steps(cores=1, fails="train") == {"train"}
    assert steps(cores=3) == TRAINING

    (root / "collected/configs.json").unlink()
    assert steps(cores=1) == AFTER

    (root / "report.html").unlink()
    (root / "runs/none/seed=0/predictions.npz").unlink()
    assert steps(cores=2) == TRAINING

    assert steps(cores=1) == set()


@pytest.mark.parametrize("view", ["--rulegraph", "--summary", "--list-changes code", "--d3dag"])
def test_a_view_of_the_workflow_needs_no_number_of_cores(finished, view):
    shown = finished.snakemake(*view.split())
    assert "collect" in shown or view.startswith("--list")


def test_an_arm_waits_for_the_one_it_follows(tmp_path):
    project = copy_project(tmp_path / "project")
    graph = project.snakemake("--dag", "dot", "train", config=("preset=quick", "embedded=always"))
    rules = dict(re.findall(r'(\d+)\[label ?= ?"([^"\\]+)', graph))
    edges = {(rules[a], rules[b]) for a, b in re.findall(r"(\d+) -> (\d+)", graph)}
    leaders = {a for a, b in edges if b.startswith("train_borrowed")}
    assert any(name.startswith("train_") for name in leaders)


@pytest.mark.parametrize(("target", "last"), [("data", "prepare"), ("train", "train_")])
def test_the_targets_stop_where_they_say(tmp_path, target, last):
    planned = copy_project(tmp_path / "project").snakemake("--dry-run", target)
    assert last in planned
    assert "collect" not in planned
