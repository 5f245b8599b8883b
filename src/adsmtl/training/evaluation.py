"""What a trained model does on a split: loss, metric, folded accuracies, calibration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from adsmtl import rng
from adsmtl.study import Task
from adsmtl.tasks import registry
from adsmtl.tasks.base import Drop
from adsmtl.training.batches import TaskData
from adsmtl.training.model import Model, no_dropout
from adsmtl.training.order import PADDING

# Larger ones pad sequences more, and leave the caches.
BATCH = 128
CALIBRATION_BINS = 15
CALIBRATION_DRAWS = 200


@dataclass(frozen=True)
class Predictions:
    """What one model says of every example of a split, in the order of the examples' numbers.

    Attributes:
        numbers: of the examples in their data set, int32 `[n]`, ascending.
        target: the true class, uint8 `[n]`.
        predicted: the most probable class, uint8 `[n]`.
        nll: negative log-likelihood of the true class in nats, float16 `[n]`.
    """

    numbers: np.ndarray
    target: np.ndarray
    predicted: np.ndarray
    nll: np.ndarray


def calibration_error(confidence: Tensor, correct: Tensor, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3).

    Args:
        confidence: probability of the predicted class, `[N]`, in [0, 1].
        correct: 1 where the prediction is right, `[N]`.
        bins: of equal width, closed on the right.

    Returns:
        Mean over examples of |accuracy - confidence| of their bin.
    """
    gaps = _gaps(confidence.cpu(), correct.cpu()[None], bins)
    return float(gaps.abs().sum() / len(confidence))


def calibration_floor(
    confidence: Tensor, bins: int = CALIBRATION_BINS, draws: int = CALIBRATION_DRAWS
) -> float:
    """The calibration error that a perfectly calibrated model of these confidences is expected
    to show, because every bin holds finitely many examples.

    The mean of `calibration_error` over `draws`, in each of which every example is right with the
    probability that is its confidence. The random numbers are the same at every call.

    Args:
        confidence, bins: as for `calibration_error`.
    """
    confidence = confidence.double().cpu()
    counters = torch.arange(draws * len(confidence)).view(draws, -1)
    uniform = (rng.words(torch.tensor(rng.key("calibration")), counters) >> 11) / 2**53 + 0.5
    gaps = _gaps(confidence, uniform < confidence, bins)
    return float(gaps.abs().sum(dim=1).mean() / len(confidence))


def _gaps(confidence: Tensor, correct: Tensor, bins: int) -> Tensor:
    """Right predictions minus confidences, summed over each bin, of every draw `[D, N]`."""
    confidence = confidence.double()
    index = (confidence * bins).ceil().long().clamp(1, bins) - 1
    gaps = torch.zeros(len(correct), bins, dtype=torch.float64)
    return gaps.index_add_(1, index, correct.double() - confidence)


def ordered(data: TaskData, positions: Sequence[Tensor]) -> list[Tensor]:
    """Every replica's positions, sequences by their length: little of a batch is then padding."""
    lengths = data.lengths
    if lengths is None:
        return list(positions)
    return [own[lengths[own].argsort(stable=True)] for own in positions]


@torch.inference_mode()
def predict(
    model: Model, name: str, data: TaskData, positions: Sequence[Tensor], drop: Drop = no_dropout
) -> tuple[list[Tensor], list[Tensor]]:
    """Logits and targets of every replica's own examples, in the order of `ordered`.

    Args:
        positions: int64 `[n_r]` per replica, into the task's examples.
        drop: all units on by default.

    Returns:
        Per replica float32 `[n_r, classes]` and int64 `[n_r]`.
    """
    table = pad_sequence(ordered(data, positions), batch_first=True, padding_value=PADDING)
    logits, targets = [], []
    for chunk in table.to(data.device).split(BATCH, dim=1):
        batch = data.gather(chunk)
        logits.append(model.forward(name, batch, drop).float())
        targets.append(batch.targets)
    all_logits, all_targets = torch.cat(logits, dim=1), torch.cat(targets, dim=1)
    counts = [len(p) for p in positions]
    return (
        [own[:n] for own, n in zip(all_logits, counts, strict=True)],
        [own[:n] for own, n in zip(all_targets, counts, strict=True)],
    )


def predictions(
    task: Task, data: TaskData, positions: Tensor, logits: Tensor, targets: Tensor
) -> Predictions:
    """What one replica predicts.

    Args:
        positions: int64 `[n]`, into the task's examples, in the order of `ordered`.
        logits, targets: as for `scores`.
    """
    if data.classes > 1 + np.iinfo(np.uint8).max:
        raise ValueError(f"{data.classes} classes do not fit into a byte")
    loss = registry.load(registry.LOSSES, task.loss)
    numbers, order = data.numbers[positions].sort()
    nll = loss(logits[None], targets[None])[0]
    classes = (own.cpu()[order].numpy().astype(np.uint8) for own in (targets, logits.argmax(dim=1)))
    return Predictions(
        numbers.numpy().astype(np.int32), *classes, nll.cpu()[order].numpy().astype(np.float16)
    )


def scores(task: Task, data: TaskData, logits: Tensor, targets: Tensor) -> dict[str, float]:
    """Scores of one replica.

    Args:
        logits: `[n, classes]`, up to a constant per example the logarithms of probabilities.
        targets: int64 `[n]`.

    Returns:
        `loss`, the task's metric, `ece`, and `<metric>_<folding>` per folding of which at least
        one example is scored.
    """
    loss = registry.load(registry.LOSSES, task.loss)
    metric = registry.load(registry.METRICS, task.metric)
    confidence, predicted = logits.softmax(dim=1).max(dim=1)
    result = {
        "loss": float(loss(logits[None], targets[None]).double().mean()),
        task.metric: float(metric(logits[None], targets[None]).double().mean()),
        "ece": calibration_error(confidence, (predicted == targets).float()),
    }
    for folding, folded in data.foldings.items():
        scored = folded[targets] >= 0
        if not scored.any():
            continue
        right = folded[predicted[scored]] == folded[targets[scored]]
        result[f"{task.metric}_{folding}"] = float(right.double().mean())
    return result
