"""The pair of tasks as the unit: how gain follows affinity over pairs (claim C9).

Every pair has two points, because the two numbers of a point must come from different seeds: the
gain from one half of the seeds and the affinity from the other, and the reverse. Points of a half
are centred over pairs, and one least-squares line is laid through both halves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

FEWEST = 12  # pairs
_DRAWS = 99_999


@dataclass(frozen=True)
class Slope:
    """Gain against affinity, over pairs.

    With X and Y the affinities and gains, centred over pairs within each half,

        slope = Σ X Y / Σ X²,    effect = Σ X Y / √(Σ X² Σ Y²),

    sums over pairs and halves. The effect is the slope in units of the spreads, a correlation.

    Attributes:
        affinity: by half, then by pair.
        gain: by half, then by pair, measured in the seeds that `affinity` of that half leaves out.
    """

    affinity: tuple[tuple[float, ...], ...]
    gain: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        x, y = np.asarray(self.affinity), np.asarray(self.gain)
        if x.shape != y.shape or x.ndim != 2 or not np.isfinite([x, y]).all():
            raise ValueError(f"affinities {x.shape} and gains {y.shape} are not finite and alike")

    @property
    def n(self) -> int:
        """Pairs."""
        return len(self.gain[0])

    @cached_property
    def slope(self) -> float:
        """Gain per unit of affinity; 0 where all affinities are equal."""
        spread = float((self._x**2).sum())
        return float((self._x * self._y).sum()) / spread if spread else 0.0

    @cached_property
    def effect(self) -> float:
        """The correlation; 0 where all gains or affinities are equal."""
        spread = float((self._x**2).sum() * (self._y**2).sum()) ** 0.5
        return float((self._x * self._y).sum()) / spread if spread else 0.0

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval, Fisher's z."""
        return self._at(-1.959964)

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval, Fisher's z."""
        return self._at(1.959964)

    sd = se = over_folds = bayes_factor = None  # of one number per seed
    stratified = False
    p_smallest = 1 / (_DRAWS + 1)

    def p(self, centre: float = 0.0) -> float:
        """Two-sided p of "affinities are exchangeable over pairs": they are permuted.

        All pairs keep their gains; both halves are permuted alike. Affinities that tell nothing of
        the gain have slope 0 and correlation 0, so one p is of both.

        Raises:
            ValueError: `centre` is not 0; only that is a matter of permuting.
        """
        if centre:
            raise ValueError("pairs are permuted under no effect alone")
        from scipy import stats

        def statistic(order: np.ndarray, axis: int) -> np.ndarray:
            # (…, pairs), whole numbers in floats
            permuted = self._x[:, order.astype(int)]
            total = np.einsum("h...p,hp->...", permuted, self._y)
            return np.abs(np.round(total, 12))

        test = stats.permutation_test(
            (np.arange(self.n, dtype=float),),
            statistic,
            permutation_type="pairings",
            n_resamples=_DRAWS,
            alternative="greater",
            vectorized=True,
            batch=10_000,
            rng=0,
        )
        return float(test.pvalue)

    def within(self, groups: Sequence[str]) -> tuple[float, float]:
        """The correlation among pairs of the same group, and its p.

        Pairs are centred within their group, and affinities are permuted within it. What differs
        between groups has no part in it.

        Args:
            groups: of every pair.
        """
        members = [
            np.flatnonzero(np.asarray(list(groups)) == group) for group in sorted(set(groups))
        ]
        x, y = self._x.copy(), self._y.copy()
        for own in members:
            x[:, own] -= x[:, own].mean(axis=1, keepdims=True)
            y[:, own] -= y[:, own].mean(axis=1, keepdims=True)
        draw = np.random.default_rng(0)
        order = np.empty((_DRAWS, self.n), int)
        for own in members:
            order[:, own] = draw.permuted(np.tile(own, (_DRAWS, 1)), axis=1)
        total = float((x * y).sum())
        drawn = sum(x[half][order] @ y[half] for half in range(len(x)))
        reached = np.count_nonzero(np.abs(drawn).round(12) >= round(abs(total), 12))
        spread = float((x**2).sum() * (y**2).sum()) ** 0.5
        return (total / spread if spread else 0.0), (1 + reached) / (1 + _DRAWS)

    def of(self, chosen: Sequence[bool]) -> "Slope":
        """That of some of the pairs."""
        halves = (np.asarray(one)[:, np.asarray(chosen)] for one in (self.affinity, self.gain))
        return Slope(*(tuple(map(tuple, half)) for half in halves))

    def p_below(self, limit: float) -> float:
        """One-sided p of "the correlation is at least `limit`" by Fisher's z, se 1 / √(n - 3)."""
        return self._tail(np.arctanh(limit) - self._z)

    def p_above(self, limit: float) -> float:
        """One-sided p of "the correlation is at most `limit`"."""
        return self._tail(self._z - np.arctanh(limit))

    def upper(self, level: float) -> float:
        """The correlation above which `p_below` is at most `level`."""
        return self._at(-_quantile(level))

    def lower(self, level: float) -> float:
        """The correlation below which `p_above` is at most `level`."""
        return self._at(_quantile(level))

    def detectable(self, level: float, power: float) -> float:
        """True correlation that a two-sided test at `level` finds with `power`, by Fisher's z."""
        return float(np.tanh((_quantile(1 - level / 2) + _quantile(power)) * self._se))

    @cached_property
    def _x(self) -> np.ndarray:
        x = np.asarray(self.affinity)
        return x - x.mean(axis=1, keepdims=True)

    @cached_property
    def _y(self) -> np.ndarray:
        y = np.asarray(self.gain)
        return y - y.mean(axis=1, keepdims=True)

    @property
    def _z(self) -> float:
        return float(np.arctanh(np.clip(self.effect, -1 + 1e-15, 1 - 1e-15)))

    @property
    def _se(self) -> float:
        return 1 / (self.n - 3) ** 0.5

    def _at(self, standard: float) -> float:
        return float(np.tanh(self._z + standard * self._se))

    def _tail(self, distance: float) -> float:
        from scipy import stats

        return float(stats.norm.sf(distance / self._se))


def _quantile(probability: float) -> float:
    from scipy import stats

    return float(stats.norm.ppf(probability))


def crossed(affinity: Sequence[Sequence[float]], gain: Sequence[Sequence[float]]) -> Slope:
    """Gain of one half of the seeds against affinity of the other, and the reverse.

    Args:
        affinity: (seeds, pairs).
        gain: (seeds, pairs), in the same order. The first half of the seeds, in this order, is one
            half: with eight seeds and four folds, each half has every fold once.

    Raises:
        ValueError: fewer than two seeds.
    """
    x, y = np.asarray(affinity, dtype=float), np.asarray(gain, dtype=float)
    if len(x) < 2:
        raise ValueError("two halves need two seeds")
    middle = len(x) // 2
    halves = [(x[middle:], y[:middle]), (x[:middle], y[middle:])]
    means = [(tuple(a.mean(axis=0)), tuple(g.mean(axis=0))) for a, g in halves]
    return Slope(tuple(a for a, _ in means), tuple(g for _, g in means))
