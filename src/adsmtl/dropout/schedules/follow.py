"""Controls that take their rates from what another run did.

They keep parts of a trajectory and break others, and so show which part matters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History
from adsmtl.errors import UserError

# Per epoch, the rate of every task.
Trajectory = Sequence[Mapping[str, float]]
# Seeds 4b to 4b + 3 lend one another their trajectories: one seed of each of the four folds. A
# study can be divided at the blocks without changing who lends to whom.
BLOCK = 4


def lender(seed: int, seeds: Iterable[int]) -> int:
    """The seed whose trajectory this one borrows: the next of its block, after the last the first.

    Args:
        seeds: of the study; those of a block that it lacks are passed over.

    Raises:
        UserError: the block has no other seed; names the seeds that would do.
    """
    first = seed - seed % BLOCK
    block = sorted({seed, *seeds} & set(range(first, first + BLOCK)))
    if len(block) < 2:
        raise UserError(
            f"seed {seed} has none to borrow a trajectory from; add another of the seeds {first} "
            f"to {first + BLOCK - 1} or leave out the arms with keep: borrowed"
        )
    return block[(block.index(seed) + 1) % len(block)]


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
    """The rates of another arm, of another seed or rearranged.

    Attributes:
        arm: the arm whose rates are used; it is trained first.
        keep: what of its rates is kept.
            `borrowed`: the rates that it had with another seed (`lender`). This keeps a whole
            trajectory and removes the feedback: no rate answers to this run's difficulty.
            `swapped`: each task gets the rates of the next task. This keeps the differences and
            turns their direction.
            `mean-over-time` (matched mean): each task gets the mean of its own rates. This keeps
            the levels and removes adaptation over time.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    arm: str
    keep: Literal["borrowed", "swapped", "mean-over-time"]
    schedule: Literal["follow"] = "follow"

    @property
    def borrows(self) -> bool:
        """Whether the rates are those of another seed."""
        return self.keep == "borrowed"

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Not known without the other run; see `recorded`."""
        raise ValueError(f"the rates of arm {self.arm!r} have to be read first")

    def recorded(self, trajectory: Trajectory) -> Recorded:
        """The rates to train with.

        Args:
            trajectory: the rates of the other arm, with this seed or that of the lender.
        """
        tasks = list(trajectory[0])
        if self.keep == "borrowed":
            return Recorded(list(trajectory))
        if self.keep == "swapped":
            donors = dict(zip(tasks, tasks[1:] + tasks[:1], strict=True))
            return Recorded([{task: own[donors[task]] for task in tasks} for own in trajectory])
        constant = {task: sum(own[task] for own in trajectory) / len(trajectory) for task in tasks}
        return Recorded([constant] * len(trajectory))
