"""What one epoch told about one task: all that a difficulty signal or a schedule may see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """One epoch of one task; losses are mean cross-entropies in nats.

    Attributes:
        classes: number of classes of the task.
        loss: of the training examples during the epoch, with units dropped.
        train_loss: of training examples after the epoch, all units on.
        val_loss: of validation examples after the epoch, all units on.
        val_accuracy: of the same, in [0, 1].
        gradient: L2 norm of the gradient of the task's loss on the shared layer, mean over the
            epoch's steps, divided by the mean of this norm over the arm's tasks. 1 for a single
            task.
    """

    classes: int
    loss: float
    train_loss: float
    val_loss: float
    val_accuracy: float
    gradient: float = 1.0


# Per task, the observations of every finished epoch, oldest first.
History = Mapping[str, Sequence[Observation]]
Signal = Callable[[Sequence[Observation]], float]
