"""From a claim and the evidence to the numbers that are tested, and those beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from adsmtl import paths
from adsmtl.analysis import paired
from adsmtl.claims.claim import Aside, Claim, Part, Ready, aside
from adsmtl.claims.evidence import Evidence, NotRun
from adsmtl.claims.outcome import DELTAS
from adsmtl.claims.verdicts import ALPHA, POWER, Assessed, Kind, Numbers, assess


@dataclass(frozen=True)
class Measured:
    """The numbers of one claim.

    Attributes:
        claim: that they are of.
        numbers: of every part.
        seeds: that all parts have; of a part over pairs, those that any of its runs has.
        asides: reported and not tested.
        runs: that the numbers come from.
    """

    claim: Claim
    numbers: tuple[Numbers, ...]
    seeds: tuple[int, ...]
    asides: tuple[Aside, ...]
    runs: tuple[str, ...]

    @property
    def deltas(self) -> tuple[float, ...]:
        """Smallest effects of interest, by part."""
        return tuple(DELTAS[part.of_unit] for part in self.claim.parts)

    def tested(self, factor: float = 1.0) -> list[Assessed]:
        """The tests of every part, with `factor` times the smallest effects of interest."""
        columns = zip(self.numbers, self.claim.parts, self.deltas, strict=True)
        return [assess(numbers, part.kind, factor * delta) for numbers, part, delta in columns]

    def detectable(self, place: int, tested: int) -> float | None:
        """Smallest true effect, of all parts alike, that is supported with 80 % power.

        Alike means the same multiple of every part's delta; the result is in the unit of the
        part at `place`. The level is that of Holm's worst case, 5 % / `tested`.
        """
        level, parts = ALPHA / tested, self.claim.parts
        if isinstance(parts[0], Ready):
            return self.numbers[0].detectable(level, POWER)
        allowed = [
            delta if part.kind is Kind.NOT_WORSE else 0.0
            for part, delta in zip(parts, self.deltas, strict=True)
        ]
        multiple = paired.detectable(self.numbers, self.deltas, allowed, POWER, level)
        return None if multiple is None else multiple * self.deltas[place]


def measure(claim: Claim, study: Evidence) -> Measured:
    """The numbers of a claim, from the seeds that all of its arms have.

    Raises:
        NotRun: an arm was not trained, or no seed has all numbers.
    """
    arms = claim.select(study, claim.needs)
    if isinstance(claim.parts[0], Ready):
        numbers = tuple(part.numbers(study) for part in claim.parts)
        rows = study.final[study.final["arm"].isin(arms)]
        seeds = tuple(int(seed) for seed in sorted(rows["seed"].unique()))
        finished = set(zip(rows["arm"], rows["seed"], strict=True))
    else:
        values = _common(claim.parts, study, arms)
        numbers = tuple(study.paired(values[column]) for column in values)
        seeds = tuple(int(seed) for seed in values.index)
        finished = {(arm, seed) for arm in arms for seed in seeds}
    return Measured(
        claim=claim,
        numbers=numbers,
        seeds=seeds,
        asides=tuple(_asides(claim, study)),
        runs=tuple(
            paths.run(Path(), arm, seed).as_posix()
            for arm in arms
            for seed in seeds
            if (arm, seed) in finished
        ),
    )


def _common(parts: Sequence[Part], study: Evidence, arms: Sequence[str]) -> pd.DataFrame:
    """A row per seed that has all numbers, a column per part."""
    values = pd.concat([part.values(study) for part in parts], axis=1).dropna().sort_index()
    values.columns = range(len(parts))
    if values.empty:
        raise NotRun(f"no seed with all the numbers that it needs of {', '.join(arms)}")
    return values.astype(float)


def _asides(claim: Claim, study: Evidence) -> list[Aside]:
    found = []
    for part in claim.parts:
        for outcome, tasks in () if isinstance(part, Ready) else part.beside:
            values = part.contrast(study, outcome, tasks)
            unit = part.unit or outcome.unit
            on = f" on {tasks[0]}" if len(tasks) == 1 else ""
            found.append(aside(study, f"{part.comparison}: {outcome.name}{on}", values, unit))
    try:
        return found + claim.asides(study)
    except NotRun as missing:
        return [*found, Aside(f"more, but there is {missing}", "", None)]
