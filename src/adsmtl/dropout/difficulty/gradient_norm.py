"""Difficulty by the pull on the shared layer."""

from collections.abc import Sequence

from adsmtl.dropout.difficulty.observation import Observation


def gradient_norm(history: Sequence[Observation]) -> float:
    """Norm of the task's gradient on the shared layer, relative to the mean over tasks."""
    return history[-1].gradient
