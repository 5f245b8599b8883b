"""A fixed rate for each task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History
from adsmtl.dropout.schedules.rate import check_rate
from adsmtl.errors import UserError


@dataclass(frozen=True)
class PerTask:
    """A rate of its own for every task, the same in every epoch.

    Attributes:
        by_task: the rate of each task that the arm trains, and of no other.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    by_task: Mapping[str, float]
    schedule: Literal["per-task"] = "per-task"

    def __post_init__(self) -> None:
        for task, rate in self.by_task.items():
            check_rate(f"by_task.{task}", rate)

    def check(self, tasks: set[str]) -> None:
        """Raises UserError unless the rates are those of `tasks`; names the odd ones."""
        unknown = sorted(set(self.by_task) - tasks)
        missing = sorted(tasks - set(self.by_task))
        if unknown:
            raise UserError(
                f"by_task names {', '.join(unknown)}, which the arm does not train; it trains "
                f"{', '.join(sorted(tasks))}"
            )
        if missing:
            raise UserError(f"by_task lacks a rate for {', '.join(missing)}; add it")

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        return {task: self.by_task[task] for task in history}
