"""From tests of parts to verdicts: parts that must all hold, two families, five words.

Family A tests that there is no effect, family B that there is one of at least delta. Each is
corrected by Holm over the claims that are tested together, at 5 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from adsmtl.analysis.statistics import Estimate, holm

ALPHA = 0.05
POWER = 0.8
SUPPORTED, CONTRADICTED, NEGLIGIBLE = "supported", "contradicted", "negligible"
INCONCLUSIVE, NOT_RUN = "inconclusive", "not run"
BELOW = "below the smallest effect of interest"
EQUIVALENT = "equivalent"


class Kind(Enum):
    """What a part asserts of its effect, which is positive in the claim's favour."""

    BETTER = "effect above 0"
    DIFFERENT = "effect other than 0"
    NOT_WORSE = "effect above minus delta"


class Numbers(Protocol):
    """An effect with its tests; `Paired` and `Slope` are such."""

    n: int
    effect: float
    sd: float | None
    se: float | None
    low: float | None
    high: float | None
    over_folds: Estimate | None
    stratified: bool
    bayes_factor: float | None
    p_smallest: float

    def p(self, centre: float = 0.0) -> float: ...
    def p_below(self, limit: float) -> float: ...
    def p_above(self, limit: float) -> float: ...
    def upper(self, level: float) -> float | None: ...
    def lower(self, level: float) -> float | None: ...


@dataclass(frozen=True)
class Assessed:
    """What the tests say of one part.

    Attributes:
        lean: in favour of the part where positive, against it where negative; in units of delta,
            so that parts in points and in nats can be compared.
        p: two-sided, of "lean is 0".
        p_b: one-sided, of "the effect is at least delta", or at least as large in either
            direction if the part asserts a difference; None where this is not asked.
        p_within: of "the effect is not within ±delta", the larger of two one-sided p.
        small: whether the 95 % interval leaves no effect of delta or more in favour.
        p_smallest: that `p` could be.
    """

    lean: float
    p: float
    p_b: float | None
    p_within: float
    small: bool
    p_smallest: float


@dataclass(frozen=True)
class Decision:
    """The verdict on one claim.

    Attributes:
        p: of the claim in family A, see `claim_p`; p_holm: corrected.
        p_b: of the claim in family B, see `claim_p_b`; p_b_holm: corrected; None where the
            claim takes no part in that family.
        verdict: one of the words above.
        qualifier: what is to be added to the verdict, None where nothing is.
        deciding: index of the part whose numbers stand for the claim. Of supported and
            contradicted claims it is the weakest part, of others the one that says most clearly
            that the effect is not as large as delta.
        tested: how many claims family A tested together.
        reachable: the smallest p_holm that these numbers of seeds can give.
    """

    p: float
    p_holm: float
    p_b: float | None
    p_b_holm: float | None
    verdict: str
    qualifier: str | None
    deciding: int
    tested: int
    reachable: float

    @property
    def underpowered(self) -> bool:
        """Whether no data could have supported or contradicted with so few seeds."""
        return self.reachable > ALPHA


def assess(numbers: Numbers, kind: Kind, delta: float) -> Assessed:
    """Test one part.

    Args:
        delta: smallest effect of interest, above 0, in the unit of the numbers.
    """
    if kind is Kind.NOT_WORSE:
        # The alternative of family A already speaks of delta, so B has nothing to add.
        lean, p, p_b = numbers.effect + delta, numbers.p(-delta), None
    else:
        lean, p, p_b = numbers.effect, numbers.p(), numbers.p_below(delta)
    p_within = max(numbers.p_below(delta), numbers.p_above(-delta))
    bounds = [numbers.high]
    if kind is Kind.DIFFERENT:
        lean, p_b = abs(lean), p_within
        bounds += [None if numbers.low is None else -numbers.low]
    small = all(bound is not None and bound < delta for bound in bounds)
    return Assessed(lean / delta, p, p_b, p_within, small, numbers.p_smallest)


