"""One row of `claims.json`; `docs/formats.md` says what its keys mean."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adsmtl.claims.claim import Aside
from adsmtl.claims.verdicts import NOT_RUN


@dataclass(frozen=True)
class Row:
    """One claim; effect, spreads and intervals are those of the part that decides."""

    id: str
    claim: str
    experiment: str
    comparison: str
    n: int = 0
    effect: float | None = None
    sd: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    fold_low: float | None = None
    fold_high: float | None = None
    stratified: bool | None = None
    p: float | None = None
    p_holm: float | None = None
    p_b: float | None = None
    p_b_holm: float | None = None
    verdict: str = NOT_RUN
    qualifier: str | None = None
    verdict_at_twice_delta: str | None = None
    unit: str | None = None
    delta: float | None = None
    excluded: float | None = None
    detectable: float | None = None
    sentence: str = ""
    notes: Sequence[str] = field(default_factory=list)
    parts: Sequence[dict[str, Any]] = field(default_factory=list)
    beside: Sequence[dict[str, Any]] = field(default_factory=list)
    runs: Sequence[str] = field(default_factory=list)
    reason: str | None = None


def beside(one: Aside) -> dict[str, Any]:
    """An entry of `Row.beside`."""
    interval = {"ci_low": one.low, "ci_high": one.high}
    return {"name": one.name, "n": one.n, "value": one.value, **interval, "unit": one.unit}
