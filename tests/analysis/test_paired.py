import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from adsmtl.analysis import bayes, luck, paired, statistics
from adsmtl.analysis.paired import Paired


def test_standard_error_within_folds_by_hand():
    # Folds (1, 3) and (6, 10): squares 2 + 8, pooled variance 10 / 2, se sqrt(5 / 4).
    one = Paired((1.0, 6.0, 3.0, 10.0), (0, 1, 0, 1))
    assert (one.effect, one.df, one.stratified) == (5.0, 2, True)
    assert one.se == pytest.approx(math.sqrt(5 / 4))
    # The same as the sum over folds of s_f² / n_f, over F².
    assert one.se == pytest.approx(math.sqrt((2 / 2 + 8 / 2) / 4))
    assert one.high - one.effect == pytest.approx(4.3027 * one.se, abs=1e-3)
    assert (one.over_folds.n, one.over_folds.mean) == (2, 5.0)
    assert one.over_folds.high - 5 == pytest.approx(12.7062 * 3, abs=1e-3)


def test_a_shift_of_a_fold_widens_no_stratified_interval():
    draw = np.random.default_rng(0).normal(size=16)
    folds = tuple(k % 4 for k in range(16))
    shifted = draw + np.array([5, -5, 3, -3])[list(folds)]
    before, after = (Paired(tuple(x), folds) for x in (draw, shifted))
    assert after.se == pytest.approx(before.se)
    assert after.sd > 3 * before.sd


def test_a_fold_of_one_seed_leaves_the_plain_standard_error():
    one = Paired((1.0, 2.0, 3.0), (0, 1, 2))
    assert (one.stratified, one.df) == (False, 2)
    plain = statistics.mean_interval([1, 2, 3])
    assert (one.low, one.high) == pytest.approx((plain.low, plain.high))
    alone = Paired((0.5,), (0,))
    assert (alone.se, alone.low, alone.over_folds, alone.bayes_factor) == (None,) * 4


def test_stratified_intervals_cover_the_effect_on_these_folds():
    draw = np.random.default_rng(5)
    folds = tuple(k % 4 for k in range(8))
    shift = np.array([2.0, -1.0, 0.5, -1.5])[list(folds)]
    covered = 0
    for _ in range(2000):
        one = Paired(tuple(shift + draw.normal(size=8)), folds)
        covered += one.low <= 0 <= one.high
    assert covered / 2000 == pytest.approx(0.95, abs=0.015)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=7), st.integers(-3, 3))
def test_one_sided_p_counts_sign_patterns(values, limit):
    d = [value - limit for value in values]
    sums = [
        sum(s * v for s, v in zip(signs, d, strict=True))
        for signs in itertools.product([1, -1], repeat=len(d))
    ]
    one = Paired(tuple(map(float, values)), (0,) * len(values))
    assert one.p_below(limit) == np.mean([total <= sum(d) for total in sums])
    assert one.p_above(limit) == np.mean([total >= sum(d) for total in sums])


@pytest.mark.parametrize("n", [1, 2, 8, 11])
@pytest.mark.parametrize("limit", [-0.4, 0.0, 0.5])
def test_one_sided_p_is_that_of_scipys_permutation_test(n, limit):
    values = np.random.default_rng(n).normal(size=n)
    one = Paired(tuple(values), (0,) * n)
    assert one.p_below(limit) == statistics.sign_flip_p(values - limit, "less")
    assert one.p_above(limit) == statistics.sign_flip_p(values - limit, "greater")
    assert min(1, 2 * min(one.p_below(0), one.p_above(0))) == one.p()


@pytest.mark.parametrize("level", [0.05, 0.0125, 0.5])
def test_limits_invert_the_one_sided_tests(level):
    one = Paired(tuple(np.random.default_rng(2).normal(size=9)), (0,) * 9)
    upper, lower = one.upper(level), one.lower(level)
    assert one.p_below(upper + 1e-6) <= level < one.p_below(upper - 1e-6)
    assert one.p_above(lower - 1e-6) <= level < one.p_above(lower + 1e-6)
    assert Paired((1.0, 2.0), (0, 0)).upper(0.05) is None


