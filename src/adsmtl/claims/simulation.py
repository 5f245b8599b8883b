"""Ledgers of drawn numbers with known effects, and how often the judge gives every verdict.

Numbers are drawn, the verdicts are those of `verdicts.decide`; `error_rates` makes tables of them.
The exact tests are made for many draws at once: the means of all subsets of the seeds hold the
sign-flip p of every shift (see `analysis.paired`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from adsmtl.analysis import statistics
from adsmtl.analysis.paired import LEVEL
from adsmtl.claims.catalogue import CLAIMS, OF_PRESET
from adsmtl.claims.claim import Part
from adsmtl.claims.outcome import DELTAS, POINTS
from adsmtl.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NEGLIGIBLE,
    SUPPORTED,
    Assessed,
    Decision,
    Kind,
    decide,
)

VERDICTS = (SUPPORTED, CONTRADICTED, NEGLIGIBLE, INCONCLUSIVE)
# Standard deviations of paired differences expected by the protocol, in points of accuracy:
# averaged over the rate grid; between single arms; and, four times the variance, of an interaction
# of two single contrasts on one task, half of the mean over two.
AVERAGED, SINGLE, INTERACTION = 0.45, 0.65, 1.3
SPREAD = {
    "C1": (SINGLE, AVERAGED),
    "C2": (AVERAGED,),
    "C3": (AVERAGED, AVERAGED),
    "C4": (AVERAGED, SINGLE),
    "C5": (SINGLE,) * 4,
    "C6": (AVERAGED,) * 4,
    "C7": (SINGLE,),
    "C8": (INTERACTION,) * 2,
    "C10": (SINGLE, SINGLE),
}
FOLDS = 4
BETWEEN_FOLDS = 0.5  # sd, in points
_SUBSETS = 20_000  # drawn where there are more than 2^16
_BATCH = 100


@dataclass(frozen=True)
class Scenario:
    """True effects, in units of the smallest effect of interest.

    Attributes:
        effect: of every part.
        opposed: whether claims of several parts have +effect in one, -effect in another and none
            in the others, and claims of one part have none.
        folds: sd between folds in points; `centred` if folds differ but their mean is 0.
    """

    name: str
    effect: float
    opposed: bool = False
    folds: float = 0.0
    centred: bool = True

    def effects(self, parts: int) -> tuple[float, ...]:
        """By part."""
        if not self.opposed:
            return (self.effect,) * parts
        return (self.effect, -self.effect, *[0.0] * (parts - 2)) if parts > 1 else (0.0,)


SCENARIOS = (
    Scenario("none", 0),
    Scenario("0.1 points everywhere", 0.2),
    Scenario("half of delta", 0.5),
    Scenario("delta", 1),
    Scenario("twice delta", 2),
    Scenario("four times delta", 4),
    Scenario("harm of delta", -1),
    Scenario("opposite: +2 and -2 delta", 2, opposed=True),
    Scenario("none; these folds differ (sd 0.5)", 0, folds=BETWEEN_FOLDS),
    Scenario("none; folds drawn anew (sd 0.5)", 0, folds=BETWEEN_FOLDS, centred=False),
)


@dataclass(frozen=True)
class Shape:
    """The parts of one claim: what they assert, and their sd in units of delta."""

    kinds: tuple[Kind, ...]
    spread: tuple[float, ...]


def shapes(preset: str = "") -> dict[str, Shape]:
    """Of the claims that a preset judges and whose parts are numbers by seed.

    Deltas of other units stand for as many points as that of accuracy.
    """
    found = {}
    for claim in CLAIMS:
        judged = OF_PRESET.get(preset, (claim.id,))
        if claim.id in judged and all(isinstance(part, Part) for part in claim.parts):
            spread = tuple(sd / DELTAS[POINTS] for sd in SPREAD[claim.id])
            kinds = tuple(part.kind for part in claim.parts)
            if len(kinds) != len(spread):
                raise ValueError(f"{claim.id} has {len(kinds)} parts and {len(spread)} spreads")
            found[claim.id] = Shape(kinds, spread)
    return found


def subsets(n: int) -> np.ndarray:
    """Weights of the mean of every subset but the empty one: (subsets, n), float32."""
    if n <= 16:
        chosen = (np.arange(1, 2**n)[:, None] >> np.arange(n)) & 1
    else:
        chosen = np.random.default_rng(0).random((_SUBSETS, n)) < 0.5
    return (chosen / chosen.sum(axis=1, keepdims=True)).astype(np.float32)


def at_least(weights: np.ndarray, values: np.ndarray, limits: Sequence[float]) -> np.ndarray:
    """One-sided p of "the effect is at least the limit", as `Paired.p_below`.

    Args:
        weights: as `subsets` returns it.
        values: (columns, n), one number per seed.

    Returns:
        (limits, columns).
    """
    found = []
    for start in range(0, len(values), _BATCH):
        means = weights @ values[start : start + _BATCH].T.astype(np.float32)
        found.append([1 + np.count_nonzero(means >= limit, axis=0) for limit in limits])
    return np.concatenate(found, axis=1) / (len(weights) + 1)


def noise(
    shape: Shape, n: int, count: int, draw: np.random.Generator, scenario: Scenario
) -> np.ndarray:
    """(count, parts, n) in units of delta: parts of a claim share half of their variance."""
    shared = draw.standard_normal((count, 1, n))
    own = draw.standard_normal((count, len(shape.spread), n))
    made = sqrt(0.5) * (shared + own) * np.array(shape.spread)[:, None]
    if scenario.folds:
        between = draw.standard_normal((count, 1, FOLDS)) * scenario.folds / DELTAS[POINTS]
        if scenario.centred:
            between -= between.mean(axis=-1, keepdims=True)
        made += between[..., np.arange(n) % FOLDS]
    return made


def tests(
    shape: Shape, made: np.ndarray, effects: Sequence[float], weights: np.ndarray
) -> list[list[Assessed]]:
    """What `verdicts.assess` says of every draw with these effects, delta being 1."""
    count, parts, _ = made.shape
    by_part = [
        _tested(kind, made[:, i] + effect, weights)
        for i, (kind, effect) in enumerate(zip(shape.kinds, effects, strict=True))
    ]
    return [[by_part[i][draw] for i in range(parts)] for draw in range(count)]


def _tested(kind: Kind, values: np.ndarray, weights: np.ndarray) -> list[Assessed]:
    n = values.shape[1]
    below_0, below_1, below_minus = at_least(weights, values, (0.0, 1.0, -1.0))
    above_0, above_minus = at_least(weights, -values, (0.0, 1.0))
    smallest = statistics.smallest_p(n)
    within = np.maximum(below_1, above_minus)
    two_sided = np.minimum(1, 2 * np.minimum(below_0, above_0))
    mean = values.mean(axis=1)
    folds = values.reshape(len(values), -1, FOLDS)  # seed k is of fold k mod 4
    squares = ((folds - folds.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2))
    half = statistics.t_quantile(LEVEL, n - FOLDS) * np.sqrt(squares / (n - FOLDS) / n)
    if kind is Kind.NOT_WORSE:
        two_sided = np.minimum(1, 2 * np.minimum(below_minus, above_minus))
        columns = (mean + 1, two_sided, [None] * len(mean), within, mean + half < 1)
    elif kind is Kind.DIFFERENT:
        columns = (np.abs(mean), two_sided, within, within, np.abs(mean) + half < 1)
    else:
        columns = (mean, two_sided, below_1, within, mean + half < 1)
    return [Assessed(*one, smallest) for one in zip(*columns, strict=True)]


def ledgers(
    n: int, scenario: Scenario, count: int, seed: int = 0, preset: str = ""
) -> Iterator[list[Decision]]:
    """Judge `count` ledgers of n seeds under a scenario."""
    draw, weights = np.random.default_rng([seed, n]), subsets(n)
    made = [
        tests(shape, noise(shape, n, count, draw, scenario), _effects(scenario, shape), weights)
        for shape in shapes(preset).values()
    ]
    for ledger in zip(*made, strict=True):
        yield decide(ledger)


def _effects(scenario: Scenario, shape: Shape) -> tuple[float, ...]:
    return scenario.effects(len(shape.kinds))


def truths(scenario: Scenario, preset: str = "") -> list[tuple[bool, bool, bool]]:
    """For every claim, whether it holds, whether its opposite does, and whether it matters.

    It holds if every part is as asserted; the opposite if any part is beyond that; it matters if
    every part has an effect of delta or more.
    """
    found = []
    for shape in shapes(preset).values():
        effects = np.array(_effects(scenario, shape))
        kind = shape.kinds[0]
        lean = {
            Kind.BETTER: effects,
            Kind.DIFFERENT: np.abs(effects),
            Kind.NOT_WORSE: effects + 1,
        }[kind]
        size = np.abs(effects) if kind is Kind.DIFFERENT else effects
        found.append((bool((lean > 0).all()), bool((lean < 0).any()), bool((size >= 1).all())))
    return found


@dataclass(frozen=True)
class Rates:
    """What became of the claims.

    Attributes:
        counts: mean number of claims by verdict, (claims, verdicts) as shares of the ledgers.
        false_a: share of ledgers with a claim supported that does not hold, or contradicted
            whose opposite does not.
        false_b: share of ledgers with a claim called negligible that matters.
    """

    counts: np.ndarray
    false_a: float
    false_b: float


def rates(n: int, scenario: Scenario, count: int, seed: int = 0, preset: str = "") -> Rates:
    """Rates of every verdict over `count` ledgers."""
    truth = truths(scenario, preset)
    counts = np.zeros((len(truth), len(VERDICTS)))
    wrong_a = wrong_b = 0
    for ledger in ledgers(n, scenario, count, seed, preset):
        of_a = of_b = False
        for place, (one, (holds, opposite, matters)) in enumerate(zip(ledger, truth, strict=True)):
            counts[place, VERDICTS.index(one.verdict)] += 1
            of_a |= one.verdict == SUPPORTED and not holds
            of_a |= one.verdict == CONTRADICTED and not opposite
            of_b |= one.verdict == NEGLIGIBLE and matters
        wrong_a, wrong_b = wrong_a + of_a, wrong_b + of_b
    return Rates(counts / count, wrong_a / count, wrong_b / count)
