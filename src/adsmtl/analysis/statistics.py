"""Intervals, paired tests, correction and power, over scipy.

Seeds are the unit: arms of one seed share initial weights, data order and fold, so arms are
compared by their differences within a seed. scipy takes seconds to load, so it is imported where
it is used.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache, lru_cache

import numpy as np

ENUMERATED = 20  # up to here the test takes all 2^n sign patterns; beyond, it draws some
DRAWS = 200_000
BATCH = 1 << 14  # patterns held in memory at once


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval; `sd`, `low` and `high` are None where n < 2 leaves them open."""

    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Comparison:
    """A paired comparison: first minus second, in the unit of the input.

    `d_z` is the standardised effect, None where n < 3 or all differences are equal;
    `p_smallest` is the smallest p that the exact test can give with this n.
    """

    n: int
    effect: float
    sd: float | None
    ci_low: float | None
    ci_high: float | None
    d_z: float | None
    p: float
    p_smallest: float


def mean_interval(values: Sequence[float]) -> Estimate:
    """Mean with Student's 95 % interval, mean ± t_{n-1, 0.975} · sd / √n.

    Raises:
        ValueError: `values` is empty or holds a number that is not finite.
    """
    x = finite(values)
    mean = float(x.mean())
    if x.size == 1:
        return Estimate(1, mean, None, None, None)
    sd = float(x.std(ddof=1))
    half = t_quantile(0.975, x.size - 1) * sd / float(np.sqrt(x.size))
    return Estimate(x.size, mean, sd, mean - half, mean + half)


def sign_flip_p(
    differences: Sequence[float], alternative: str = "two-sided", seed: int = 0
) -> float:
    """Sign-flip permutation test of "differences are symmetric about 0".

    p is the share of the 2^n sign patterns whose sum, or |sum| if two-sided, reaches the observed
    one (Fisher 1935, *The Design of Experiments*, section 21). The observed pattern always
    reaches it, and its mirror image |sum|, so p is never below 1 / 2^n, or 2 / 2^n if two-sided:
    n = 3 cannot give less than 0.25, and 5 % needs n ≥ 6. Up to n = 20 all patterns are
    enumerated; beyond, 200,000 are drawn and the observed one is counted among them (Phipson
    and Smyth 2010).

    Args:
        differences: one difference per seed.
        alternative: "two-sided", "greater" (small p speaks for a centre above 0) or "less".
        seed: of the drawn patterns; without effect up to n = 20.
    """
    return _sign_flip_p(finite(differences).tobytes(), alternative, seed)


@lru_cache(maxsize=4096)
def _sign_flip_p(differences: bytes, alternative: str, seed: int) -> float:
    from scipy import stats

    d = np.frombuffer(differences)
    if d.size < 2:  # scipy asks for two; one difference and its mirror image
        one_sided = {"greater": d[0] > 0, "less": d[0] < 0, "two-sided": False}
        return 0.5 if one_sided[alternative] else 1.0
    measure = {"two-sided": np.abs, "greater": np.positive, "less": np.negative}[alternative]
    # Sums that are equal may differ in their last bits by the order of addition. scipy allows for
    # that relative to the observed sum, which is too little where that sum cancels to about 0.
    observed = measure(d.sum()) - 1e-9 * np.abs(d).sum()
    test = stats.permutation_test(
        (d,),
        lambda flipped, axis: measure(flipped.sum(axis=axis)) >= observed,
        permutation_type="samples",
        n_resamples=2**d.size if d.size <= ENUMERATED else DRAWS,
        alternative="greater",
        batch=BATCH,
        rng=seed,
    )
    return float(test.pvalue)


def smallest_p(n: int) -> float:
    """Smallest two-sided p that n sign flips can give, 2 / 2^n (or the draws' resolution)."""
    return 2.0 ** (1 - n) if n <= ENUMERATED else 1 / (DRAWS + 1)


def paired(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Compare two arms seed by seed; entry k of both belongs to the same seed.

    The standardised effect is d_z = mean / sd of the differences times Hedges' correction
    J(m) = Γ(m/2) / (√(m/2) Γ((m-1)/2)), m = n - 1 (Hedges 1981, eq. 6e).
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} values are not pairs")
    d = finite(np.asarray(first, dtype=float) - np.asarray(second, dtype=float))
    estimate = mean_interval(d)
    d_z = None
    # A spread within rounding error of the differences is no spread.
    if d.size >= 3 and estimate.sd > 1e-12 * np.abs(d).max():
        d_z = estimate.mean / estimate.sd * hedges_correction(d.size - 1)
    return Comparison(*astuple(estimate), d_z, sign_flip_p(d), smallest_p(d.size))


def hedges_correction(df: int) -> float:
    """Hedges' exact small-sample factor J(df), for df ≥ 2; about 1 - 3 / (4 df - 1)."""
    from scipy import special

    log = special.gammaln(df / 2) - special.gammaln((df - 1) / 2)
    return float(np.exp(log) / np.sqrt(df / 2))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down adjusted p-values of one family, in the order given.

    Bit by bit those of statsmodels, which collects garbage at every call: that took a third of
    the time of a ledger.
    """
    values, order = np.asarray(p, dtype=float), np.argsort(p)
    grown = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(grown))
    return adjusted.tolist()


def smallest_detectable(
    n: int, sd: float | None, alpha: float = 0.05, power: float = 0.8
) -> float | None:
    """Smallest true mean difference that a two-sided paired t test finds with `power`.

    Solves power = P(|T| > t_{n-1, 1-α/2}), T noncentral t with n - 1 degrees of freedom and
    noncentrality √n · effect / sd (Cohen 1988, section 2.2).

    Args:
        n: pairs.
        sd: standard deviation of the differences, in the unit of the result.

    Returns:
        The effect in the unit of `sd`, or None where n < 2 or sd is unknown.
    """
    return None if n < 2 or sd is None else sd * _detectable_ratio(n, alpha, power)


@cache
def _detectable_ratio(n: int, alpha: float, power: float) -> float:
    from scipy import optimize, stats

    df = n - 1
    critical = float(stats.f.isf(alpha, 1, df))

    # T² follows F(1, n - 1) with noncentrality n · (effect / sd)²; scipy's noncentral t gives
    # NaN in the far tail for few seeds, its noncentral F does not.
    def shortfall(ratio: float) -> float:
        return float(stats.ncf.sf(critical, 1, df, n * ratio**2)) - power

    high = 1.0
    while shortfall(high) < 0:
        high *= 2
    return float(optimize.brentq(shortfall, 1e-6, high))


@cache
def t_quantile(probability: float, df: int) -> float:
    """Quantile of Student's distribution."""
    from scipy import stats

    return float(stats.t.ppf(probability, df))


def finite(values: Sequence[float]) -> np.ndarray:
    """`values` as an array; raises ValueError where one is not finite, or there is none."""
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or x.size == 0 or not np.isfinite(x).all():
        raise ValueError(f"expected a list of finite numbers, got {x.tolist()}")
    return x
