"""The rows of the ledger."""

from dataclasses import asdict
from typing import Any

from adsmtl.claims import words
from adsmtl.claims.catalogue import CLAIMS, OF_PRESET
from adsmtl.claims.claim import Claim
from adsmtl.claims.evidence import Evidence, NotRun, load
from adsmtl.claims.listing import verdict
from adsmtl.claims.measured import Measured, measure
from adsmtl.claims.row import Row, beside
from adsmtl.claims.verdicts import ALPHA, Assessed, Decision, Numbers, decide, excluded
from adsmtl.collected.reading import Collected


def judge(collected: Collected) -> list[dict[str, Any]]:
    """Judge every claim from the collected tables.

    A claim whose arms were not trained is not run, and its row says so; a claim uses the seeds
    that all of its arms have.

    Returns:
        The rows of `claims.json`, C1 to C11, ready for JSON.

    Raises:
        UserError: `listing.json` is malformed, or the runs lack a column that is judged.
    """
    return rows(load(collected))


def rows(study: Evidence) -> list[dict[str, Any]]:
    """`judge` for frames that have been read."""
    measured: dict[str, Measured] = {}
    reasons: dict[str, str] = {}
    for claim in CLAIMS:
        try:
            _require_in_family(claim, study.preset)
            measured[claim.id] = measure(claim, study)
        except NotRun as missing:
            reasons[claim.id] = str(missing)
    tested = {name: one.tested() for name, one in measured.items()}
    decisions = dict(zip(measured, decide(list(tested.values())), strict=True))
    stricter = decide([one.tested(2.0) for one in measured.values()])
    at_twice = {name: one.verdict for name, one in zip(measured, stricter, strict=True)}
    judged = [
        _judged(
            measured[claim.id],
            tested[claim.id],
            decisions[claim.id],
            at_twice[claim.id],
            study.embedded,
        )
        if claim.id in decisions
        else _not_run(claim, reasons[claim.id])
        for claim in CLAIMS
    ]
    return [asdict(row) for row in (*judged, verdict.row(study.listing))]


def _require_in_family(claim: Claim, preset: str) -> None:
    judged = OF_PRESET.get(preset, (claim.id,))
    if claim.id not in judged:
        raise NotRun(f"no question of it to preset {preset}, which judges {', '.join(judged)}")


def _judged(
    measured: Measured, tested: list[Assessed], decision: Decision, at_twice: str, embedded: bool
) -> Row:
    claim, place = measured.claim, decision.deciding
    # A part alone is tested at 5 %, a claim of k parts at 5 % / k for each.
    alone = [_part(measured, tested[i], i) for i in range(len(claim.parts))]
    shared = excluded(measured.numbers[place], claim.parts[place].kind, ALPHA / _count_b(tested))
    row = Row(
        *(claim.id, claim.claim, claim.experiment, claim.parts[place].comparison),
        **_numbers(measured.numbers[place]),
        p=decision.p,
        p_holm=decision.p_holm,
        p_b=decision.p_b,
        p_b_holm=decision.p_b_holm,
        verdict=decision.verdict,
        qualifier=decision.qualifier,
        verdict_at_twice_delta=at_twice,
        unit=claim.parts[place].of_unit,
        delta=measured.deltas[place],
        excluded=shared,
        detectable=None if decision.underpowered else measured.detectable(place, decision.tested),
        sentence="",
        parts=alone,
        beside=[beside(one) for one in measured.asides],
        runs=measured.runs,
        reason=words.underpowered(decision, measured.numbers[place])
        if decision.underpowered
        else None,
    )
    return words.with_sentence(row, claim.parts[place].kind, decision, embedded)


def _count_b(tested: list[Assessed]) -> int:
    """How many parts share the level of family B; all must hold where B does not ask them."""
    return sum(part.p_b is not None for part in tested) or 1


def _part(measured: Measured, tested: Assessed, place: int) -> dict[str, Any]:
    part, numbers = measured.claim.parts[place], measured.numbers[place]
    return {
        "comparison": part.comparison,
        "tasks": list(getattr(part, "tasks", ())),
        "asserts": part.kind.value,
        **_numbers(numbers),
        "p": tested.p,
        "p_b": tested.p_b,
        "p_within": tested.p_within,
        "excluded": excluded(numbers, part.kind, ALPHA),
        "delta": measured.deltas[place],
        "bayes_factor": numbers.bayes_factor,
        "unit": part.of_unit,
        "seeds": list(measured.seeds) if hasattr(numbers, "values") else [],
        "folds": list(getattr(numbers, "folds", ())),
        "values": list(getattr(numbers, "values", ())),
    }


def _numbers(one: Numbers) -> dict[str, Any]:
    folds = one.over_folds
    return {
        "n": one.n,
        "effect": one.effect,
        "sd": one.sd,
        "se": one.se,
        "ci_low": one.low,
        "ci_high": one.high,
        "fold_low": folds and folds.low,
        "fold_high": folds and folds.high,
        "stratified": one.stratified,
    }


def _not_run(claim: Claim, reason: str) -> Row:
    return Row(
        *(claim.id, claim.claim, claim.experiment),
        comparison="; ".join(part.comparison for part in claim.parts),
        sentence=words.not_run(claim.id, claim.claim, reason),
        reason=reason,
    )
