"""Sessions: the folder of a run, and what is left of one that was interrupted or failed."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from bits import equal_bits, history_of, metrics_of
from tiny import TASKS

from adsmtl import identity, paths, seals
from adsmtl.data.prepared import Prepared
from adsmtl.dropout.schedules import Fixed, Follow
from adsmtl.files import sha256
from adsmtl.running import checkpoint, names, session
from adsmtl.study import Run
from adsmtl.training.batches import split_of
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine

RUN = tiny.run(tiny.ADSMTL, seed=1, arm_id="adsmtl", epochs=3, l2=1e-3)
OTHER = tiny.run(Fixed(0.3), seed=1, arm_id="fixed", epochs=3)

Train = Callable[..., Path]


@pytest.fixture
def train(prepared: dict[str, Prepared], machine: Machine, tmp_path: Path) -> Train:
    """Train runs into a folder of that name; returns the first run's folder."""

    def call(*runs: Run, root: str = "results", say: Callable = lambda text: None) -> Path:
        session.train(runs, prepared, machine, tmp_path / root, say)
        return paths.run(tmp_path / root, runs[0].arm_id, runs[0].seed)

    return call


@pytest.fixture
def crash_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let training end, as a machine does, during the epoch after the given one."""
    original = Engine.run_epoch

    def arrange(epochs: int) -> None:
        def run_epoch(self: Engine, progress: Any = None) -> None:
            if self.epoch == epochs:
                raise KeyboardInterrupt
            original(self, progress)

        monkeypatch.setattr(Engine, "run_epoch", run_epoch)

    return arrange


@pytest.fixture
def interrupted(
    train: Train, crash_after: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Path]:
    """Train runs until they end after some epochs; returns the first run's folder.

    After that training ends no more, and nothing else is patched.
    """

    def call(epochs: int, *runs: Run) -> Path:
        crash_after(epochs)
        with pytest.raises(KeyboardInterrupt):
            train(*runs)
        monkeypatch.undo()
        return paths.run(tmp_path / "results", runs[0].arm_id, runs[0].seed)

    return call


@pytest.fixture(scope="module")
def finished(
    prepared: dict[str, Prepared], machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of `RUN`, trained without interruption; read only."""
    root = tmp_path_factory.mktemp("finished")
    session.train([RUN], prepared, machine, root, lambda text: None)
    return paths.run(root, RUN.arm_id, RUN.seed)


