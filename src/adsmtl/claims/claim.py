"""What a claim is: sentences, the arms it needs, and how numbers follow from their scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from adsmtl.analysis import statistics
from adsmtl.claims.evidence import Evidence
from adsmtl.claims.wanted import Wanted

POINTS = "percentage points"


@dataclass(frozen=True)
class Part:
    """One number per seed that is positive in the claim's favour, and is tested.

    Attributes:
        comparison: what minus what, as part of a sentence.
        values: by seed, in `unit`; seeds that lack a run are absent or NaN.
        unit: of the values.
    """

    comparison: str
    values: Callable[[Evidence], pd.Series]
    unit: str = POINTS


@dataclass(frozen=True)
class Beside:
    """A number that is reported with its interval and not tested."""

    name: str
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None


def beside(name: str, values: pd.Series, unit: str = POINTS) -> Beside:
    """Mean and 95 % interval of one number per seed; None where no seed has one."""
    known = values.dropna()
    if known.empty:
        return Beside(name, unit, None)
    estimate = statistics.mean_interval(known.to_numpy(dtype=float))
    return Beside(name, unit, estimate.mean, estimate.low, estimate.high)


def complete(evidence: Evidence, needs: Sequence[Wanted]) -> list[str]:
    """The arms that are needed, all of them.

    Raises:
        NotRun: some have no finished run.
    """
    return evidence.find(*needs)


def nothing(evidence: Evidence) -> list[Beside]:
    """No numbers beside the tested ones."""
    return []


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, fixed before any result was seen.

    Attributes:
        id: C1 to C10.
        claim: what the paper says, in one sentence.
        experiment: how it is judged, in one sentence.
        needs: the arms that its numbers come from.
        parts: the claim holds only if every part does.
        beside: what is reported and not tested.
        select: the arms that it uses, by id; raises `NotRun` where they are too few.
    """

    id: str
    claim: str
    experiment: str
    needs: tuple[Wanted, ...]
    parts: tuple[Part, ...]
    beside: Callable[[Evidence], list[Beside]] = nothing
    select: Callable[[Evidence, Sequence[Wanted]], list[str]] = complete