def test_drawn_subsets_give_nearly_the_limit_of_all():
    d = np.random.default_rng(3).normal(size=18)
    drawn = np.random.default_rng(0).random((200_000, 18)) < 0.5
    means = np.sort(drawn @ d / np.maximum(1, drawn.sum(axis=1)))
    assert Paired(tuple(d), (0,) * 18).upper(0.05) == pytest.approx(means[190_000], abs=0.02)
    assert len(paired.subset_means(np.zeros(21))) == pytest.approx(statistics.DRAWS, abs=2)


def test_the_detectable_effect_of_one_part_is_that_of_the_t_test_at_the_attained_level():
    one = Paired(tuple(np.random.default_rng(4).normal(size=12)), tuple(k % 4 for k in range(12)))
    level = 2 * math.floor(0.005 / 2 * 2**12) / 2**12
    expected = statistics.smallest_detectable(12, one.sd, level)
    assert paired.detectable([one], [1.0], [0.0], 0.8, 0.005) == pytest.approx(expected, rel=0.03)
    # The same in units of delta, and less where delta is allowed.
    halved = paired.detectable([one], [0.5], [0.0], 0.8, 0.005)
    assert halved == pytest.approx(2 * expected, rel=0.03)
    allowed = paired.detectable([one], [0.5], [0.5], 0.8, 0.005)
    assert allowed == pytest.approx(halved - 1)


def test_more_parts_need_a_larger_effect_and_equal_parts_do_not():
    draw = np.random.default_rng(6).normal(size=(4, 12))
    parts = [Paired(tuple(x / x.std(ddof=1)), (0,) * 12) for x in draw]
    one, four = (paired.detectable(p, [1.0] * 4, [0.0] * 4, 0.8, 0.05) for p in (parts[:1], parts))
    assert four > 1.2 * one
    same = paired.detectable([parts[0]] * 4, [1.0] * 4, [0.0] * 4, 0.8, 0.05)
    assert same == pytest.approx(one, rel=0.05)


def test_too_few_seeds_or_no_spread_leave_the_detectable_effect_open():
    few = Paired((1.0, 2.0, 4.0), (0, 1, 2))
    assert paired.detectable([few], [1.0], [0.0], 0.8, 0.05) is None
    equal = Paired((1.0,) * 10, (0,) * 10)
    assert paired.detectable([equal], [1.0], [0.0], 0.8, 0.05) is None


def test_unusable_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        Paired((1.0, math.nan), (0, 1))
    with pytest.raises(ValueError, match="2 values and 1 folds"):
        Paired((1.0, 2.0), (0,))


def test_bayes_factor_agrees_with_the_defining_integral_over_effects():
    # The prior as a Cauchy density of the standardised effect, the data as a noncentral t.
    t, n = 2.5, 12
    effects = np.linspace(-8, 8, 40_001)
    likelihood = stats.nct.pdf(t, n - 1, effects * math.sqrt(n))
    prior = stats.cauchy.pdf(effects, scale=bayes.WIDTH)
    expected = np.trapezoid(likelihood * prior, effects) / stats.t.pdf(t, n - 1)
    assert bayes.jzs(t, n, n - 1) == pytest.approx(expected, rel=1e-3)
    assert bayes.jzs(0.0, n, n - 1) < 1 / 3


def test_the_bayes_factor_of_a_contrast_is_that_of_its_t():
    values = np.random.default_rng(8).normal(0.4, 2, size=12)
    one = Paired(tuple(values), tuple(k % 4 for k in range(12)))
    assert one.bayes_factor == bayes.jzs(one.effect / one.se, 12, one.df)
    assert Paired((0.1 + 0.2, 0.3, 0.3), (0, 0, 0)).bayes_factor is None  # equal but for rounding


def test_choosing_the_best_of_four_gains_the_expected_maximum_of_four():
    # Validation sees all of the luck: 1.0294 sd is the expected largest of four normal numbers.
    import pandas as pd

    draw = np.random.default_rng(7)
    rows = []
    for seed in range(400):
        fold = 5.0 * (seed % 4)
        for rate in (0.1, 0.2, 0.3, 0.5):
            value = fold + draw.normal()
            rows.append(
                {
                    "seed": seed,
                    "tunable": rate,
                    "val_accuracy_last3": value,
                    "test_accuracy": value,
                }
            )
    found = luck.best_of_four(pd.DataFrame(rows))
    assert found.n == 100
    assert found.mean == pytest.approx(1.0294, abs=0.1)
    assert luck.best_of_four(pd.DataFrame(rows[: 3 * 4])) is None
