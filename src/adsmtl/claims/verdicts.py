"""From one number per seed to verdicts: parts that must all hold, and Holm's correction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adsmtl.analysis import statistics

ALPHA = 0.05
POWER = 0.8
SUPPORTED, CONTRADICTED, INCONCLUSIVE = "supported", "contradicted", "inconclusive"
NOT_RUN = "not run"


@dataclass(frozen=True)
class Decision:
    """The verdict on one claim.

    Attributes:
        parts: mean, sd, 95 % interval and two-sided p of every part.
        weakest: index of the part that speaks least for the claim; it decides.
        p: of the claim as a whole, see `claim_p`.
        p_holm: corrected over all claims that were tested together.
        verdict: supported, contradicted or inconclusive at 5 %.
        tested: how many claims were tested together.
        reachable: the smallest p_holm that these numbers of seeds can give.
        detectable: smallest true mean of the weakest part that a t test finds with 80 % power
            at the level `ALPHA / tested`, which Holm's correction demands in the worst case;
            None where n < 2, where all seeds gave the same number, or where no effect,
            however large, could be found.
    """

    parts: tuple[statistics.Comparison, ...]
    weakest: int
    p: float
    p_holm: float
    verdict: str
    tested: int
    reachable: float
    detectable: float | None

    @property
    def deciding(self) -> statistics.Comparison:
        """The weakest part."""
        return self.parts[self.weakest]

    @property
    def underpowered(self) -> bool:
        """Whether no data could have given a verdict with so few seeds."""
        return self.reachable > ALPHA


def decide(ledger: Sequence[Sequence[Sequence[float]]]) -> list[Decision]:
    """Judge claims together.

    Args:
        ledger: for every claim, for every part, one number per seed, positive in the claim's
            favour. Parts of one claim share their seeds.

    Returns:
        One decision per claim, in the order given.

    Raises:
        ValueError: a claim has no parts, or a part holds no or non-finite numbers.
    """
    parts = [[statistics.paired(own, np.zeros(len(own))) for own in claim] for claim in ledger]
    p = [claim_p(claim) for claim in parts]
    p_holm = statistics.holm(p)
    reachable = statistics.holm([statistics.smallest_p(claim[0].n) for claim in parts])
    return [
        _decision(*one, tested=len(ledger)) for one in zip(parts, p, p_holm, reachable, strict=True)
    ]


def claim_p(parts: Sequence[statistics.Comparison]) -> float:
    """p of a claim whose k parts must all hold: the smaller of

        p_for = max over parts of (p if the part's mean is in favour, else 1)
        p_against = min(1, k · min over parts of (p if the part's mean is against, else 1))

    with p the parts' two-sided p. No correction is needed for p_for: the claim is false if
    any part is, and then p_for ≤ α needs that very part to reject in the wrong direction,
    whose probability is at most α/2; so an intersection-union test is of its parts' level
    (Berger 1982, *Technometrics* 24, 295-300). Any one part can speak against the claim, so
    p_against carries Bonferroni's factor: each part reaches α/k in its one direction with
    probability at most α/(2k), all together at most α/2. A verdict of either kind therefore
    has a probability of at most α/2 + α/2 = α where there is no effect.
    """
    in_favour = max(part.p if part.effect > 0 else 1.0 for part in parts)
    against = min(part.p if part.effect < 0 else 1.0 for part in parts)
    return min(in_favour, len(parts) * against, 1.0)


def weakest(parts: Sequence[statistics.Comparison]) -> int:
    """Index of the part with the lowest sign(effect) · (1 - p); of equal ones, lowest effect.

    This orders parts from the strongest evidence against the claim to the strongest for it,
    so the first of them is the part whose p decides `claim_p`.
    """
    strength = [(float(np.sign(part.effect)) * (1 - part.p), part.effect) for part in parts]
    return min(range(len(parts)), key=strength.__getitem__)


def _decision(
    parts: Sequence[statistics.Comparison],
    p: float,
    p_holm: float,
    reachable: float,
    tested: int,
) -> Decision:
    first = weakest(parts)
    deciding = parts[first]
    verdict = INCONCLUSIVE
    if p_holm <= ALPHA:
        verdict = SUPPORTED if deciding.effect > 0 else CONTRADICTED
    detectable = None
    if reachable <= ALPHA and deciding.sd:
        detectable = statistics.smallest_detectable(deciding.n, deciding.sd, ALPHA / tested, POWER)
    return Decision(tuple(parts), first, p, p_holm, verdict, tested, reachable, detectable)
