"""The rows of the ledger."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from adsmtl import paths
from adsmtl.analysis.statistics import Comparison
from adsmtl.claims import words
from adsmtl.claims.catalogue import CLAIMS
from adsmtl.claims.claim import Claim
from adsmtl.claims.evidence import Evidence, NotRun, load
from adsmtl.claims.listing import verdict
from adsmtl.claims.row import Row, beside
from adsmtl.claims.verdicts import Decision, decide
from adsmtl.collected.reading import Collected


def judge(collected: Collected) -> list[dict[str, Any]]:
    """Judge every claim from the collected tables.

    A claim whose arms were not trained is not run, and its row says so; a claim uses the seeds
    that all of its arms have.

    Returns:
        The rows of `claims.json`, C1 to C11, ready for JSON.

    Raises:
        UserError: `listing.json` is malformed, or arms to compare were tuned with different
            effort.
    """
    return rows(load(collected))


def rows(study: Evidence) -> list[dict[str, Any]]:
    """`judge` for frames that have been read."""
    measured: dict[str, _Measured] = {}
    reasons: dict[str, str] = {}
    for claim in CLAIMS:
        try:
            measured[claim.id] = _measure(claim, study)
        except NotRun as missing:
            reasons[claim.id] = str(missing)
    decided = decide([one.parts.to_numpy().T for one in measured.values()])
    decisions = dict(zip(measured, decided, strict=True))
    judged = [
        _judged(claim, measured[claim.id], decisions[claim.id], study.embedded)
        if claim.id in decisions
        else _not_run(claim, reasons[claim.id])
        for claim in CLAIMS
    ]
    return [asdict(row) for row in (*judged, verdict.row(study.listing))]


@dataclass(frozen=True)
class _Measured:
    """`parts` has a row per seed and a column per part."""

    parts: pd.DataFrame
    beside: list[dict[str, Any]]
    runs: list[str]


def _measure(claim: Claim, study: Evidence) -> _Measured:
    arms = claim.select(study, claim.needs)
    values = pd.concat([part.values(study) for part in claim.parts], axis=1).dropna().sort_index()
    values.columns = range(len(claim.parts))
    if values.empty:
        raise NotRun(f"no seed with all the numbers that it needs of {', '.join(arms)}")
    return _Measured(
        parts=values.astype(float),
        beside=[beside(one) for one in claim.beside(study)],
        runs=[paths.run(Path(), arm, seed).as_posix() for arm in arms for seed in values.index],
    )


def _judged(claim: Claim, measured: _Measured, decision: Decision, embedded: bool) -> Row:
    part = claim.parts[decision.weakest]
    sentence = words.tested(claim.id, claim.claim, part.comparison, part.unit, decision)
    return Row(
        *(claim.id, claim.claim, claim.experiment, part.comparison),
        **_numbers(decision.deciding),
        p=decision.p,
        p_holm=decision.p_holm,
        verdict=decision.verdict,
        unit=part.unit,
        detectable=decision.detectable,
        sentence=sentence + (words.STAND_IN if embedded else ""),
        parts=[
            {"comparison": part.comparison, **_numbers(one), "p": one.p, "unit": part.unit}
            for part, one in zip(claim.parts, decision.parts, strict=True)
        ],
        beside=measured.beside,
        runs=measured.runs,
        reason=words.underpowered(decision) if decision.underpowered else None,
    )


def _numbers(one: Comparison) -> dict[str, Any]:
    return {key: getattr(one, key) for key in ("n", "effect", "sd", "ci_low", "ci_high")}


def _not_run(claim: Claim, reason: str) -> Row:
    return Row(
        *(claim.id, claim.claim, claim.experiment),
        comparison="; ".join(part.comparison for part in claim.parts),
        sentence=words.not_run(claim.id, claim.claim, reason),
        reason=reason,
    )
