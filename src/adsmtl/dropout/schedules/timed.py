"""Rates that follow the clock alone: the listing's intent, early, late and curriculum dropout."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History
from adsmtl.dropout.schedules.rate import check_rate
from adsmtl.errors import UserError


def _finished(history: History) -> int:
    return min(len(epochs) for epochs in history.values())


@dataclass(frozen=True)
class ListingIntent:
    """What the paper's listing tries to do: `rate` during its first epochs, then 0."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    rate: float = 0.2
    epochs: int = 1
    schedule: Literal["listing-intent"] = "listing-intent"

    def __post_init__(self) -> None:
        check_rate("rate", self.rate)
        if self.epochs < 1:
            raise UserError(f"epochs is {self.epochs}; give at least 1")

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        return dict.fromkeys(history, self.rate if _finished(history) < self.epochs else 0.0)


@dataclass(frozen=True)
class _Half:
    __pydantic_config__: ClassVar = {"extra": "forbid"}
    rate: float

    def __post_init__(self) -> None:
        check_rate("rate", self.rate)


@dataclass(frozen=True)
class Early(_Half):
    """`rate` in the first half of training (rounded down), then 0.

    This is early dropout (Liu et al. 2023) with a constant rate; their other variant lets the rate
    fall linearly to 0. They leave the share of epochs open. If training has a single epoch, its
    rate is 0.
    """

    schedule: Literal["early"] = "early"

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        return dict.fromkeys(history, self.rate if _finished(history) < epochs // 2 else 0.0)


@dataclass(frozen=True)
class Late(_Half):
    """0 in the first half of training (rounded down), then `rate`.

    This is late dropout (Liu et al. 2023). They leave the share of epochs open.
    """

    schedule: Literal["late"] = "late"

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        return dict.fromkeys(history, 0.0 if _finished(history) < epochs // 2 else self.rate)


@dataclass(frozen=True)
class Curriculum(_Half):
    """Rises from 0 towards `rate` (Morerio et al. 2017, equation 5, taken once per epoch).

    The probability of keeping a unit is (1 - q) exp(-gamma t) + q with q = 1 - rate and gamma =
    10 / T, as the authors choose it; t and T are counted in epochs here.
    """

    schedule: Literal["curriculum"] = "curriculum"

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        passed = math.exp(-10 * _finished(history) / epochs)
        return dict.fromkeys(history, self.rate * (1 - passed))
