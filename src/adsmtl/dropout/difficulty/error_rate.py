"""Difficulty by the training error."""

from collections.abc import Sequence

from adsmtl.dropout.difficulty.observation import Observation


def error_rate(history: Sequence[Observation]) -> float:
    """Share of training examples classified wrongly, in [0, 1]."""
    return 1 - history[-1].accuracy
