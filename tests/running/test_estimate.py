"""The estimate of a study's time, measured on its own steps."""

from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from adsmtl import paths
from adsmtl.dropout.schedules import Fixed, Follow
from adsmtl.running import estimate, session
from adsmtl.study import Run
from adsmtl.training import engine, step
from adsmtl.training.device import Machine


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which each example takes one second to train."""
    now = [1e6]  # a processor has been running for long
    backward = step.Stepper._backward

    def slow(self: step.Stepper, task: str, positions: object, *rest: object) -> None:
        now[0] += float((positions >= 0).sum())
        backward(self, task, positions, *rest)

    monkeypatch.setattr(step.Stepper, "_backward", slow)
    monkeypatch.setattr(engine.time, "perf_counter", lambda: now[0])


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("batch_size", [10, 1000])
def test_seconds_by_hand(batch_size: int, prepared: dict, machine: Machine) -> None:
    trained = {"epochs": 5, "eval_train": 12, "eval_val": 7, "batch_size": batch_size}
    runs = [
        tiny.run(tasks=("vision",), arm_id="one", **trained),
        tiny.run(Fixed(0.5), arm_id="two", l2=0.1, **trained),
    ]
    # An evaluated example is a third of a trained one; all of validation and test are evaluated
    # after the last three epochs, a part of validation after the two before.
    vision = 5 * (60 + 12 / 3) + 2 * 7 / 3 + 3 * (30 + 24) / 3
    speech = 5 * (40 + 12 / 3) + 2 * 7 / 3 + 3 * (20 + 20) / 3
    found = estimate.seconds(runs, prepared, machine)
    assert list(found.values()) == pytest.approx([vision, vision + speech], rel=1e-6)


@pytest.mark.usefixtures("clock")
def test_a_study_of_single_task_arms_has_an_estimate(prepared: dict, machine: Machine) -> None:
    runs = [tiny.run(tasks=(own,), arm_id=own, epochs=1) for own in ("vision", "speech")]
    both = estimate.seconds(runs, prepared, machine)
    apart = [estimate.seconds([run], prepared, machine) for run in runs]
    assert both == pytest.approx(apart[0] | apart[1])


@pytest.mark.usefixtures("clock")
def test_runs_that_follow_others_have_an_estimate_when_they_alone_are_left(
    prepared: dict, machine: Machine
) -> None:
    leader = tiny.run(tiny.ADSMTL, epochs=1)
    follower = replace(tiny.run(Follow("adsmtl", "swapped"), epochs=1), leader=leader.arm)
    found = estimate.seconds([follower], prepared, machine)
    followed = estimate.seconds([leader], prepared, machine)
    assert list(found.values()) == pytest.approx(list(followed.values()))


def test_runs_trained_at_once_share_the_time_of_a_step(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1e6]
    run = step.Stepper._run

    def slow(self: step.Stepper, *positions: object) -> None:
        now[0] += 1
        run(self, *positions)

    monkeypatch.setattr(step.Stepper, "_run", slow)
    monkeypatch.setattr(engine.time, "perf_counter", lambda: now[0])
    runs = [tiny.run(Fixed(0.5), seed) for seed in range(4)]
    alone, together = (
        sum(estimate.seconds(runs, prepared, machine, size).values()) for size in (1, 4)
    )
    assert alone == pytest.approx(4 * together)


def test_what_remains_is_what_is_not_finished_and_what_waits_for_it(
    prepared: dict, machine: Machine, tmp_path: Path
) -> None:
    leader = tiny.run(tiny.ADSMTL, seed=1, arm_id="adsmtl", epochs=1)
    follower = tiny.run(Follow("adsmtl", "swapped"), seed=1, arm_id="swapped", epochs=1)
    other = tiny.run(Fixed(0.3), seed=1, arm_id="fixed", epochs=1)

    def remaining(*runs: Run) -> set[str]:
        return {run.arm_id for run in estimate.remaining(runs, prepared, machine, tmp_path)}

    assert remaining(follower, leader, other) == {"adsmtl", "swapped", "fixed"}
    session.train([leader, follower], prepared, machine, tmp_path, lambda line: None)
    assert remaining(follower, leader, other) == {"fixed"}
    (paths.run(tmp_path, "adsmtl", 1) / "predictions.npz").unlink()
    assert remaining(follower, leader) == {"adsmtl", "swapped"}
    lent = tiny.run(Follow("adsmtl", "borrowed"), seed=2, arm_id="borrowed", epochs=1)
    assert remaining(leader, replace(lent, lender=1)) == {"adsmtl", "borrowed"}
    changed = tiny.run(Fixed(0.3), seed=1, arm_id="adsmtl", epochs=1)
    assert remaining(changed) == {"adsmtl"}


def test_the_time_is_said_of_the_process_with_most_runs(machine: Machine) -> None:
    runs = [tiny.run(Fixed(0.3), seed, epochs=2) for seed in range(5)]
    costs = {run.name: 20.0 for run in runs}
    said = estimate.sentence(runs, costs, machine, processes=2)
    assert said.startswith("5 runs of 2 epochs to train, processes: 2, on ")
    assert said.endswith(" (fp32): about 60 s")  # three of them, one after the other
