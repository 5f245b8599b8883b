"""Losses and metrics per example; a new one is a function and its name in the registry."""

import torch.nn.functional as F
from torch import Tensor


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each example in nats, in float32.

    Args:
        logits: `[R, B, classes]`.
        targets: int64 `[R, B]`.

    Returns:
        float32 `[R, B]`.
    """
    flat = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
    return flat.view_as(targets)


def accuracy(logits: Tensor, targets: Tensor) -> Tensor:
    """1 where the most probable class is the target, else 0; shapes as in `cross_entropy`."""
    return (logits.argmax(dim=-1) == targets).float()
