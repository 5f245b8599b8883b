"""Rates that are learned with the weights."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History
from adsmtl.dropout.schedules.rate import check_rate
from adsmtl.errors import UserError


@dataclass(frozen=True)
class Concrete:
    """Concrete dropout (Gal, Hron and Kendall 2017): a learned rate per task and site.

    Attributes:
        initial: rate before the first step, more than 0.
        temperature: of the relaxed mask, in (0, 1]; 0.1 is the authors'.
        length_scale: l of the prior on the weights, at least 0; 1e-4 is that of the authors' code.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    initial: float = 0.1
    temperature: float = 0.1
    length_scale: float = 1e-4
    schedule: Literal["concrete"] = "concrete"

    def __post_init__(self) -> None:
        check_rate("initial", self.initial)
        if self.initial == 0:
            raise UserError("initial is 0, from where a learned rate cannot move; give 0.1, say")
        if not 0 < self.temperature <= 1:
            raise UserError(f"temperature is {self.temperature}; give a value in (0, 1]")
        if self.length_scale < 0:
            raise UserError(f"length_scale is {self.length_scale}; give at least 0")

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """The initial rate of every task; what follows is learned, not scheduled."""
        return dict.fromkeys(history, self.initial)
