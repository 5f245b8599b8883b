"""Losses and metrics per example; a new one is a function here and its name in a table."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

# Both take logits [R, B, classes] and int64 targets [R, B], and give float32 [R, B].
PerExample = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each example in nats, computed in float32."""
    flat = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
    return flat.view_as(targets)


def accuracy(logits: Tensor, targets: Tensor) -> Tensor:
    """1 where the most probable class is the target, else 0."""
    return (logits.argmax(dim=-1) == targets).float()


LOSSES: dict[str, PerExample] = {"cross-entropy": cross_entropy}
METRICS: dict[str, PerExample] = {"accuracy": accuracy}
