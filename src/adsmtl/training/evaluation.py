"""What a trained model does on a split: loss, metric, folded accuracies, calibration."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from adsmtl.spec import Task
from adsmtl.tasks import registry
from adsmtl.training.batches import TaskData
from adsmtl.training.model import Model, no_dropout
from adsmtl.training.order import PADDING

BATCH = 256
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


@torch.no_grad()
def evaluate(
    model: Model, name: str, task: Task, data: TaskData, positions: Sequence[Tensor]
) -> list[dict[str, float]]:
    """Scores of every replica on its own examples, all units on.

    Args:
        positions: int64 `[n_r]` per replica, into the task's examples.

    Returns:
        Per replica `loss`, the task's metric, `ece`, and `<metric>_<folding>` per folding of
        which at least one example is scored.
    """
    lengths = data.lengths
    if lengths is not None:
        positions = [p[lengths[p].argsort(stable=True)] for p in positions]
    table = pad_sequence(list(positions), batch_first=True, padding_value=PADDING)
    logits, targets = [], []
    for chunk in table.to(data.device).split(BATCH, dim=1):
        batch = data.gather(chunk)
        logits.append(model.forward(name, batch, no_dropout).float())
        targets.append(batch.targets)
    all_logits, all_targets = torch.cat(logits, dim=1), torch.cat(targets, dim=1)
    return [
        _scores(task, data, all_logits[r, : len(p)], all_targets[r, : len(p)])
        for r, p in enumerate(positions)
    ]


def _scores(task: Task, data: TaskData, logits: Tensor, targets: Tensor) -> dict[str, float]:
    """Scores of one replica from logits `[n, classes]` and targets `[n]`."""
    loss = registry.load(registry.LOSSES, task.loss)
    metric = registry.load(registry.METRICS, task.metric)
    confidence, predicted = logits.softmax(dim=1).max(dim=1)
    scores = {
        "loss": float(loss(logits[None], targets[None]).double().mean()),
        task.metric: float(metric(logits[None], targets[None]).double().mean()),
        "ece": calibration_error(confidence, (predicted == targets).float()),
    }
    for folding, folded in data.foldings.items():
        scored = folded[targets] >= 0
        if not scored.any():
            continue
        right = folded[predicted[scored]] == folded[targets[scored]]
        scores[f"{task.metric}_{folding}"] = float(right.double().mean())
    return scores
