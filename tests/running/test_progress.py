"""What a person reads while a study trains: which run this is, and how long all still takes."""

import os
from pathlib import Path

import pytest
import tiny

from adsmtl import paths
from adsmtl.data.prepared import Prepared
from adsmtl.dropout.schedules import Fixed
from adsmtl.running import names, session
from adsmtl.running.course import Course
from adsmtl.running.progress import LONGEST, fitted, spoken
from adsmtl.training.device import Machine

RUNS = [tiny.run(Fixed(0.3), seed, arm_id="fixed", epochs=2) for seed in range(4)]
NAMES = [run.name for run in RUNS]


def finish(root: Path, *seeds: int) -> None:
    """Leave what a process leaves last of a run."""
    for seed in seeds:
        path = paths.run(root, "fixed", seed) / names.METRICS
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def test_training_says_which_run_of_the_study_it_is(
    prepared: dict[str, Prepared], machine: Machine, tmp_path: Path
) -> None:
    """Two of four runs were finished before; this process trains the other two."""
    finish(tmp_path, 0, 1)
    said: list[str] = []
    course = Course(RUNS, dict.fromkeys(NAMES[2:], 10.0), tmp_path)
    session.train(RUNS[2:], prepared, machine, tmp_path, said.append, 1, course)
    lines = [line for line in said if line.startswith("run ")]
    assert [line.split(",")[0] for line in lines] == ["run 3 of 4"] * 2 + ["run 4 of 4"] * 2
    assert "left: fixed seed=2 epoch 1/2  vision loss " in lines[0]
    assert lines[-1].startswith("run 4 of 4, 0 s left: fixed seed=3 epoch 2/2")


def test_runs_that_other_processes_finish_are_counted(tmp_path: Path) -> None:
    course = Course(RUNS, dict.fromkeys(NAMES, 10.0), tmp_path, processes=2)
    assert course.place(RUNS[:1]) == "run 1 of 4"
    assert course.place(RUNS[:2]) == "runs 1 to 2 of 4"
    finish(tmp_path, 1, 2)
    assert course.place(RUNS[3:]) == "run 3 of 4"


def test_a_run_that_is_trained_again_is_open_until_its_metrics_are_new(tmp_path: Path) -> None:
    finish(tmp_path, 0, 1, 2, 3)
    course = Course(RUNS, dict.fromkeys(NAMES[2:], 10.0), tmp_path)
    assert course.place(RUNS[2:3]) == "run 3 of 4"
    metrics = paths.run(tmp_path, "fixed", 2) / names.METRICS
    os.utime(metrics, ns=(1, metrics.stat().st_mtime_ns + 1))
    assert course.place(RUNS[3:]) == "run 4 of 4"


def test_the_time_left_is_that_of_all_processes(tmp_path: Path) -> None:
    """Three runs that take 10, 10 and 20 s are open beside this one, which takes twice as long as
    was estimated, and has half of it left."""
    costs = dict(zip(NAMES, (10.0, 10.0, 10.0, 20.0), strict=True))
    course = Course(RUNS, costs, tmp_path, processes=2)
    others = course.others(RUNS[:1])
    assert others == 4
    assert course.left(10, 20, others) == (10 + 4 * 20) / 2
    finish(tmp_path, 1, 2, 3)
    assert course.left(10, 20, course.others(RUNS[:1])) == 10  # a second process is of no use


def test_no_time_is_said_where_nothing_is_known(tmp_path: Path) -> None:
    """A damaged run counts as finished until its files are read, so nobody timed it."""
    course = Course(RUNS, {NAMES[1]: 10.0}, tmp_path)
    assert course.place(RUNS[:1]) == "run 3 of 4"
    assert course.left(10, 20, course.others(RUNS[:1])) is None
    finish(tmp_path, 1)
    assert course.left(10, 20, course.others(RUNS[:1])) == 10


def test_a_line_of_many_tasks_is_not_too_long_to_read() -> None:
    parts = ["run 1 of 2:", *(f"task {number} loss 1.234 val 0.567" for number in range(9))]
    line = fitted(parts)
    assert len(line) <= LONGEST + len(" and 9 more")
    assert line.endswith(" and 3 more")
    assert fitted(parts[:3]) == " ".join(parts[:3])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3.2, "3 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5399, "90 min"),
        (5400, "1.5 h"),
        (86400, "24.0 h"),
        (3 * 86400, "3.0 days"),
    ],
)
def test_durations_are_spoken(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
