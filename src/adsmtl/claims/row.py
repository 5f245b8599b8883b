"""One row of `claims.json`; `docs/formats.md` says what its keys mean."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from adsmtl.claims.claim import Beside
from adsmtl.claims.verdicts import NOT_RUN


@dataclass(frozen=True)
class PartRow:
    """The numbers of one part, in `unit`, positive in the claim's favour."""

    comparison: str
    n: int
    effect: float
    sd: float | None
    ci_low: float | None
    ci_high: float | None
    p: float
    unit: str


@dataclass(frozen=True)
class BesideRow:
    """A number that is not tested; None where there is none."""

    name: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    unit: str

    @classmethod
    def of(cls, one: Beside) -> "BesideRow":
        return cls(one.name, one.value, one.low, one.high, one.unit)


@dataclass(frozen=True)
class Row:
    """One claim; effect, sd and interval are those of its weakest part."""

    id: str
    claim: str
    experiment: str
    comparison: str
    n: int = 0
    effect: float | None = None
    sd: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    verdict: str = NOT_RUN
    unit: str | None = None
    detectable: float | None = None
    sentence: str = ""
    parts: Sequence[PartRow] = field(default_factory=list)
    beside: Sequence[BesideRow] = field(default_factory=list)
    runs: Sequence[str] = field(default_factory=list)
    reason: str | None = None
