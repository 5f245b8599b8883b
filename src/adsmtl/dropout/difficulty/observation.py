"""What one epoch told about one task: all that a difficulty signal or a schedule may see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """One epoch of one task.

    Attributes:
        classes: number of classes of the task.
        loss: mean training cross-entropy of the epoch in nats, with units dropped.
        accuracy: training accuracy of the epoch in [0, 1], with units dropped.
        val_loss: cross-entropy on validation data after the epoch in nats, all units on.
        gradient: L2 norm of the gradient of the task's loss on the shared layer, mean over the
            epoch's steps, divided by the mean of this norm over the arm's tasks. 1 for a single
            task.
    """

    classes: int
    loss: float
    accuracy: float
    val_loss: float
    gradient: float = 1.0


# Per task, the observations of every finished epoch, oldest first.
History = Mapping[str, Sequence[Observation]]
Signal = Callable[[Sequence[Observation]], float]
