"""Difficulty signals d_i(t): how hard task i is after epoch t, on a scale shared by all tasks.

A new signal is one function of a task's observations here, and its name in configuration.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """What one epoch told about one task.

    Attributes:
        classes: number of classes of the task.
        loss: mean training cross-entropy of the epoch in nats, with units dropped.
        accuracy: training accuracy of the epoch in [0, 1], with units dropped.
        val_loss: cross-entropy on validation data after the epoch in nats, all units on.
    """

    classes: int
    loss: float
    accuracy: float
    val_loss: float


Signal = Callable[[Sequence[Observation]], float]


def loss_ratio(history: Sequence[Observation]) -> float:
    """Training loss over ln(number of classes): 1 for a model that guesses evenly."""
    return history[-1].loss / math.log(history[-1].classes)


SIGNALS: dict[str, Signal] = {"loss-ratio": loss_ratio}
