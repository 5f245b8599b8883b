"""What a claim is: sentences, the arms it needs, and how numbers follow from their scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from adsmtl.claims.evidence import Evidence
from adsmtl.claims.outcome import (
    ACCURACY,
    ACCURACY_LAST3,
    NLL,
    NLL_LAST3,
    POINTS,
    Outcome,
)
from adsmtl.claims.verdicts import Kind, Numbers
from adsmtl.claims.wanted import MAIN, Wanted

Tasks = tuple[str, ...]
# One number per seed, positive in the claim's favour, of any outcome as the mean over any tasks;
# seeds that lack a run are absent or NaN.
Contrast = Callable[[Evidence, Outcome, Tasks], pd.Series]


@dataclass(frozen=True)
class Part:
    """A contrast of one outcome that is tested.

    Attributes:
        comparison: what minus what, as part of a sentence.
        contrast: of the arms.
        outcome: that decides.
        tasks: over which its mean is taken.
        kind: what it asserts of the effect.
        unit: of the contrast, where it is not the outcome's.
        also: outcomes and tasks of which the same contrast is reported beside; None for those
            of the protocol, see `co_outcomes`.
    """

    comparison: str
    contrast: Contrast
    outcome: Outcome = ACCURACY
    tasks: Tasks = MAIN
    kind: Kind = Kind.BETTER
    unit: str | None = None
    also: tuple[tuple[Outcome, Tasks], ...] | None = None

    def values(self, evidence: Evidence) -> pd.Series:
        """By seed, in `of_unit`."""
        return self.contrast(evidence, self.outcome, self.tasks)

    @property
    def of_unit(self) -> str:
        """Of its numbers."""
        return self.unit or self.outcome.unit

    @property
    def beside(self) -> tuple[tuple[Outcome, Tasks], ...]:
        """Outcomes and tasks of which the same contrast is reported, untested."""
        return co_outcomes(self.outcome, self.tasks) if self.also is None else self.also


def co_outcomes(outcome: Outcome, tasks: Tasks) -> tuple[tuple[Outcome, Tasks], ...]:
    """What the protocol wants to see beside an outcome that decides.

    Of accuracy: the last three epochs, the NLL, and both of every task. Of any other outcome: every
    task.
    """
    each = tuple((task,) for task in tasks) if len(tasks) > 1 else ()
    if outcome is not ACCURACY:
        return tuple((outcome, one) for one in each)
    means = ((ACCURACY_LAST3, tasks), (NLL, tasks), (NLL_LAST3, tasks))
    return (*means, *((one, task) for task in each for one in (ACCURACY, NLL)))


@dataclass(frozen=True)
class Ready:
    """A tested number that is not a mean over seeds.

    Attributes:
        comparison: as part of a sentence.
        unit: of its numbers.
        numbers: from the evidence.
    """

    comparison: str
    unit: str
    numbers: Callable[[Evidence], Numbers]
    kind: Kind = Kind.BETTER

    @property
    def of_unit(self) -> str:
        """Of its numbers."""
        return self.unit


@dataclass(frozen=True)
class Aside:
    """A number that is reported with its interval and not tested."""

    name: str
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


def aside(evidence: Evidence, name: str, values: pd.Series, unit: str = POINTS) -> Aside:
    """Mean and 95 % interval of one number per seed; None where no seed has one."""
    known = values.dropna()
    if known.empty:
        return Aside(name, unit, None)
    one = evidence.paired(known)
    return Aside(name, unit, one.effect, one.low, one.high, one.n)


def complete(evidence: Evidence, needs: Sequence[Wanted]) -> list[str]:
    """The arms that are needed, all of them.

    Raises:
        NotRun: some have no finished run.
    """
    return evidence.find(*needs)


def nothing(evidence: Evidence) -> list[Aside]:
    """No numbers beside those that every part has."""
    return []


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, fixed before any result was seen.

    Attributes:
        id: C1 to C10.
        claim: what the paper says, in one sentence.
        experiment: how it is judged, in one sentence.
        needs: the arms that its numbers come from.
        parts: the claim holds only if every part does. Either one number per seed each, or one
            part that is `Ready`.
        asides: what is reported and not tested, beyond the outcomes beside each part.
        select: the arms that it uses, by id; raises `NotRun` where they are too few.
    """

    id: str
    claim: str
    experiment: str
    needs: tuple[Wanted, ...]
    parts: tuple[Part, ...] | tuple[Ready]
    asides: Callable[[Evidence], list[Aside]] = nothing
    select: Callable[[Evidence, Sequence[Wanted]], list[str]] = complete
