"""Predictions of all runs in one file, and back."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from collecting import collected
from synthetic import write_run

from adsmtl import outputs
from adsmtl.collected import collect, reading
from adsmtl.collected.examples import restricted
from adsmtl.errors import UserError
from adsmtl.files import sha256

# Test examples by fold: the first two folds overlap, as they never do, to be told apart.
NUMBERS = {0: [1, 4, 7], 1: [2, 4, 9]}
PREDICTED = {0: [0, 1, 2], 1: [0, 0, 2], 2: [1, 1, 1]}
TARGETS = {1: 0, 2: 0, 4: 1, 7: 1, 9: 2}


def plant(root: Path, arm: str, seed: int, nll: float = 0.0) -> None:
    """A run whose speech is tested on the examples of its fold, its vision on five."""
    folder = write_run(root, arm, seed, epochs=1)
    path = folder / "predictions.npz"
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    numbers = NUMBERS[seed % 2]
    arrays |= {
        "speech.numbers": np.array(numbers, np.int32),
        "speech.target": np.array([TARGETS[number] for number in numbers], np.uint8),
        "speech.predicted": np.array(PREDICTED[seed], np.uint8),
        "speech.nll": np.array(numbers, np.float16) / 4 + np.float16(nll),
    }
    np.savez_compressed(path, **arrays)
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["predictions_sha256"] = sha256(path)
    (folder / "metrics.json").write_text(json.dumps(metrics))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> reading.Collected:
    root = tmp_path_factory.mktemp("predictions")
    for seed in range(3):
        plant(root, "none", seed)
        plant(root, "fixed-0.2", seed, nll=1.0)
    return collected(root)


def test_predictions_by_hand(study: reading.Collected) -> None:
    correct, nll, numbers = study.predictions("speech", "none")
    none = np.nan
    assert numbers.tolist() == [1, 2, 4, 7, 9]
    expected = [[1, none, 1, 0, none], [none, 1, 0, none, 1], [0, none, 1, 1, none]]
    np.testing.assert_array_equal(correct, expected)
    own = [0.25, 0.5, 1.0, 1.75, 2.25]
    np.testing.assert_array_equal(nll, np.where(np.isnan(expected), none, own))


def test_every_arm_has_its_own(study: reading.Collected) -> None:
    one, other = (study.predictions("speech", arm) for arm in ("none", "fixed-0.2"))
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_array_equal(one.correct, other.correct)
    np.testing.assert_array_equal(one.nll + 1, other.nll)


def test_data_without_folds_leave_no_gap(study: reading.Collected) -> None:
    correct, nll, numbers = study.predictions("vision", "none")
    assert correct.shape == nll.shape == (3, len(numbers))
    assert not np.isnan(correct).any()


def test_the_numbers_of_a_fold_are_stored_once(study: reading.Collected) -> None:
    with np.load(study.root / "collected/predictions.npz") as stored:
        sets = [name for name in stored.files if "/numbers/" in name]
    assert sorted(sets) == ["speech/numbers/0", "speech/numbers/1", "vision/numbers/0"]


def test_likelihoods_keep_six_binary_digits(tmp_path: Path) -> None:
    plant(tmp_path, "none", 0, nll=0.123)
    given = np.array(NUMBERS[0], np.float16) / 4 + np.float16(0.123)
    found = collected(tmp_path).predictions("speech", "none").nll[0]
    assert found == pytest.approx(given, rel=2**-6)
    mantissa, _ = np.frexp(found)
    assert (mantissa * 2**6 % 1 == 0).all()


def test_a_task_is_tested_on_some_examples_alone(study: reading.Collected) -> None:
    found = restricted(study, "speech", range(2, 8)).runs.set_index(["arm", "seed", "task"])
    speech = found.xs("speech", level="task")
    assert speech.loc["none", "test_accuracy"].tolist() == [0.5, 0.5, 1.0]  # examples 4, 7; 2, 4
    assert speech.loc["none", "test_loss"].tolist() == [1.375, 0.75, 1.375]
    assert speech.loc["fixed-0.2", "test_loss"].tolist() == [2.375, 1.75, 2.375]
    others = found.drop("speech", level="task")
    before = study.runs.set_index(["arm", "seed", "task"]).drop("speech", level="task")
    pd.testing.assert_frame_equal(others, before)


def test_the_order_of_seeds_in_the_table_does_not_matter(study: reading.Collected) -> None:
    turned = replace(study, runs=study.runs.iloc[::-1])
    one, other = (restricted(own, "speech", range(2, 8)).runs for own in (study, turned))
    pd.testing.assert_frame_equal(other.sort_index(), one)


@pytest.mark.parametrize(
    ("task", "numbers", "message"),
    [
        ("smell", range(3), "has no task 'smell'; its tasks are speech, vision|vision, speech"),
        (
            "speech",
            range(5, 9),
            "seed 1 of fixed-0.2 tests speech on none of the examples 5-8; it has",
        ),
    ],
)
def test_examples_that_nobody_tests_are_named(study, task, numbers, message) -> None:
    with pytest.raises(UserError, match=message):
        restricted(study, task, numbers)


@pytest.mark.parametrize(
    "damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"another")]
)
def test_predictions_that_are_not_those_of_the_run_are_refused(tmp_path: Path, damage) -> None:
    plant(tmp_path, "none", 0)
    damage(tmp_path / "runs/none/seed=0/predictions.npz")
    with pytest.raises(UserError, match=r"none/seed=0/predictions\.npz is missing or is not"):
        collect.write(tmp_path)


def test_what_is_not_there_is_named(study: reading.Collected, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no predictions of arm 'nine' for task 'speech'"):
        study.predictions("speech", "nine")
    plant(tmp_path, "none", 0)
    again = collected(tmp_path)
    path = tmp_path / outputs.COLLECTED / outputs.PREDICTIONS
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UserError, match=r"predictions\.npz cannot be read"):
        again.predictions("speech", "none")
    path.unlink()
    with pytest.raises(UserError, match=r"predictions\.npz is missing; run"):
        again.predictions("speech", "none")