def test_a_finished_run_has_four_files_and_their_seal(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == {*names.OWN, seals.FILE}
    assert seals.read(finished) == {name: sha256(finished / name) for name in names.OWN}


def test_history_has_the_documented_form(finished: Path) -> None:
    history = history_of(finished)
    assert [record["epoch"] for record in history] == [1, 2, 3]
    for record in history:
        assert set(record) == {"epoch", "seconds", "penalty", "cosine", "tasks"}
        assert set(record["tasks"]) == {"vision", "speech"}
        assert set(record["cosine"]) == {"vision:speech"}
        assert -1 <= record["cosine"]["vision:speech"] <= 1
        for task in record["tasks"].values():
            assert set(task) == {
                *("loss", "accuracy", "train", "val", "val_part", "test", "gap", "rates"),
                *("difficulty", "smoothed", "weight", "gradient"),
            }
            assert task["gap"] == task["train"]["accuracy"] - task["val"]["accuracy"]
            assert set(task["rates"]) == {"shared", "specific"}
            assert 0 <= task["accuracy"] <= 1
            for part in ("train", "val", "test"):
                assert {"loss", "accuracy", "ece"} <= set(task[part])
    assert "accuracy_39" in history[0]["tasks"]["speech"]["val"]


def test_metrics_have_the_documented_form(finished: Path) -> None:
    metrics, history = metrics_of(finished), history_of(finished)
    assert set(metrics) == {
        *("arm", "label", "group", "group_title", "baseline", "role", "family", "tunable"),
        *("zero", "seed", "fold", "preset", "config_hash", "config", "epochs"),
        *("steps_per_epoch", "tasks", "seconds", "examples_per_second", "device", "data"),
        *("code", "versions", "identity", "predictions_sha256", "sealed"),
    }
    assert (metrics["arm"], metrics["group"], metrics["seed"]) == ("adsmtl", "main", 1)
    assert metrics["fold"] == 1
    assert metrics["predictions_sha256"] == sha256(finished / names.PREDICTIONS)
    assert (metrics["epochs"], metrics["steps_per_epoch"]) == (3, 6)
    assert metrics["config_hash"] == RUN.config_hash
    assert metrics["config"] == json.loads(json.dumps(RUN.config()))
    assert set(metrics["seconds"]) == {"total", "per_epoch"}
    assert metrics["seconds"]["total"] >= sum(record["seconds"] for record in history)
    assert set(metrics["device"]) == {"type", "name", "threads", "precision", "elementwise"}
    assert set(metrics["code"]) == {"commit", "describe", "dirty", "reason"}
    assert set(metrics["versions"]) == {"adsmtl", "torch", "numpy", "python"}
    assert set(metrics["data"]) == {"tiny-images", "tiny-sequences"}
    for data in metrics["data"].values():
        assert set(data) == {"digest", "origin", "provenance", "embedded"}

    assert set(metrics["tasks"]) == {"vision", "speech"}
    speech = metrics["tasks"]["speech"]
    assert (speech["dataset"], speech["target"], speech["classes"]) == (
        *("tiny-sequences", "phone"),
        4,
    )
    assert speech["examples"] == {"train": 40, "val": 20, "test": 20}
    assert metrics["tasks"]["vision"]["examples"] == {"train": 60, "val": 30, "test": 24}
    for name, task in metrics["tasks"].items():
        final = task["final"]
        assert set(final) == {"train", "val", "test", "gap"}
        assert final["gap"] == final["train"]["accuracy"] - final["test"]["accuracy"]
        # the last epoch is the one reported
        assert final["train"] == pytest.approx(history[-1]["tasks"][name]["train"])
        assert final["val"] == pytest.approx(history[-1]["tasks"][name]["val"])
        floor = final["test"].pop("ece_floor")
        assert 0 < floor < 1
        assert final["test"] == history[-1]["tasks"][name]["test"]
        best = task["best_val"]
        accuracies = [record["tasks"][name]["val"]["accuracy"] for record in history]
        assert best["accuracy"] == max(accuracies)
        assert best["epoch"] == 1 + accuracies.index(max(accuracies))
        assert best["loss"] == history[best["epoch"] - 1]["tasks"][name]["val"]["loss"]
    assert "accuracy_39" in speech["final"]["test"]


def test_a_single_task_run_has_one_task_and_the_studys_steps(train: Train) -> None:
    folder = train(tiny.run(tasks=("speech",), epochs=1))
    metrics = metrics_of(folder)
    assert set(metrics["tasks"]) == {"speech"}
    assert set(history_of(folder)[0]["tasks"]) == {"speech"}
    assert metrics["steps_per_epoch"] == 6
    assert metrics["config"]["arm"]["tasks"] == ["speech"]


def test_the_checkpoint_makes_the_reported_scores(
    finished: Path, prepared: dict[str, Prepared], machine: Machine
) -> None:
    params, facts = checkpoint.load(finished / names.CHECKPOINT)
    assert facts == {"arm": "adsmtl", "seed": 1, "config_hash": RUN.config_hash}
    engine = Engine([RUN], prepared, machine)
    assert set(params) == set(engine.model.params)
    with torch.no_grad():
        for name, value in params.items():
            engine.model.params[name][0] = value
    for name, task in metrics_of(finished)["tasks"].items():
        task["final"]["test"].pop("ece_floor")
        assert engine.scores(name, "test")[0] == task["final"]["test"]


def test_the_predictions_are_those_of_the_reported_scores(
    finished: Path, prepared: dict[str, Prepared]
) -> None:
    metrics = metrics_of(finished)["tasks"]
    with np.load(finished / names.PREDICTIONS, allow_pickle=False) as stored:
        found = {name: stored[name] for name in stored.files}
    assert set(found) == {
        f"{task}.{own}" for task in TASKS for own in ("numbers", "target", "predicted", "nll")
    }
    for name, task in TASKS.items():
        parts = ("numbers", "target", "predicted", "nll")
        numbers, target, predicted, nll = (found[f"{name}.{part}"] for part in parts)
        assert (numbers.dtype, predicted.dtype, nll.dtype) == (np.int32, np.uint8, np.float16)
        expected = split_of(prepared[name], RUN.study_tasks[name], RUN.seed)["test"]
        assert numbers.tolist() == sorted(expected.tolist())
        assert target.tolist() == prepared[name].targets[task.target][numbers].tolist()
        correct = predicted == target
        scores = metrics[name]["final"]["test"]
        assert correct.mean() == scores["accuracy"]
        assert nll.astype(float).mean() == pytest.approx(scores["loss"], rel=2**-11)


def test_an_interruption_after_the_last_epoch_leaves_the_same_bits(
    finished: Path, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The predictions are then made again, from the parameters."""

    def stop(*rest: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "_finish", stop)
    with pytest.raises(KeyboardInterrupt):
        train(RUN)
    monkeypatch.undo()
    monkeypatch.setattr(Engine, "run_epoch", stop)
    assert equal_bits(train(RUN), finished)


def test_equal_runs_leave_equal_bits(finished: Path, train: Train) -> None:
    assert equal_bits(train(RUN), finished)


@pytest.mark.parametrize("epochs", [1, 2])
def test_an_interrupted_run_continues_to_the_same_bits(
    epochs: int,
    finished: Path,
    train: Train,
    interrupted: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupted(epochs, RUN)
    said: list[str] = []
    began: list[int] = []
    original = Engine.run_epoch
    monkeypatch.setattr(
        Engine, "run_epoch", lambda self, p=None: (began.append(self.epoch), original(self, p))
    )
    folder = train(RUN, say=said.append)
    assert began == list(range(epochs, 3))
    assert any(f"continues after epoch {epochs}" in text for text in said)
    assert equal_bits(folder, finished)
    assert not (folder / names.RESUME).exists()


def test_an_interrupted_run_is_not_finished(interrupted: Callable) -> None:
    assert [path.name for path in interrupted(1, RUN).iterdir()] == [names.RESUME]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(path.read_bytes()[:50]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a checkpoint at all"),
    ],
)
def test_a_damaged_state_is_ignored(
    spoil: Callable,
    finished: Path,
    train: Train,
    interrupted: Callable,
) -> None:
    path = interrupted(1, RUN) / names.RESUME
    spoil(path)
    said: list[str] = []
    assert equal_bits(train(RUN, say=said.append), finished)
    assert said[0] == f"adsmtl seed=1: trained from the start, because {path} is missing or damaged"


def test_a_state_of_another_configuration_or_of_other_data_is_ignored(
    finished: Path,
    train: Train,
    crash_after: Callable,
    monkeypatch: pytest.MonkeyPatch,
    prepared: dict[str, Prepared],
    machine: Machine,
    tmp_path: Path,
) -> None:
    crash_after(1)
    arm = replace(RUN.arm, dropout=Fixed(0.5))
    with pytest.raises(KeyboardInterrupt):
        train(replace(RUN, arm=arm))
    changed = {name: replace(p, card={**p.card, "digest": "other"}) for name, p in prepared.items()}
    with pytest.raises(KeyboardInterrupt):
        session.train([RUN], changed, machine, tmp_path / "data", lambda text: None)
    monkeypatch.undo()
    assert equal_bits(train(RUN), finished)
    assert equal_bits(train(RUN, root="data"), finished)


def test_an_interrupted_run_of_other_code_starts_anew_and_says_so(
    finished: Path, train: Train, interrupted: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_now = identity.code(RUN)
    monkeypatch.setattr(identity, "code", lambda run: {**of_now, "adsmtl.rng": "0123456789ab"})
    interrupted(1, RUN)
    said: list[str] = []
    folder = train(RUN, say=said.append)
    assert equal_bits(folder, finished)
    assert said[0] == (
        f"adsmtl seed=1: trained from the start, because the training interrupted in {folder} was "
        "another (code: adsmtl.rng was changed)"
    )


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((1, 2), "continues after epoch 1"),  # as a kill leaves them while states are written
        ((0, 2), "trained from the start, because {}/resume.safetensors is missing or damaged"),
        ((1, 3), "trained from the start, because they were interrupted after different epochs"),
    ],
)
def test_runs_interrupted_after_different_epochs_continue_after_the_last_that_all_have(
    first: tuple[int, int],
    then: str,
    train: Train,
    interrupted: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for epochs, run in zip(first, (replace_epochs(RUN), replace_epochs(OTHER)), strict=True):
        interrupted(epochs, run)
    monkeypatch.setattr(session, "_groups", lambda runs, *_: [list(runs)] if runs else [])
    said: list[str] = []
    folder = train(replace_epochs(RUN), replace_epochs(OTHER), say=said.append)
    assert said[0] == f"2 runs: {then.format(folder)}"


def replace_epochs(run: Run, epochs: int = 4) -> Run:
    return replace(run, training=replace(run.training, epochs=epochs))


@pytest.mark.parametrize("part", ["weights", "facts", "cut"])
def test_a_damaged_last_state_costs_one_epoch(
    part: str,
    finished: Path,
    train: Train,
    interrupted: Callable,
) -> None:
    path = interrupted(2, RUN) / names.RESUME
    content = bytearray(path.read_bytes())
    if part == "cut":
        path.write_bytes(content[:-100])
    else:
        place = -5 if part == "weights" else content.index(b"penalty")
        content[place] ^= 1
        path.write_bytes(content)
    said: list[str] = []
    assert equal_bits(train(RUN, say=said.append), finished)
    assert said[0] == (
        f"adsmtl seed=1: continues after epoch 1, because {path} is missing or damaged"
    )
    assert not (path.parent / names.EARLIER).exists()


def test_runs_trained_at_once_are_written_each_to_its_own_folder(train: Train) -> None:
    folder = train(RUN, OTHER)
    other = paths.run(folder.parents[2], OTHER.arm_id, OTHER.seed)
    assert metrics_of(folder)["arm"] == "adsmtl"
    assert metrics_of(other)["arm"] == "fixed"
    assert metrics_of(other)["config_hash"] == OTHER.config_hash
    alone = train(OTHER, root="alone")
    for name, task in metrics_of(other)["tasks"].items():
        # kernels of several replicas round differently; see test_engine.py
        expected = metrics_of(alone)["tasks"][name]["final"]["test"]
        assert task["final"]["test"] == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_a_group_that_was_interrupted_continues_to_the_same_bits(
    train: Train, interrupted: Callable
) -> None:
    whole = train(RUN, OTHER, root="whole")
    interrupted(2, RUN, OTHER)
    folder = train(RUN, OTHER)
    for run in (RUN, OTHER):
        one, other = (paths.run(f.parents[2], run.arm_id, run.seed) for f in (folder, whole))
        assert equal_bits(one, other)


class Poisoned(Engine):
    """The run OTHER starts with a parameter that is not finite."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        with torch.no_grad():
            for r, run in enumerate(self.runs):
                if run == OTHER:
                    self.model.params["shared.bias"][r, 0] = math.inf


@pytest.mark.parametrize("at_once", [True, False])
def test_a_run_that_diverges_costs_the_others_nothing(
    at_once: bool,
    prepared: dict[str, Prepared],
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    finished: Path,
    tmp_path: Path,
) -> None:
    if at_once:
        monkeypatch.setattr(session, "_groups", lambda runs, *_: [list(runs)] if runs else [])
    monkeypatch.setattr(session, "Engine", Poisoned)
    said: list[str] = []
    lost = session.train([OTHER, RUN], prepared, machine, tmp_path, said.append)
    assert lost == [OTHER]
    healthy = paths.run(tmp_path, RUN.arm_id, RUN.seed)
    if at_once:  # kernels of several replicas round differently; see test_engine.py
        for name, task in metrics_of(healthy)["tasks"].items():
            expected = metrics_of(finished)["tasks"][name]["final"]["test"]
            assert task["final"]["test"] == pytest.approx(expected, rel=1e-3, abs=1e-5)
    else:
        assert equal_bits(healthy, finished)
    folder = paths.run(tmp_path, OTHER.arm_id, OTHER.seed)
    kept = metrics_of(folder)["diverged"]
    assert kept["epoch"] == 1
    assert "is not finite" in kept["reason"]
    assert kept["losses"] == {"vision": [None], "speech": [None]}
    assert [record["epoch"] for record in history_of(folder)] == [1]
    assert "NaN" not in (folder / names.HISTORY).read_text()
    assert any("fixed seed=1: diverged in epoch 1" in line for line in said)

    again: list[str] = []
    assert session.train([OTHER, RUN], prepared, machine, tmp_path, again.append) == [OTHER]
    assert again == [f"{OTHER.name}: diverged before, kept", f"{RUN.name}: finished before, kept"]


def test_a_run_that_follows_one_that_diverged_is_kept_as_lost(
    prepared: dict[str, Prepared], machine: Machine, tmp_path: Path
) -> None:
    wild = replace(OTHER, training=replace(OTHER.training, learning_rate=1e6))
    follower = tiny.run(Follow(wild.arm_id, "swapped"), seed=1, arm_id="swapped", epochs=3)
    follower = replace(follower, leader=wild.arm)
    lost = session.train([follower, wild], prepared, machine, tmp_path, lambda text: None)
    assert lost == [follower, wild]
    reason = metrics_of(paths.run(tmp_path, wild.arm_id, 1))["diverged"]["reason"]
    assert "nats; more than 1000 counts as lost" in reason
    kept = metrics_of(paths.run(tmp_path, "swapped", 1))["diverged"]
    assert kept == {
        "epoch": 0,
        "reason": "it follows fixed seed=1, which diverged",
        "losses": {},
    }


def test_a_number_that_no_float_holds_is_a_divergence_of_its_run_alone(
    prepared: dict[str, Prepared],
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    finished: Path,
    tmp_path: Path,
) -> None:
    original = Engine.run_epoch

    def run_epoch(self: Engine, progress: Any = None) -> None:
        if OTHER in self.runs and self.epoch == 1:
            raise OverflowError("math range error")  # as of exp(-s) for a learned weight
        original(self, progress)

    monkeypatch.setattr(session, "_groups", lambda runs, *_: [list(runs)] if runs else [])
    monkeypatch.setattr(Engine, "run_epoch", run_epoch)
    assert session.train([OTHER, RUN], prepared, machine, tmp_path, lambda text: None) == [OTHER]
    kept = metrics_of(paths.run(tmp_path, OTHER.arm_id, 1))["diverged"]
    assert (kept["epoch"], kept["reason"]) == (2, "a number became too large (math range error)")
    assert len(metrics_of(paths.run(tmp_path, RUN.arm_id, 1))["tasks"]) == 2


def test_training_again_withdraws_the_old_result_first(train: Train, crash_after: Callable) -> None:
    """Otherwise a run that was interrupted would pass for finished, with another's numbers."""
    folder = train(RUN)
    crash_after(1)
    with pytest.raises(KeyboardInterrupt):
        train(replace(RUN, training=replace(RUN.training, learning_rate=2e-3)))
    assert not (folder / names.METRICS).exists()


def test_one_line_is_said_per_epoch(train: Train) -> None:
    said: list[str] = []
    train(RUN, say=said.append)
    assert len(said) == 3
    for epoch, line in enumerate(said, start=1):
        assert f" left: adsmtl seed=1 epoch {epoch}/3  vision loss " in line
        assert "vision loss" in line
        assert "speech loss" in line
