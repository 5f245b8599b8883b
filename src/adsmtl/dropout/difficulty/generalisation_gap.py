"""Difficulty by how much worse validation is than training."""

import math
from collections.abc import Sequence

from adsmtl.dropout.difficulty.observation import Observation


def generalisation_gap(history: Sequence[Observation]) -> float:
    """Validation minus training loss, over ln(number of classes), so that tasks compare.

    Both are evaluated after the epoch with all units on. So the gap does not shrink for the mere
    reason that units are dropped while training, which would feed the rate back into itself.
    """
    last = history[-1]
    return (last.val_loss - last.train_loss) / math.log(last.classes)
