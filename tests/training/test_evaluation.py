"""Evaluation: calibration by hand, folded accuracy, and no trace of how it was batched."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from scipy import stats

from adsmtl.data.prepared import Prepared
from adsmtl.study import Task
from adsmtl.training import evaluation
from adsmtl.training.batches import TaskData
from adsmtl.training.evaluation import (
    calibration_error,
    calibration_floor,
    ordered,
    predict,
    predictions,
    scores,
)
from adsmtl.training.model import Model

CPU = torch.device("cpu")


def evaluate(
    model: Any, name: str, task: Task, data: TaskData, positions: Sequence[torch.Tensor]
) -> list[dict[str, float]]:
    """Scores of every replica on its own examples, all units on."""
    predicted = zip(*predict(model, name, data, positions), strict=True)
    return [scores(task, data, logits, targets) for logits, targets in predicted]


def test_calibration_error_by_hand() -> None:
    # Four bins. (0.25, 0.5]: 0.3 wrong, 0.5 right; (0.75, 1]: 0.8 right, 0.9 right, 1.0 wrong.
    confidence = torch.tensor([0.3, 0.5, 0.8, 0.9, 1.0])
    correct = torch.tensor([0.0, 1.0, 1.0, 1.0, 0.0])
    expected = (2 * abs(0.5 - 0.4) + 3 * abs(2 / 3 - 0.9)) / 5
    assert calibration_error(confidence, correct, bins=4) == pytest.approx(expected, abs=1e-7)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    # 0.5 shares (0.25, 0.5] with 0.3; in (0.5, 0.75] with 0.7 the two gaps would cancel less.
    confidence = torch.tensor([0.3, 0.5, 0.7])
    correct = torch.tensor([1.0, 0.0, 1.0])
    below = (abs((1.0 - 0.3) + (0.0 - 0.5)) + abs(1.0 - 0.7)) / 3
    above = (abs(1.0 - 0.3) + abs((0.0 - 0.5) + (1.0 - 0.7))) / 3
    assert above != pytest.approx(below)
    assert calibration_error(confidence, correct, bins=4) == pytest.approx(below, abs=1e-7)


def test_the_extreme_confidences_have_bins() -> None:
    confidence, correct = torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0])
    assert calibration_error(confidence, correct) == 0.0
    assert calibration_error(confidence, 1 - correct) == 1.0


def test_a_calibrated_model_has_a_small_error_and_an_overconfident_one_its_excess() -> None:
    generator = torch.Generator().manual_seed(0)
    confidence = torch.rand(100_000, generator=generator) * 0.8 + 0.2
    correct = (torch.rand(100_000, generator=generator) < confidence).float()
    assert calibration_error(confidence, correct) < 0.01
    less = (torch.rand(100_000, generator=generator) < confidence - 0.2).float()
    assert calibration_error(confidence, less) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(("examples", "bins"), [(1, 15), (10, 15), (400, 15), (400, 4)])
def test_the_floor_of_one_confidence_is_the_mean_deviation_of_a_binomial_count(
    examples: int, bins: int
) -> None:
    expected = stats.binom(examples, 0.7).expect(lambda k: abs(k / examples - 0.7))
    found = calibration_floor(torch.full((examples,), 0.7), bins, draws=20_000)
    assert found == pytest.approx(expected, rel=0.02)


def test_the_floor_is_the_error_of_a_calibrated_model_and_falls_with_the_examples() -> None:
    generator = torch.Generator().manual_seed(0)
    floors = []
    for examples in (300, 1250, 5000):
        confidence = torch.rand(examples, generator=generator) * 0.9 + 0.1
        right = torch.rand(50, examples, generator=generator) < confidence
        errors = [calibration_error(confidence, own.float()) for own in right]
        floors.append(calibration_floor(confidence))
        assert floors[-1] == pytest.approx(sum(errors) / 50, rel=0.15)
    assert floors == sorted(floors, reverse=True)
    assert floors[1] == pytest.approx(0.033, abs=0.004)


def test_the_floor_is_the_same_at_every_call() -> None:
    confidence = torch.linspace(0.1, 1.0, 500)
    assert calibration_floor(confidence) == calibration_floor(confidence)


class Fixed:
    """Stands in for a model: logits by example, looked up through the example's inputs."""

    def __init__(self, logits: torch.Tensor, data: TaskData) -> None:
        everything = data.gather(torch.arange(len(data.targets))[None])
        self._keys = everything.x.flatten(2).sum(dim=2)[0]
        self._logits = logits

    def forward(self, task: str, batch: object, drop: object) -> torch.Tensor:
        keys = batch.x.flatten(2).sum(dim=2)
        index = (keys[..., None] - self._keys).abs().argmin(dim=-1)
        return self._logits[index]


