"""One call brings everything up to date, or fails; a second one has nothing to do."""

import os
import random
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
READING = {"report", "manifest", "track", "diverged"}


def delete(name: str) -> Callable[[Project], None]:
    return lambda project: (project.folder / RESULTS / name).unlink(missing_ok=True)


def append(name: str) -> Callable[[Project], None]:
    def edit(project: Project) -> None:
        with (project.folder / "src/adsmtl" / name).open("a") as module:
            module.write("\nUNUSED = 0\n")

    return edit


def digest_anew(project: Project) -> None:
    project.edit("data/prepared/digits/card.json", r'"digest": "\w+"', '"digest": "0"')


def train_longer(project: Project) -> None:
    project.edit("config/presets/smoke.yaml", "epochs: 2", "epochs: 3")


@pytest.fixture
def steps(study: Project, finished: Project, tmp_path: Path) -> Callable[..., set[str]]:
    """Call Snakemake in the copy, with steps that copy the finished study instead of working.

    What matters here is which steps run; what they do is tested elsewhere.
    """
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    script = Path(__file__).with_name("fake_steps.py")
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$@"\n')
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


# What is done to a project, and the steps that must run because of it.
EDITS: dict[str, tuple[Callable[[Project], None], set[str]]] = {
    "all runs are deleted": (lambda p: shutil.rmtree(p.folder / RESULTS / "runs"), EVERYTHING),
    "a run's metrics are deleted": (delete("runs/adsmtl-0.2/seed=1/metrics.json"), TRAINING),
    "a run's predictions are deleted": (delete("runs/none/seed=0/predictions.npz"), TRAINING),
    "code of training is edited": (append("training/objective.py"), EVERYTHING),
    "data are edited": (digest_anew, EVERYTHING),
    "the configuration is edited": (train_longer, EVERYTHING),
    "a collected file is deleted": (delete("collected/configs.json"), AFTER),
    "code of figures is edited": (append("figures/build.py"), {"figures", *READING}),
    "a table is deleted": (delete("tables/main.csv"), {"tables", *READING}),
    "the record of the listing is deleted": (delete("listing.json"), {"listing", "claims"}),
    "the report is deleted": (delete("report.html"), {"report", "manifest"}),
}


@pytest.mark.parametrize("seed", [20261128])
def test_one_call_brings_everything_up_to_date_whatever_was_done_before(study, steps, seed):
    """Over edits in random order, calls that fail in a random step, and random numbers of cores."""
    draw = random.Random(seed)
    assert steps(cores=1) == set()  # finished with two
    pending = draw.sample(list(EDITS), len(EDITS))
    while pending:
        done = [pending.pop() for _ in range(min(len(pending), draw.choice([1, 1, 2])))]
        needed = set()
        for name in done:
            edit, because = EDITS[name]
            edit(study)
            needed |= because
        fails = draw.choice(sorted(needed)) if draw.random() < 0.4 else ""
        ran = steps(cores=draw.randint(1, 4), fails=fails)
        if fails:
            assert fails in ran, (seed, done)
            needed = needed - ran | {fails}
            ran = steps(cores=draw.randint(1, 4))
        assert ran >= needed, (seed, done, fails)
        assert steps(cores=draw.randint(1, 4)) == set(), (seed, done, fails)


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


def test_packs_of_one_arm_share_a_rule_so_that_the_graph_can_be_read(tmp_path):
    project = copy_project(tmp_path / "project")
    shutil.copy(
        project.folder / "config/presets/smoke.yaml", project.folder / "config/presets/wide.yaml"
    )
    project.edit("config/presets/wide.yaml", "seeds: 2", "seeds: 7")
    project.edit("config/presets/wide.yaml", "arms: \\[none, .*", "arms: [main, controls]")
    chosen = ("preset=wide", "embedded=always")
    graph = project.snakemake("train", "--rulegraph", config=chosen)
    rules = re.findall(r'label ?= ?"([^"]+)"', graph)
    assert sorted(name for name in rules if name.startswith("train_")) == [
        "train_seeds_0_to_6",
        "train_seeds_0_to_6_tested",
    ]
    planned = project.snakemake("train", "-n", config=chosen)
    arms = re.findall(r"(?m): train_(\S+): 7 seeds$", planned)
    assert {"none", "adsmtl-0.2"} < set(arms)
    assert len(arms) == len(set(arms))


@pytest.mark.parametrize(("target", "last"), [("data", "prepare"), ("train", "train_")])
def test_the_targets_stop_where_they_say(tmp_path, target, last):
    planned = copy_project(tmp_path / "project").snakemake("--dry-run", target)
    assert last in planned
    assert "collect" not in planned
