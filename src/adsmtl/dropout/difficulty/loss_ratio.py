"""Difficulty by the training loss; the default."""

import math
from collections.abc import Sequence

from adsmtl.dropout.difficulty.observation import Observation


def loss_ratio(history: Sequence[Observation]) -> float:
    """Training loss over ln(number of classes): 1 for a model that guesses evenly."""
    return history[-1].loss / math.log(history[-1].classes)
