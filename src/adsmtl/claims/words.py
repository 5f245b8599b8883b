"""Verdicts in words."""

import re
from collections.abc import Iterable
from dataclasses import replace

from adsmtl.claims.outcome import CORRELATION
from adsmtl.claims.row import Row
from adsmtl.claims.verdicts import ALPHA, CONTRADICTED, SUPPORTED, Decision, Kind, Numbers
from adsmtl.tables import numbers

TIMES = "\N{MULTIPLICATION SIGN}"
STAND_IN = (
    " Measured on embedded stand-in data: it shows that the experiment works and says nothing"
    " about the paper."
)


_OF_PARTS = {SUPPORTED: "the weakest part", CONTRADICTED: "the weakest part"}


def with_sentence(row: Row, kind: Kind, decision: Decision, embedded: bool) -> Row:
    """A judged row with its sentences, which can be quoted.

    Args:
        kind: what the deciding part asserts.
    """
    spread = numbers.interval(row.ci_low, row.ci_high)
    facts = [
        *([f"95 % interval {spread}"] if spread else []),
        f"n = {_counted(row)}",
        f"p {_p(row.p)}; with Holm's correction over {_claims(decision.tested)} p {_p(row.p_holm)}",
    ]
    verdict = f"{row.verdict} ({row.qualifier})" if row.qualifier else row.verdict
    text = [
        f"{row.id}, “{row.claim.rstrip('.')}”: {verdict}.",
        f"{row.comparison[0].upper()}{row.comparison[1:]}: {numbers.signed(row.effect)}"
        f" {row.unit} ({'; '.join(facts)}).",
    ]
    count = len(row.parts)
    if count > 1:
        which = _OF_PARTS.get(row.verdict, "the part that excludes most")
        text.append(f"This is {which} of {count}, all of which must hold.")
    text.append(_excluded(row, kind))
    if row.reason:
        text.append(row.reason)
    elif row.detectable is not None:
        text.append(
            f"With 80 % power a true effect of {numbers.plain(row.detectable)} {row.unit} would"
            f" have been supported, all parts included, at the level {ALPHA:g}/{decision.tested}"
            " that the correction demands in the worst case."
        )
    if row.verdict_at_twice_delta != row.verdict:
        text.append(
            f"With twice the smallest effect of interest the verdict is"
            f" {row.verdict_at_twice_delta}."
        )
    return replace(row, sentence=" ".join(text) + (STAND_IN if embedded else ""))


def _excluded(row: Row, kind: Kind) -> str:
    what = {
        Kind.BETTER: "an effect",
        Kind.DIFFERENT: "an effect in either direction",
        Kind.NOT_WORSE: "a loss",
    }[kind]
    if row.excluded is None:
        return f"So few numbers exclude no effect, whatever its size; {_interest(row)}."
    holm = "" if row.p_b_holm is None else f", p {_p(row.p_b_holm)} with Holm's correction"
    limit = f"{what} of more than {numbers.plain(row.excluded)} {row.unit}"
    if row.excluded < 0:
        limit = "any loss" if kind is Kind.NOT_WORSE else f"any effect in favour, and {limit}"
    return f"Excluded at 5 % is {limit}; {_interest(row)}{holm}."


def _interest(row: Row) -> str:
    return f"the smallest effect of interest is {row.delta:g}"


def underpowered(decision: Decision, part: Numbers) -> str:
    """Why no result of so few seeds could have been significant."""
    return (
        f"Underpowered by design: n = {part.n} seed{'s' * (part.n != 1)}, whose smallest possible"
        f" p is {part.p_smallest:.2g} and {decision.reachable:.2g} after the correction, so no"
        f" effect, however large, could have reached {ALPHA:g}."
    )


def not_run(name: str, claim: str, reason: str) -> str:
    """A claim that could not be judged, and why."""
    return f"{name}, “{claim.rstrip('.')}”: not run, because there is {reason}."


def folded(runs: Iterable[str]) -> list[str]:
    """Run folders as arm × seeds: `none × seeds 0-9`."""
    seeds: dict[str, list[int]] = {}
    for run in runs:
        arm, seed = re.fullmatch(r"runs/(.+)/seed=(\d+)", run).groups()
        seeds.setdefault(arm, []).append(int(seed))
    return [f"{arm} {TIMES} seed{'s' * (len(own) > 1)} {_spans(own)}" for arm, own in seeds.items()]


def _spans(numbers: Iterable[int]) -> str:
    """`0-2, 5` of 0, 1, 2 and 5."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join("-".join(map(str, span)) for span in spans)


def _counted(row: Row) -> str:
    unit = "pair" if row.unit == CORRELATION else "seed"
    return f"{row.n} {unit}{'s' * (row.n != 1)}"


def _claims(count: int) -> str:
    return f"{count} claim{'s' * (count != 1)}"


def _p(p: float) -> str:
    """`= 0.012` or `< 0.001`."""
    text = numbers.p_value(p)
    return text if text.startswith("<") else f"= {text}"
