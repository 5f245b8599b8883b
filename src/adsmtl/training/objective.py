"""The objective sum_i w_i L_i + lambda R, with R half the squared L2 norm of the weights."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor


def task_loss(losses: Tensor, weights: Tensor) -> Tensor:
    """L_i of each replica: the mean over its real examples.

    Args:
        losses: float32 `[R, B]`.
        weights: float32 `[R, B]`, 0 for padding.

    Returns:
        float32 `[R]`, 0 where a batch holds no example.
    """
    return (losses * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def weighted(loss: Tensor, weight: Tensor, log_variance: Tensor | None, learned: Tensor) -> Tensor:
    """What a task adds to the objective of each replica, float32 `[R]`.

    Args:
        loss: L_i.
        weight: w_i of replicas whose weights are given.
        log_variance: s_i of replicas that learn it; None where none does.
        learned: bool, which replicas add exp(-s_i) L_i + s_i / 2 (Kendall et al. 2018, eq. 10).
    """
    given = weight * loss
    if log_variance is None:
        return given
    return torch.where(learned, torch.exp(-log_variance) * loss + log_variance / 2, given)


def penalty(params: Mapping[str, Tensor], names: Iterable[str]) -> Tensor:
    """R of each replica: half the squared L2 norm of its weights, float32 `[R]`."""
    return sum(params[name].detach().square().flatten(1).sum(dim=1) for name in names) / 2


@torch.no_grad()
def add_penalty_gradient(
    params: Mapping[str, Tensor], names: Iterable[str], factor: Tensor
) -> None:
    """Add lambda times the gradient of R, which is the weights themselves, to the gradients.

    A weight without a gradient is left alone, as the optimiser leaves it.

    Args:
        factor: lambda, float32 `[R]`.
    """
    for name in names:
        value = params[name]
        if value.grad is not None:
            value.grad.addcmul_(value, factor.view(-1, *[1] * (value.dim() - 1)))
