"""Rates that never change."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History
from adsmtl.dropout.schedules.rate import check_rate


@dataclass(frozen=True)
class NoDropout:
    """Every unit stays, always."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    schedule: Literal["none"] = "none"

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        return dict.fromkeys(history, 0.0)


@dataclass(frozen=True)
class Fixed:
    """One rate for every task and epoch."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    rate: float
    schedule: Literal["fixed"] = "fixed"

    def __post_init__(self) -> None:
        check_rate("rate", self.rate)

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        return dict.fromkeys(history, self.rate)
