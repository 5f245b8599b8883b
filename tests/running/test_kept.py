"""Runs that are finished already, runs that follow others, and how many fit."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from adsmtl import identity, paths
from adsmtl.dropout.schedules import Fixed, Follow
from adsmtl.errors import UserError
from adsmtl.running import session, trajectories
from adsmtl.study import Run
from adsmtl.training import capacity, device
from adsmtl.training.device import Machine

RUN = tiny.run(Fixed(0.3), seed=1, arm_id="fixed")
LEADER = tiny.run(tiny.ADSMTL, seed=1, arm_id="adsmtl")
FOLLOWER = tiny.run(Follow("adsmtl", "swapped"), seed=1, arm_id="swapped")


@pytest.fixture
def train(prepared: dict, machine: Machine, tmp_path: Path) -> Callable[..., list[str]]:
    """Train runs below `tmp_path`; what was said."""

    def call(*runs: Run, data: dict = prepared, on: Machine = machine) -> list[str]:
        said: list[str] = []
        session.train(runs, data, on, tmp_path, said.append)
        return said

    return call


def metrics(root: Path, run: Run) -> dict:
    return json.loads((paths.run(root, run.arm_id, run.seed) / "metrics.json").read_text())


def test_a_finished_run_is_kept(train: Callable, tmp_path: Path) -> None:
    train(RUN)
    before = metrics(tmp_path, RUN)
    said = train(RUN)
    assert said == ["fixed seed=1: finished before, kept"]
    assert metrics(tmp_path, RUN) == before


def test_only_the_changed_run_of_a_pack_is_trained(train: Callable, tmp_path: Path) -> None:
    train(RUN, LEADER)
    before = metrics(tmp_path, LEADER)
    changed = tiny.run(Fixed(0.4), seed=1, arm_id="fixed")
    said = train(changed, LEADER)
    assert "adsmtl seed=1: finished before, kept" in said
    assert metrics(tmp_path, LEADER) == before
    assert metrics(tmp_path, changed)["config"]["arm"]["dropout"]["rate"] == 0.4


def test_a_new_label_is_taken_without_training(train: Callable, tmp_path: Path) -> None:
    train(RUN)
    before = metrics(tmp_path, RUN)
    names = {"label": "another", "family": "trials", "tunable": "rate"}
    renamed = replace(RUN, arm=replace(RUN.arm, **names))
    assert train(renamed) == ["fixed seed=1: finished before, kept"]
    assert metrics(tmp_path, RUN) == {**before, **names, "tunable": RUN.arm.dropout.rate}


@pytest.mark.parametrize("missing", ["metrics.json", "history.jsonl", "predictions.npz"])
def test_a_run_that_lacks_a_file_is_trained_again(
    missing: str, train: Callable, tmp_path: Path
) -> None:
    train(RUN)
    folder = paths.run(tmp_path, RUN.arm_id, RUN.seed)
    (folder / missing).unlink()
    assert not any("kept" in text for text in train(RUN))
    assert (folder / missing).is_file()


def test_only_a_run_that_is_loaded_again_needs_its_parameters(
    train: Callable, tmp_path: Path
) -> None:
    train(RUN)
    path = paths.run(tmp_path, RUN.arm_id, RUN.seed) / "checkpoint.safetensors"
    path.unlink()
    assert train(RUN) == ["fixed seed=1: finished before, kept"]
    assert not any("kept" in text for text in train(replace(RUN, reloaded=True)))
    assert path.is_file()


def test_other_data_code_or_precision_train_again(
    train: Callable, prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(RUN)
    card = {**prepared["vision"].card, "digest": "other"}
    other = {**prepared, "vision": replace(prepared["vision"], card=card)}
    assert not any("kept" in text for text in train(RUN, data=other))
    assert not any("kept" in text for text in train(RUN, on=replace(machine, precision="bf16")))
    train(RUN)
    monkeypatch.setattr(identity, "code", lambda run: {"adsmtl.rng": "edited"})
    assert not any("kept" in text for text in train(RUN))


def test_data_prepared_again_to_the_same_bytes_train_nothing(train: Callable) -> None:
    """Identity is that of the bytes, whatever the dates of the files are."""
    train(RUN)
    assert train(RUN, data=tiny.both()) == ["fixed seed=1: finished before, kept"]


def test_a_follower_takes_the_rates_of_its_leader(train: Callable, tmp_path: Path) -> None:
    train(FOLLOWER, LEADER)  # in whatever order they are named
    led, followed = (
        trajectories.read(paths.run(tmp_path, run.arm_id, 1) / "history.jsonl")
        for run in (LEADER, FOLLOWER)
    )
    assert led[1]["vision"] != led[1]["speech"]
    assert [own["vision"] for own in followed] == [own["speech"] for own in led]
    assert [own["speech"] for own in followed] == [own["vision"] for own in led]


def test_a_borrower_takes_the_rates_that_its_leader_had_with_the_lenders_seed(
    train: Callable, tmp_path: Path
) -> None:
    borrower = tiny.run(Follow("adsmtl", "borrowed"), seed=1, arm_id="borrowed")
    borrower = replace(borrower, lender=2)
    train(LEADER, replace(LEADER, seed=2), borrower)
    own, lent, used = (
        trajectories.read(paths.run(tmp_path, arm, seed) / "history.jsonl")
        for arm, seed in (("adsmtl", 1), ("adsmtl", 2), ("borrowed", 1))
    )
    assert used == lent != own


def test_a_borrower_without_its_lender_is_told_whom_to_train(train: Callable) -> None:
    train(LEADER)
    borrower = tiny.run(Follow("adsmtl", "borrowed"), seed=1, arm_id="borrowed")
    with pytest.raises(UserError, match=r"borrowed seed=1 follows adsmtl seed=2, whose .*seed=2/"):
        train(replace(borrower, lender=2))


def test_a_follower_is_trained_again_when_its_leader_changed(train: Callable) -> None:
    train(LEADER, FOLLOWER)
    changed = tiny.run(replace(tiny.ADSMTL, p0=0.4), seed=1, arm_id="adsmtl")
    assert not any("kept" in text for text in train(changed, FOLLOWER))


def test_a_follower_without_its_leader_is_an_error(train: Callable) -> None:
    with pytest.raises(
        UserError, match=r"swapped seed=1 follows adsmtl seed=1, whose .* is missing"
    ):
        train(FOLLOWER)


def test_a_leader_of_fewer_epochs_is_an_error(train: Callable) -> None:
    train(LEADER)
    longer = replace(FOLLOWER, training=replace(FOLLOWER.training, epochs=5))
    with pytest.raises(UserError, match="has 2 epochs, swapped seed=1 needs 5"):
        train(longer)


def test_a_cpu_takes_one_run_unless_asked(prepared: dict, machine: Machine) -> None:
    runs = [tiny.run(seed=seed) for seed in range(4)]
    assert capacity.replicas(runs, prepared, machine, None) == 1
    assert capacity.replicas(runs, prepared, machine, 3) == 3
    assert capacity.replicas(runs, prepared, machine, 99) == 4


def test_replicas_that_fit_by_hand() -> None:
    """100 bytes for the first, 10 for every further one: 7000 hold 1 + 690 with a share of 0.7."""
    assert capacity.fitting(10_000, 100, 110) == (7000 - 90) // 10
    assert capacity.fitting(50, 100, 110) == 1


def test_runs_in_groups_of_the_size_asked_for(
    prepared: dict, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    original = session.Engine

    def engine(runs: list[Run], *rest: object) -> object:
        sizes.append(len(runs))
        return original(runs, *rest)

    monkeypatch.setattr(session, "Engine", engine)
    runs = [tiny.run(Fixed(rate), seed=1, arm_id=f"a{rate}", epochs=1) for rate in (0.1, 0.2, 0.3)]
    session.train(runs, prepared, machine, tmp_path, lambda text: None, 2)
    assert sizes == [2, 1]
    assert all(metrics(tmp_path, run)["arm"] == run.arm_id for run in runs)


def test_processes_claim_different_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_claims", [])
    assert device.claim(["a", "b"], tmp_path) == 0
    assert device.claim(["a", "b"], tmp_path) == 1
    device._claims.pop(0).close()  # as at the end of a process
    assert device.claim(["a", "b"], tmp_path) == 0
