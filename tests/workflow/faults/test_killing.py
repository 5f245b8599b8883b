"""What the kills are judged by can fail."""

import json
import random
from pathlib import Path

import pytest
import torch
from copies import RESULTS, Project
from killing import Study, durations, kept

from adsmtl import seals
from adsmtl.running import checkpoint, names

LOG = """\
[Sat Nov 28 06:11:03 2026]
Job 3: prepare: espeak
[Sat Nov 28 06:11:08 2026]
Finished jobid: 7 (Rule: listing)
[Sat Nov 28 06:11:08 2026]
Job 2: prepare: digits
[Sat Nov 28 06:11:59 2026]
Finished jobid: 2 (Rule: prepare)
[Sat Nov 28 06:12:10 2026]
Finished jobid: 3 (Rule: prepare)
"""


def records(seconds: float, epochs: int) -> list[dict]:
    return [{"epoch": epoch, "seconds": seconds} for epoch in range(1, epochs + 1)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A finished run, and two that are under way, of which one is an epoch ahead."""
    root = tmp_path / RESULTS
    finished, ahead, behind = (root / f"runs/none/seed={seed}" for seed in range(3))
    finished.mkdir(parents=True)
    write(finished, records(1.0, 2))
    (finished / names.METRICS).write_text("{}")
    seals.update(finished, [names.METRICS, names.HISTORY])
    state(ahead / names.EARLIER, 1)
    state(ahead / names.RESUME, 2)
    state(behind / names.RESUME, 1)
    return root


def write(run: Path, history: list[dict]) -> None:
    (run / names.HISTORY).write_text("".join(json.dumps(one) + "\n" for one in history))


def state(path: Path, epochs: int) -> None:
    checkpoint.save(path, {"w": torch.zeros(1)}, {"history": records(2.0, epochs)})


def test_an_epoch_is_kept_where_all_runs_that_go_on_together_have_it(root):
    found = {(run.name, epoch) for run, epoch in kept(root)}
    assert found == {("seed=0", 1), ("seed=0", 2), ("seed=1", 1), ("seed=2", 1)}


def test_what_is_not_whole_is_not_kept(root):
    write(root / "runs/none/seed=0", records(1.0, 1))
    (root / "runs/none/seed=2" / names.RESUME).write_bytes(b"half")
    assert kept(root) == {}


def test_an_epoch_that_was_trained_again_is_named(root, tmp_path):
    study = Study(Project(tmp_path), random.Random(0), {}, tmp_path, kept=dict(kept(root)))
    for seed in (1, 2):
        write(root / f"runs/none/seed={seed}", records(2.0, 2))
    assert study.lost() == []
    write(root / "runs/none/seed=2", records(3.0, 2))
    assert study.lost() == [f"{RESULTS}/runs/none/seed=2: epoch 1"]


def test_the_time_of_jobs_is_read_from_messages():
    assert durations(LOG) == {"prepare": 67.0}
