"""Weights learned as the tasks' noise."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History


@dataclass(frozen=True)
class Uncertainty:
    """Homoscedastic uncertainty (Kendall, Gal and Cipolla 2018, equation 10).

    The objective of a classification task becomes exp(-s_i) L_i + s_i / 2 with a learned
    s_i = ln sigma_i^2, one scalar per task that starts at 0, where the weight is 1.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    weighting: Literal["uncertainty"] = "uncertainty"
    learned: ClassVar[bool] = True

    def weights(self, history: History) -> dict[str, float]:
        """The initial weight of every task; what follows is learned, not scheduled."""
        return dict.fromkeys(history, 1.0)
