import itertools

import numpy as np
import pytest
from scipy import stats

from adsmtl.analysis.slope import Slope, crossed


def test_slope_and_correlation_of_two_equal_halves_are_those_of_one():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(2, 14))
    one = Slope((tuple(x),) * 2, (tuple(y),) * 2)
    fit = stats.linregress(x, y)
    assert (one.n, one.slope, one.effect) == pytest.approx((14, fit.slope, fit.rvalue))
    interval = stats.pearsonr(x, y).confidence_interval()
    assert (one.low, one.high) == pytest.approx((interval.low, interval.high))
    assert not one.stratified  # an error over pairs, whatever their folds


def test_gain_and_affinity_of_a_point_come_from_different_seeds():
    affinity = np.array([[0.0, 1.0], [2.0, 3.0], [10.0, 11.0], [12.0, 13.0]])
    gain = affinity + 100
    made = crossed(affinity, gain)
    assert made.affinity == ((11.0, 12.0), (1.0, 2.0))
    assert made.gain == ((101.0, 102.0), (111.0, 112.0))
    with pytest.raises(ValueError, match="two seeds"):
        crossed(affinity[:1], gain[:1])


def test_p_is_that_of_permuting_pairs():
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(2, 2, 12))
    y += 0.5 * x
    one = Slope(tuple(map(tuple, x)), tuple(map(tuple, y)))
    x, y = (z - z.mean(axis=1, keepdims=True) for z in (x, y))
    orders = np.array([draw.permutation(12) for _ in range(20_000)])
    totals = np.abs(sum((x[h][orders] * y[h]).sum(axis=1) for h in range(2)))
    assert one.p() == pytest.approx(np.mean(totals >= abs((x * y).sum())), abs=0.012)
    line = tuple(np.arange(12.0))
    assert Slope((line,) * 2, (line,) * 2).p() == one.p_smallest


def test_what_differs_between_groups_has_no_part_in_the_correlation_within_them():
    draw = np.random.default_rng(5)
    x, y = draw.normal(size=(2, 2, 12))
    groups = ["a"] * 5 + ["b"] * 6 + ["alone"]
    moved = 10.0 * np.array([groups.index(one) for one in groups])
    one, other = (
        Slope(tuple(map(tuple, x + by)), tuple(map(tuple, y + by))).within(groups)
        for by in (0, moved)
    )
    assert one == pytest.approx(other)
    residuals = [
        np.concatenate(
            [z[h, a:b] - z[h, a:b].mean() for h in range(2) for a, b in ((0, 5), (5, 11))]
        )
        for z in (x, y)
    ]
    assert one[0] == pytest.approx(np.corrcoef(residuals)[0, 1])


def test_p_within_groups_is_that_of_all_permutations_within_them():
    draw = np.random.default_rng(6)
    x, y = draw.normal(size=(2, 1, 7))
    y += x
    found = Slope(tuple(map(tuple, x)), tuple(map(tuple, y))).within("aaaabbb")[1]
    a, b = (
        (z[0, :4] - z[0, :4].mean() for z in (x, y)),
        (z[0, 4:] - z[0, 4:].mean() for z in (x, y)),
    )
    (xa, ya), (xb, yb) = a, b
    every = [
        abs(xa[list(p)] @ ya + xb[list(q)] @ yb)
        for p in itertools.permutations(range(4))
        for q in itertools.permutations(range(3))
    ]
    assert found == pytest.approx(
        np.mean(np.array(every) >= abs(xa @ ya + xb @ yb) - 1e-9), abs=0.01
    )


def test_the_correlation_of_some_pairs_is_that_of_their_numbers():
    draw = np.random.default_rng(7)
    x, y = draw.normal(size=(2, 2, 6))
    chosen = [True, False, True, True, True, False]
    some = Slope(tuple(map(tuple, x)), tuple(map(tuple, y))).of(chosen)
    own = Slope(tuple(map(tuple, x[:, chosen])), tuple(map(tuple, y[:, chosen])))
    assert (some.n, some.effect) == (4, own.effect)


def test_noise_shared_by_gain_and_affinity_of_a_seed_makes_no_slope():
    draw, found = np.random.default_rng(2), []
    for _ in range(400):
        affinity, gain = draw.normal(size=(8, 12)), draw.normal(size=(8, 12))
        found.append(crossed(affinity, gain + affinity).effect)
    # Within seeds the correlation is 0.7.
    assert np.mean(found) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("true", [0.1, 0.6])
def test_one_sided_limits_hold_at_their_level(true):
    draw, below, excluded = np.random.default_rng(3), 0, 0
    for _ in range(2000):
        x = draw.normal(size=14)
        y = true * x + np.sqrt(1 - true**2) * draw.normal(size=14)
        one = Slope((tuple(x),), (tuple(y),))
        below += one.p_below(true) <= 0.05
        excluded += one.upper(0.05) < true
    assert below == excluded
    assert below / 2000 == pytest.approx(0.05, abs=0.016)


def test_the_detectable_correlation_is_found_with_its_power():
    one = Slope((tuple(range(14)),), (tuple(range(14)),))
    true = one.detectable(0.05, 0.8)
    draw = np.random.default_rng(4)
    x = draw.normal(size=(4000, 14))
    y = true * x + np.sqrt(1 - true**2) * draw.normal(size=(4000, 14))
    assert np.mean(stats.pearsonr(x, y, axis=1).pvalue < 0.05) == pytest.approx(0.8, abs=0.04)
