"""Controls that take their rates from what another arm did with the same seed.

They keep parts of a trajectory and break others, and so show which part matters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History

# Per epoch, the rate of every task.
Trajectory = Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class Recorded:
    """Rates known beforehand, epoch by epoch."""

    trajectory: Trajectory

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`."""
        finished = min(len(own) for own in history.values())
        return {task: self.trajectory[finished][task] for task in history}


@dataclass(frozen=True)
class Follow:
    """The rates of another arm, rearranged.

    Attributes:
        arm: the arm whose rates are used; it is trained first.
        keep: what of its rates is kept.
            `mean-over-tasks` (yoked): in every epoch each task gets the mean of the tasks' rates.
            This keeps the level over time and removes the difference between tasks.
            `swapped`: each task gets the rates of the next task. This keeps the differences and
            turns their direction.
            `mean-over-time` (matched mean): each task gets the mean of its own rates. This keeps
            the levels and removes adaptation over time.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    arm: str
    keep: Literal["mean-over-tasks", "swapped", "mean-over-time"]
    schedule: Literal["follow"] = "follow"

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Not known without the other arm; see `recorded`."""
        raise ValueError(f"the rates of arm {self.arm!r} have to be read first")

    def recorded(self, trajectory: Trajectory) -> Recorded:
        """The rates to train with.

        Args:
            trajectory: the rates of the other arm.
        """
        tasks = list(trajectory[0])
        if self.keep == "mean-over-tasks":
            means = [sum(own.values()) / len(tasks) for own in trajectory]
            return Recorded([dict.fromkeys(tasks, mean) for mean in means])
        if self.keep == "swapped":
            donors = dict(zip(tasks, tasks[1:] + tasks[:1], strict=True))
            return Recorded([{task: own[donors[task]] for task in tasks} for own in trajectory])
        constant = {task: sum(own[task] for own in trajectory) / len(trajectory) for task in tasks}
        return Recorded([constant] * len(trajectory))
