"""What a trained model does on a split: loss, metric, folded accuracies, calibration."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from adsmtl.study import Task
from adsmtl.tasks import registry
from adsmtl.tasks.base import Drop
from adsmtl.training.batches import TaskData
from adsmtl.training.model import Model, no_dropout
from adsmtl.training.order import PADDING

# Larger ones pad sequences more, and leave the caches.
BATCH = 128
CALIBRATION_BINS = 15


def calibration_error(confidence: Tensor, correct: Tensor, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3).

    Args:
        confidence: probability of the predicted class, `[N]`, in [0, 1].
        correct: 1 where the prediction is right, `[N]`.
        bins: of equal width, closed on the right.

    Returns:
        Mean over examples of |accuracy - confidence| of their bin.
    """
    index = (confidence.double() * bins).ceil().long().clamp(1, bins) - 1
    gaps = torch.zeros(bins, dtype=torch.float64)
    gaps.index_add_(0, index.cpu(), (correct.double() - confidence.double()).cpu())
    return float(gaps.abs().sum() / len(confidence))


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


def evaluate(
    model: Model,
    name: str,
    task: Task,
    data: TaskData,
    positions: Sequence[Tensor],
    drop: Drop = no_dropout,
) -> list[dict[str, float]]:
    """Scores of every replica on its own examples.

    Args:
        positions: int64 `[n_r]` per replica, into the task's examples.
        drop: all units on by default.

    Returns:
        Per replica what `scores` returns.
    """
    predicted = zip(*predict(model, name, data, positions, drop), strict=True)
    return [scores(task, data, logits, targets) for logits, targets in predicted]


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
