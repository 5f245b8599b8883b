"""Dynamic weight average."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History
from adsmtl.errors import UserError


@dataclass(frozen=True)
class DynamicWeightAverage:
    """Tasks whose loss falls slowly count more (Liu, Johns and Davison 2019, equation 7).

        w_i(t) = K exp(r_i / T) / sum_k exp(r_k / T),    r_i = L_i(t-1) / L_i(t-2)

    K is the number of tasks, so the weights sum to K. In the first two epochs they are 1.

    Attributes:
        temperature: T, more than 0; 2 is the authors'.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    temperature: float = 2.0
    weighting: Literal["dynamic-weight-average"] = "dynamic-weight-average"
    learned: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise UserError(f"temperature is {self.temperature}; give more than 0")

    def weights(self, history: History) -> dict[str, float]:
        """Weight of every task in the epoch after those in `history`."""
        if min(len(own) for own in history.values()) < 2:
            return dict.fromkeys(history, 1.0)
        ratios = {
            task: own[-1].loss / own[-2].loss if own[-2].loss > 0 else 1.0
            for task, own in history.items()
        }
        # The largest is subtracted, so that exp does not overflow for a loss that grew a lot.
        largest = max(ratios.values())
        powers = {t: math.exp((r - largest) / self.temperature) for t, r in ratios.items()}
        total = sum(powers.values())
        return {task: len(powers) * power / total for task, power in powers.items()}
