"""The paper's strategy: rates that follow the tasks' difficulty."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from adsmtl.dropout.adsmtl import adsmtl_rates, means, smoothed
from adsmtl.dropout.difficulty import SIGNALS, History
from adsmtl.dropout.schedules.rate import check_rate
from adsmtl.errors import UserError


@dataclass(frozen=True)
class Adsmtl:
    """The adaptive strategy; see `adsmtl.dropout.adsmtl` for the rule.

    Attributes:
        p0: rate of a task as difficult as its reference, and of every task in the first epoch.
        kappa: strength, at least 0; 0 is a fixed rate.
        p_min, p_max: bounds of the rate.
        difficulty: signal, a name in `adsmtl.dropout.difficulty.SIGNALS`.
        reference: what the difficulty of a task is compared with: `mean-over-tasks` is the
            paper's; `first-epoch` is the task's own difficulty after the first epoch, so that the
            rate of each task rises as it gets easier, whatever the others do.
        direction: `harder-drops-less` is the paper's.
        smoothing: weight of the past in the moving average of the difficulty, in [0, 1).
        interval: epochs between updates of the rates.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    p0: float = 0.2
    kappa: float = 1.0
    p_min: float = 0.0
    p_max: float = 0.7
    difficulty: str = "loss-ratio"
    reference: Literal["mean-over-tasks", "first-epoch"] = "mean-over-tasks"
    direction: Literal["harder-drops-less", "harder-drops-more"] = "harder-drops-less"
    smoothing: float = 0.5
    interval: int = 1
    schedule: Literal["adsmtl"] = "adsmtl"

    def __post_init__(self) -> None:
        for name in ("p0", "p_min", "p_max"):
            check_rate(name, getattr(self, name))
        if not self.p_min <= self.p0 <= self.p_max:
            raise UserError(
                f"p0 is {self.p0}, outside [p_min, p_max] = [{self.p_min}, {self.p_max}]"
            )
        if self.kappa < 0:
            raise UserError(
                f"kappa is {self.kappa}; give at least 0 and reverse with "
                "direction: harder-drops-more"
            )
        if not 0 <= self.smoothing < 1:
            raise UserError(f"smoothing is {self.smoothing}; give a value in [0, 1)")
        if self.interval < 1:
            raise UserError(f"interval is {self.interval}; give at least 1 epoch")
        if self.difficulty not in SIGNALS:
            raise UserError(f"difficulty is {self.difficulty!r}; known are {', '.join(SIGNALS)}")

    def difficulties(self, history: History) -> dict[str, tuple[float, float]]:
        """Difficulty d_i(t) and its smoothed value, per task, after the last epoch seen."""
        signal = SIGNALS[self.difficulty]
        result = {}
        for task, epochs in history.items():
            values = [signal(epochs[: end + 1]) for end in range(len(epochs))]
            result[task] = values[-1], smoothed(values, self.smoothing)
        return result

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        seen = min(len(own) for own in history.values())
        used = seen - seen % self.interval
        if used == 0:
            return dict.fromkeys(history, self.p0)
        past = {task: own[:used] for task, own in history.items()}
        now = [smooth for _, smooth in self.difficulties(past).values()]
        if self.reference == "first-epoch":
            first = self.difficulties({task: own[:1] for task, own in past.items()})
            references = [smooth for _, smooth in first.values()]
        else:
            references = means(now)
        kappa = self.kappa if self.direction == "harder-drops-less" else -self.kappa
        rates = adsmtl_rates(now, references, self.p0, kappa, self.p_min, self.p_max)
        return dict(zip(past, rates, strict=True))
