"""Difficulty by how much worse validation is than training."""

import math
from collections.abc import Sequence

from adsmtl.dropout.difficulty.observation import Observation


def generalisation_gap(history: Sequence[Observation]) -> float:
    """Validation minus training loss, over ln(number of classes), so that tasks compare.

    Less than 0 while dropout makes training harder than validation.
    """
    last = history[-1]
    return (last.val_loss - last.loss) / math.log(last.classes)
