"""One row of `claims.json`; `docs/formats.md` says what its keys mean."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adsmtl.claims.claim import Beside
from adsmtl.claims.verdicts import NOT_RUN


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
    parts: Sequence[dict[str, Any]] = field(default_factory=list)
    beside: Sequence[dict[str, Any]] = field(default_factory=list)
    runs: Sequence[str] = field(default_factory=list)
    reason: str | None = None


def beside(one: Beside) -> dict[str, Any]:
    """An entry of `Row.beside`."""
    interval = {"ci_low": one.low, "ci_high": one.high}
    return {"name": one.name, "value": one.value, **interval, "unit": one.unit}
