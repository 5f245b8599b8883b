import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from adsmtl.analysis import statistics


def test_interval_of_a_hand_example():
    # 1, 2, 3: sd 1, t_{2, 0.975} = 4.3027, half width 4.3027 / sqrt(3) = 2.4841
    estimate = statistics.mean_interval([1, 2, 3])
    assert (estimate.n, estimate.mean, estimate.sd) == (3, 2.0, 1.0)
    assert estimate.low == pytest.approx(2 - 2.4841, abs=1e-4)
    assert estimate.high == pytest.approx(2 + 2.4841, abs=1e-4)


def test_one_seed_has_a_mean_and_no_interval():
    assert statistics.mean_interval([0.5]) == statistics.Estimate(1, 0.5, None, None, None)
    comparison = statistics.paired([0.5], [0.4])
    assert comparison.ci_low is None
    assert comparison.d_z is None
    assert comparison.p == 1.0


@pytest.mark.parametrize("bad", [[], [1.0, math.nan], [math.inf]])
def test_unusable_values_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        statistics.mean_interval(bad)


def test_sign_flip_p_of_tiny_cases():
    # |sum| over signs of (1, 2, 3): 6, 0, 2, 4, each twice
    assert statistics.sign_flip_p([1, 2, 3]) == 0.25
    assert statistics.sign_flip_p([1, 2, -3]) == 1.0
    assert statistics.sign_flip_p([-1, 2, 3]) == 0.5
    assert statistics.sign_flip_p([0.0, 0.0]) == 1.0
    assert statistics.sign_flip_p([0.0], "greater") == 1.0
    assert statistics.sign_flip_p([0.1], "greater") == 0.5
    assert statistics.sign_flip_p([0.1], "less") == 1.0


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=8))
def test_sign_flip_p_equals_plain_enumeration(values):
    tenths = [value / 10 for value in values]  # inexact in binary, so ties need the tolerance
    sums = [
        abs(sum(s * v for s, v in zip(signs, values, strict=True)))
        for signs in itertools.product([1, -1], repeat=len(values))
    ]
    expected = np.mean([value >= abs(sum(values)) for value in sums])
    p = statistics.sign_flip_p(tenths)
    assert p == expected
    assert p >= statistics.smallest_p(len(values))
    assert p == statistics.sign_flip_p([-value for value in tenths])


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        # the sums cancel but for the last bit: every pattern reaches 0
        ([0.1, 0.2, -0.3], 1.0),
        ([0.1, 0.2, 0.3], 0.25),
        ([0.3, 0.3, 0.3, 0.3, 0.3, 0.3], 2 / 64),
        # as of five fair coins at least four alike: 2 (1 + 5) / 32
        ([0.7, 0.7, 0.7, 0.7, -0.7], 12 / 32),
        # a zero changes no sum, so it doubles patterns and hits alike
        ([0.1, 0.2, 0.3, 0.0], 0.25),
    ],
)
def test_equal_sums_count_as_equal_whatever_the_rounding(differences, p):
    assert statistics.sign_flip_p(differences) == p


@pytest.mark.parametrize(("n", "error"), [(18, 0), (21, 0.003)])
def test_patterns_are_enumerated_up_to_twenty_seeds_and_drawn_beyond(n, error):
    d = np.random.default_rng(3).normal(0.45, 1, size=n)
    sums = np.zeros(1)
    for value in d:
        sums = np.concatenate([sums + value, sums - value])
    exact = np.mean(np.abs(sums) >= abs(d.sum()) - 1e-9)
    assert statistics.sign_flip_p(d) == pytest.approx(exact, rel=0, abs=error)


def test_the_smallest_p_is_that_of_one_pattern_and_its_mirror_image():
    assert statistics.smallest_p(20) == 2 / 2**20
    assert statistics.smallest_p(21) == 1 / (statistics.DRAWS + 1)


def test_paired_effect_and_standardised_effect():
    first, second = [4, 6, 14], [2, 2, 8]
    comparison = statistics.paired(first, second)
    assert (comparison.n, comparison.effect, comparison.p) == (3, 4.0, 0.25)
    assert comparison.p_smallest == 0.25
    # d_z = 4 / 2; J(2) = Γ(1) / (1 · Γ(1/2)) = 1 / sqrt(pi)
    assert comparison.d_z == pytest.approx(2 / math.sqrt(math.pi))
    test = stats.ttest_rel(first, second).confidence_interval()
    assert (comparison.ci_low, comparison.ci_high) == pytest.approx((test.low, test.high))


def test_equal_differences_have_no_standardised_effect():
    assert statistics.paired([0.3, 0.4, 0.5], [0.2, 0.3, 0.4]).d_z is None


def test_unpaired_lengths_are_refused():
    with pytest.raises(ValueError, match="not pairs"):
        statistics.paired([1, 2], [1])


def test_corrected_effect_is_unbiased():
    draws = np.random.default_rng(4).normal(1, 1, size=(20_000, 5))
    d_z = draws.mean(axis=1) / draws.std(axis=1, ddof=1) * statistics.hedges_correction(4)
    assert d_z.mean() == pytest.approx(1, abs=4 * d_z.std() / math.sqrt(len(d_z)))


def test_holm_by_hand():
    # sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, then running maxima
    assert statistics.holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert statistics.holm([0.9, 0.8]) == [1.0, 1.0]
    assert statistics.holm([]) == []


@settings(max_examples=20)  # statsmodels collects garbage at every call, half a second here
@given(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.5, 1.0]), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels_to_the_last_bit(p):
    assert statistics.holm(p) == multipletests(p, method="holm")[1].tolist()


@pytest.mark.parametrize("n", [3, 5, 10, 30])
def test_smallest_detectable_agrees_with_statsmodels(n):
    expected = TTestPower().power(statistics.smallest_detectable(n, 1.0), n, 0.05)
    assert expected == pytest.approx(0.8, abs=1e-6)
    assert statistics.smallest_detectable(n, 2.5) == pytest.approx(
        2.5 * statistics.smallest_detectable(n, 1.0)
    )


def test_smallest_detectable_of_few_seeds():
    assert statistics.smallest_detectable(1, None) is None
    assert statistics.smallest_detectable(2, 1.0) > statistics.smallest_detectable(3, 1.0)