def test_scores_by_hand(prepared: dict[str, Prepared]) -> None:
    """Four sequences of classes 0 to 3; classes 1 and 2 fold into one, 3 is not scored."""
    task = tiny.TASKS["speech"]
    data = TaskData(prepared["speech"], task, [0], CPU)
    chosen = data.splits["train"][0][:4]
    assert data.targets[chosen].tolist() == [0, 1, 2, 3]
    predicted = torch.tensor([0, 2, 0, 3])  # right, right when folded, wrong, right but not scored
    logits = torch.zeros(len(data.targets), 4)
    logits[chosen, predicted] = torch.log(torch.tensor(3.0))  # probabilities 1/2 and 1/6
    (found,) = evaluate(Fixed(logits, data), "speech", task, data, [chosen])
    log = torch.log
    loss = float(2 * log(torch.tensor(2.0)) + 2 * log(torch.tensor(6.0))) / 4
    assert found == {
        "loss": pytest.approx(loss, rel=1e-6),
        "accuracy": 0.5,
        "ece": pytest.approx(0.0, abs=1e-6),
        "accuracy_39": pytest.approx(2 / 3),
    }


def test_predictions_stand_in_the_order_of_the_examples_numbers(
    prepared: dict[str, Prepared],
) -> None:
    """Whatever the order in which they were evaluated, which for speech is that of length."""
    task = tiny.TASKS["speech"]
    data = TaskData(prepared["speech"], task, [0], CPU)
    (positions,) = ordered(data, data.splits["test"])
    assert positions.tolist() != sorted(positions.tolist())
    # Example number n is taken for class n % 3, with probability 1/2.
    logits = torch.zeros(len(positions), 4)
    logits[torch.arange(len(positions)), data.numbers[positions] % 3] = torch.log(torch.tensor(3.0))
    found = predictions(task, data, positions, logits, data.targets[positions])
    assert found.numbers.tolist() == sorted(data.numbers[positions].tolist())
    assert found.predicted.tolist() == [number % 3 for number in found.numbers]
    assert found.target.tolist() == [number % 4 for number in found.numbers]
    probabilities = np.where(found.target == found.predicted, 1 / 2, 1 / 6)
    assert found.nll == pytest.approx(-np.log(probabilities), rel=2**-11)
    assert (found.numbers.dtype, found.predicted.dtype, found.nll.dtype) == (
        *(np.int32, np.uint8, np.float16),
    )


@pytest.mark.parametrize("name", ["vision", "speech"])
def test_scores_do_not_depend_on_how_examples_are_batched(
    name: str, prepared: dict[str, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tiny.TASKS[name]
    data = TaskData(prepared[name], task, [0, 1], CPU)
    model = Model({name: task}, {name: data}, [0, 1], CPU)
    positions = [data.splits["train"][0], data.splits["train"][1][:17]]
    whole = evaluate(model, name, task, data, positions)
    monkeypatch.setattr(evaluation, "BATCH", 7)
    parts = evaluate(model, name, task, data, positions)
    shuffled = evaluate(model, name, task, data, [p.flip(0) for p in positions])
    for one, *others in zip(whole, parts, shuffled, strict=True):
        for other in others:
            # float32 logits differ in the last bits between batch sizes
            assert other == pytest.approx(one, rel=1e-5, abs=1e-6)


def test_replicas_are_scored_on_their_own_examples(prepared: dict[str, Prepared]) -> None:
    task = tiny.TASKS["speech"]
    together = TaskData(prepared["speech"], task, [0, 2], CPU)
    model = Model({"speech": task}, {"speech": together}, [0, 2], CPU)
    positions = [together.splits["val"][0], together.splits["val"][1][:9]]
    both = evaluate(model, "speech", task, together, positions)
    for r, seed in enumerate([0, 2]):
        data = TaskData(prepared["speech"], task, [seed], CPU)
        alone = Model({"speech": task}, {"speech": data}, [seed], CPU)
        own = data.splits["val"][0][: len(positions[r])]
        (found,) = evaluate(alone, "speech", task, data, [own])
        assert both[r] == pytest.approx(found, rel=1e-5, abs=1e-6)


def test_evaluation_leaves_no_gradient(prepared: dict[str, Prepared]) -> None:
    task = tiny.TASKS["vision"]
    data = TaskData(prepared["vision"], task, [0], CPU)
    model = Model({"vision": task}, {"vision": data}, [0], CPU)
    evaluate(model, "vision", task, data, data.splits["val"])
    assert all(value.grad is None for value in model.params.values())


def test_a_target_without_foldings_has_none_in_its_scores(prepared: dict[str, Prepared]) -> None:
    source = prepared["speech"]
    target = {"phone": {"classes": source.card["targets"]["phone"]["classes"]}}
    plain = replace(source, card={**source.card, "targets": target})
    task = tiny.TASKS["speech"]
    data = TaskData(plain, task, [0], CPU)
    model = Model({"speech": task}, {"speech": data}, [0], CPU)
    (found,) = evaluate(model, "speech", task, data, data.splits["val"])
    assert set(found) == {"loss", "accuracy", "ece"}
