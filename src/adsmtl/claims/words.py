"""Verdicts in words."""

import re
from collections.abc import Iterable

from adsmtl.analysis import statistics
from adsmtl.claims.verdicts import ALPHA, INCONCLUSIVE, POWER, Decision
from adsmtl.tables import numbers

TIMES = "\N{MULTIPLICATION SIGN}"
STAND_IN = (
    " Measured on embedded stand-in data: it shows that the experiment works and says nothing"
    " about the paper."
)


def tested(name: str, claim: str, comparison: str, unit: str, decision: Decision) -> str:
    """A judged claim in sentences that can be quoted."""
    effect = decision.deciding
    spread = numbers.interval(effect.ci_low, effect.ci_high)
    facts = [
        *([f"95 % interval {spread}"] if spread else []),
        _seeds(effect.n),
        f"p {_p(decision.p)}; with Holm's correction over {_claims(decision.tested)}"
        f" p {_p(decision.p_holm)}",
    ]
    count = len(decision.parts)
    text = (
        f"{name}, “{claim.rstrip('.')}”: {decision.verdict}."
        f" {comparison[0].upper()}{comparison[1:]}: {numbers.signed(effect.effect)} {unit}"
        f" ({'; '.join(facts)})."
    )
    if count > 1:
        text += f" This is the weakest of {count} parts, all of which must hold."
    if decision.underpowered:
        text += f" {underpowered(decision)}"
    elif decision.verdict == INCONCLUSIVE and decision.detectable is None:
        text += " All seeds gave this number, so what could have been detected is unknown."
    elif decision.verdict == INCONCLUSIVE:
        text += (
            f" The smallest effect that {_seeds(effect.n)} could have detected with"
            f" {100 * POWER:g} % power is {numbers.plain(decision.detectable)} {unit}, at the level"
            f" {ALPHA:g}/{decision.tested} that the correction demands in the worst case."
        )
    return text


def underpowered(decision: Decision) -> str:
    """Why no result of so few seeds could have been significant."""
    n = decision.deciding.n
    smallest = statistics.smallest_p(n)
    return (
        f"Underpowered by design: {_seeds(n)}, whose smallest possible p is {smallest:.2g}"
        f" and {decision.reachable:.2g} after the correction, so no effect, however large,"
        f" could have reached {ALPHA:g}."
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


def _seeds(n: int) -> str:
    return f"n = {n} seed{'s' * (n != 1)}"


def _claims(count: int) -> str:
    return f"{count} claim{'s' * (count != 1)}"


def _p(p: float) -> str:
    """`= 0.012` or `< 0.001`."""
    text = numbers.p_value(p)
    return text if text.startswith("<") else f"= {text}"
