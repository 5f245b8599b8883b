"""Difficulty by the validation error."""

from collections.abc import Sequence

from adsmtl.dropout.difficulty.observation import Observation


def validation_error(history: Sequence[Observation]) -> float:
    """Share of validation examples classified wrongly with all units on, in [0, 1]."""
    return 1 - history[-1].val_accuracy