def excluded(numbers: Numbers, kind: Kind, level: float) -> float | None:
    """The smallest effect that a one-sided test at `level` excludes, with all larger ones.

    Of a part that asserts a difference, the size that is excluded in both directions; of one that
    asserts "not worse", the smallest loss that is excluded, as a positive number.

    Returns:
        None where no effect, however large, could be excluded.
    """
    upper, lower = numbers.upper(level), numbers.lower(level)
    if kind is Kind.NOT_WORSE:
        return None if lower is None else -lower
    if kind is Kind.DIFFERENT:
        return None if upper is None or lower is None else max(upper, -lower)
    return upper


def claim_p(parts: Sequence[Assessed]) -> float:
    """p of a claim whose k parts must all hold: the smaller of

        p_for = max over parts of (p if the part leans in favour, else 1)
        p_against = min(1, k · min over parts of (p if the part leans against, else 1))

    with p the parts' two-sided p. No correction is needed for p_for: the claim is false if
    any part is, and then p_for ≤ α needs that very part to reject in the wrong direction,
    whose probability is at most α/2; so an intersection-union test is of its parts' level
    (Berger 1982, *Technometrics* 24, 295-300). Any one part can speak against the claim, so
    p_against carries Bonferroni's factor: each part reaches α/k in its one direction with
    probability at most α/(2k), all together at most α/2. A verdict of either kind therefore
    has a probability of at most α/2 + α/2 = α where there is no effect. Parts that assert a
    difference never lean against; a claim of such parts has p_for alone, of level α.
    """
    in_favour = max(part.p if part.lean > 0 else 1.0 for part in parts)
    against = min(part.p if part.lean < 0 else 1.0 for part in parts)
    return min(in_favour, len(parts) * against, 1.0)


def claim_p_b(parts: Sequence[Assessed]) -> float | None:
    """p of "every one of k parts has an effect of at least delta": min(1, k · min p_b).

    One part that is smaller refutes this; k of them can, hence Bonferroni's factor.
    """
    known = [part.p_b for part in parts if part.p_b is not None]
    return min(1.0, len(known) * min(known)) if known else None


def weakest(parts: Sequence[Assessed]) -> int:
    """Index of the part with the lowest sign(lean) · (1 - p); of equal ones, lowest lean.

    This orders parts from the strongest evidence against the claim to the strongest for it,
    so the first of them is the part whose p decides `claim_p`.
    """
    strength = [(float(np.sign(part.lean)) * (1 - part.p), part.lean) for part in parts]
    return min(range(len(parts)), key=strength.__getitem__)


def decide(ledger: Sequence[Sequence[Assessed]]) -> list[Decision]:
    """Judge claims together, each by its parts; one decision per claim, in the order given."""
    p = [claim_p(claim) for claim in ledger]
    p_b = [claim_p_b(claim) for claim in ledger]
    in_b = iter(holm([one for one in p_b if one is not None]))
    p_b_holm = [None if one is None else next(in_b) for one in p_b]
    reachable = holm([max(part.p_smallest for part in claim) for claim in ledger])
    columns = zip(ledger, p, holm(p), p_b, p_b_holm, reachable, strict=True)
    return [_decision(*one, tested=len(ledger)) for one in columns]


def _decision(
    parts: Sequence[Assessed],
    p: float,
    p_holm: float,
    p_b: float | None,
    p_b_holm: float | None,
    reachable: float,
    tested: int,
) -> Decision:
    deciding, qualifier = weakest(parts), None
    if p_holm <= ALPHA and parts[deciding].lean > 0:
        verdict = SUPPORTED
        qualifier = BELOW if parts[deciding].small else None
    elif p_holm <= ALPHA:
        verdict = CONTRADICTED
    else:
        verdict = INCONCLUSIVE
        if p_b is not None:
            deciding = min(range(len(parts)), key=lambda i: (parts[i].p_b, parts[i].lean))
        if p_b_holm is not None and p_b_holm <= ALPHA:
            verdict = NEGLIGIBLE
            if max(part.p_within for part in parts) <= ALPHA:
                qualifier = EQUIVALENT
    return Decision(p, p_holm, p_b, p_b_holm, verdict, qualifier, deciding, tested, reachable)
