"""Verdicts in words."""

import re
from collections.abc import Iterable
from dataclasses import replace

from adsmtl.claims import rules
from adsmtl.claims.outcome import CORRELATION
from adsmtl.claims.row import Row
from adsmtl.claims.verdicts import (
    ALPHA,
    BELOW,
    CONTRADICTED,
    EQUIVALENT,
    INCONCLUSIVE,
    NEGLIGIBLE,
    SUPPORTED,
    Decision,
    Kind,
    Numbers,
)
from adsmtl.tables import numbers

TIMES = "\N{MULTIPLICATION SIGN}"
STAND_IN = (
    " Measured on embedded stand-in data: it shows that the experiment works and says nothing"
    " about the paper."
)


_SAID = {
    SUPPORTED: "is supported",
    CONTRADICTED: "is contradicted",
    NEGLIGIBLE: "comes to a negligible effect",
    INCONCLUSIVE: "is left open (inconclusive)",
}
_QUALIFIED = {EQUIVALENT: ", equivalent to none", BELOW: f", with an effect {BELOW}"}


def with_sentence(row: Row, kind: Kind, decision: Decision, embedded: bool) -> Row:
    """A judged row with one sentence to quote, and notes on how it was judged.

    Args:
        kind: what the deciding part asserts.
    """
    show = numbers.of_unit(row.unit)
    spread = numbers.interval(row.ci_low, row.ci_high, show)
    facts = [*([f"95 % interval {spread}"] if spread else []), f"n = {_counted(row)}"]
    verdict = said(row.verdict) + _QUALIFIED.get(row.qualifier, "")
    value = f"{show(row.effect)}{_in(row.unit)}"
    sentence = (
        f"{row.id}, “{row.claim.rstrip('.')}”, {verdict}: {row.comparison}, {value}"
        f" ({', '.join(facts)}); {_excluded(row, kind)}."
    )
    notes = _notes(row, kind, decision)
    return replace(row, sentence=sentence + (STAND_IN if embedded else ""), notes=notes)


def _notes(row: Row, kind: Kind, decision: Decision) -> list[str]:
    """Which part was quoted, the p of both families, power, and another delta."""
    count, notes = len(row.parts), []
    if count > 1:
        weakest = row.p_b is None or row.verdict in (SUPPORTED, CONTRADICTED)
        which = "the weakest one" if weakest else "the one that excludes most"
        notes.append(
            f"All of its {count} parts must hold; the numbers are those of {which} of them."
        )
    interest = f"{row.delta:g}{_in(row.unit)}"
    tested = f"a loss of {interest}" if kind is Kind.NOT_WORSE else "no effect"
    family = f"with Holm's correction over {_claims(decision.tested)} p {_p(row.p_holm)}"
    notes.append(f"Tested against {tested}, p {_p(row.p)}; {family}.")
    if count > 1:
        notes.append(rules.of_no_effect(row.parts))
    if row.p_b_holm is not None:
        corrected = f"with Holm's correction p {_p(row.p_b_holm)}"
        notes.append(
            f"Tested against an effect of the smallest size of interest, {interest}, or more,"
            f" p {_p(row.p_b)}; {corrected}."
        )
        if count > 1:
            notes.append(rules.OF_INTEREST.format(count=count))
    else:
        notes.append(f"The smallest effect of interest is {interest}.")
    if row.reason:
        notes.append(row.reason)
    elif row.detectable is not None:
        detectable = numbers.of_unit(row.unit, numbers.plain)(row.detectable)
        notes.append(
            f"With 80 % power a true effect of {detectable}{_in(row.unit)} would"
            f" have been supported, all parts included, at the level {ALPHA:g}/{decision.tested}"
            " that the correction demands in the worst case."
        )
    if row.verdict_at_twice_delta != row.verdict:
        notes.append(
            "With twice the smallest effect of interest the verdict is"
            f" {row.verdict_at_twice_delta}."
        )
    return notes


def _excluded(row: Row, kind: Kind) -> str:
    what = {
        Kind.BETTER: "an effect of more than {}",
        Kind.DIFFERENT: "an effect of more than {} in either direction",
        Kind.NOT_WORSE: "a loss of more than {}",
    }[kind]
    if row.excluded is None:
        return "so few numbers exclude no effect, whatever its size"
    size = f"{numbers.of_unit(row.unit, numbers.plain)(abs(row.excluded))}{_in(row.unit)}"
    if row.excluded >= 0:
        return f"{what.format(size)} is excluded at 5 %"
    if kind is Kind.NOT_WORSE:
        return "any loss is excluded at 5 %"
    return f"any effect in favour is excluded at 5 %, and a loss of less than {size}"


def _in(unit: str | None) -> str:
    """The unit after a number; a correlation has none."""
    return "" if unit in (None, CORRELATION) else f" {unit}"


def underpowered(decision: Decision, part: Numbers) -> str:
    """Why no result of so few seeds could have been significant."""
    return (
        f"Underpowered by design: n = {part.n} seed{'s' * (part.n != 1)}, whose smallest possible"
        f" p is {part.p_smallest:.2g} and {decision.reachable:.2g} after the correction, so no"
        f" effect, however large, could have reached {ALPHA:g}."
    )


def said(verdict: str) -> str:
    """A verdict as the predicate of a sentence about a claim."""
    return _SAID[verdict]


def not_run(name: str, claim: str, reason: str) -> str:
    """A claim that could not be judged, and why."""
    return f"{name}, “{claim.rstrip('.')}”, was not run, because there is {reason}."


def folded(runs: Iterable[str]) -> list[str]:
    """Run folders as arm × seeds: `none × seeds 0-9`."""
    seeds: dict[str, list[int]] = {}
    for run in runs:
        arm, seed = re.fullmatch(r"runs/(.+)/seed=(\d+)", run).groups()
        seeds.setdefault(arm, []).append(int(seed))
    return [
        f"{arm} {TIMES} seed{'s' * (len(own) > 1)} {numbers.spans(own)}"
        for arm, own in seeds.items()
    ]


def _counted(row: Row) -> str:
    unit = "pair" if row.unit == CORRELATION else "seed"
    return f"{row.n} {unit}{'s' * (row.n != 1)}"


def _claims(count: int) -> str:
    return f"{count} claim{'s' * (count != 1)}"


def _p(p: float) -> str:
    """`= 0.012` or `< 0.001`."""
    text = numbers.p_value(p)
    return text if text.startswith("<") else f"= {text}"
