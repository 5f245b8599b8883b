"""Difficulty by how slowly the training loss falls."""

from collections.abc import Sequence

from adsmtl.dropout.difficulty.observation import Observation


def relative_progress(history: Sequence[Observation]) -> float:
    """L_t / L_{t-1}: 1 for a task that stands still, less for one that learns.

    It is 1 after the first epoch, which has none before it, and after an epoch whose loss was 0.
    """
    if len(history) < 2 or history[-2].loss == 0:
        return 1.0
    return history[-1].loss / history[-2].loss
