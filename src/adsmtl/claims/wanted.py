"""How claims ask for arms: by what they are, never by an id."""

from dataclasses import dataclass, replace

MAIN = ("vision", "speech")  # the paper's two tasks, over which scores are averaged


@dataclass(frozen=True)
class Wanted:
    """One arm, or all trials of a method; `adsmtl.study.Arm` says what a role is.

    Attributes:
        role: of the arm.
        tasks: that it trains, in any order.
        share: of the training data, in (0, 1].
        value: of its tunable; None where any will do.
        trials: whether all arms that fit are wanted, instead of the only one.
    """

    role: str
    tasks: tuple[str, ...] = MAIN
    share: float = 1.0
    value: float | None = None
    trials: bool = False

    def alone(self, task: str) -> "Wanted":
        """The same with one task trained by itself."""
        return replace(self, tasks=(task,))

    def __str__(self) -> str:
        value = "" if self.value is None else f" {self.value:g}"
        tasks = "" if self.tasks == MAIN else f" on {' and '.join(self.tasks)}"
        share = "" if self.share == 1 else f" with {100 * self.share:g} % of the data"
        return f"{self.role}{value}{tasks}{share}"


def fixed(rate: float) -> Wanted:
    """Multi-task training at one fixed rate."""
    return Wanted("fixed", value=rate)


def adsmtl(p0: float) -> Wanted:
    """The strategy that starts from rate `p0`."""
    return Wanted("adsmtl", value=p0)


def with_each_alone(wanted: Wanted, tasks: tuple[str, ...] = MAIN) -> tuple[Wanted, ...]:
    """An arm, and the same with each of its tasks by itself."""
    return wanted, *(wanted.alone(task) for task in tasks)


GRID = (0.1, 0.2, 0.3)  # rates over which contrasts of methods are averaged
NO_DROPOUT = Wanted("no-dropout")
FIXED = Wanted("fixed", trials=True)
PER_TASK = Wanted("per-task", trials=True)  # a fixed rate for each task
ADSMTL = adsmtl(0.2)
ADSMTL_TRIALS = Wanted("adsmtl", trials=True)
PENALTY = Wanted("l2", trials=True)
