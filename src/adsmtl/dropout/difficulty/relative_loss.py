"""Difficulty by how much of its first loss a task still has."""

from collections.abc import Sequence

from adsmtl.dropout.difficulty.observation import Observation


def relative_loss(history: Sequence[Observation]) -> float:
    """L_t / L_1, the training loss relative to that of the first epoch.

    GradNorm calls it the loss ratio (Chen et al. 2018, section 3.2). 1 after the first epoch, and
    for a task whose first loss was 0.
    """
    first = history[0].loss
    return history[-1].loss / first if first > 0 else 1.0
