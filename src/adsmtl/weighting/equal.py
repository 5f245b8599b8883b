"""Every task's loss counts alike."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.difficulty import History


@dataclass(frozen=True)
class Equal:
    """Weight 1, always: the paper's objective."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    weighting: Literal["equal"] = "equal"
    learned: ClassVar[bool] = False

    def weights(self, history: History) -> dict[str, float]:
        """Weight of every task in the epoch after those in `history`."""
        return dict.fromkeys(history, 1.0)
