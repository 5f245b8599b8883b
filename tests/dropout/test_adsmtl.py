"""The ADSMTL rule, against values worked out by hand and the properties the paper asks for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.dropout.adsmtl import adsmtl_rates, means, smoothed

difficulties = st.lists(st.floats(0, 10), min_size=1, max_size=6)
kappas = st.floats(-5, 5)


def against_the_mean(values: list, *settings: float) -> list[float]:
    return adsmtl_rates(values, means(values), *settings)


@st.composite
def bounds(draw: st.DrawFn) -> tuple[float, float, float]:
    """(p0, p_min, p_max) in order."""
    low, middle, high = sorted(draw(st.lists(st.floats(0, 0.99), min_size=3, max_size=3)))
    return middle, low, high


def test_two_tasks_by_hand() -> None:
    # mean difficulty 0.7: 0.2 + 0.5 * (0.7 - 0.9) and 0.2 + 0.5 * (0.7 - 0.5)
    assert against_the_mean([0.9, 0.5], 0.2, 0.5, 0.0, 0.5) == pytest.approx([0.1, 0.3])


def test_three_tasks_by_hand() -> None:
    # mean 0.6; differences -0.6, 0, 0.6; times 0.25
    assert against_the_mean([1.2, 0.6, 0.0], 0.3, 0.25, 0.0, 0.9) == pytest.approx(
        [0.15, 0.3, 0.45]
    )


def test_every_task_may_have_a_reference_of_its_own() -> None:
    # 0.2 + 0.5 * (1.0 - 0.6) and 0.2 + 0.5 * (0.4 - 0.6)
    assert adsmtl_rates([0.6, 0.6], [1.0, 0.4], 0.2, 0.5, 0.0, 0.7) == pytest.approx([0.4, 0.1])


def test_rates_are_clipped_at_both_bounds() -> None:
    assert against_the_mean([2.0, 0.0], 0.2, 1.0, 0.05, 0.5) == [0.05, 0.5]


@given(difficulties, bounds(), kappas)
def test_rates_stay_within_their_bounds(values: list, limits: tuple, kappa: float) -> None:
    p0, low, high = limits
    rates = against_the_mean(values, p0, kappa, low, high)
    assert len(rates) == len(values)
    assert all(low <= rate <= high for rate in rates)


@given(difficulties, bounds(), st.floats(0, 5))
def test_a_harder_task_never_drops_more(values: list, limits: tuple, kappa: float) -> None:
    p0, low, high = limits
    rates = against_the_mean(values, p0, kappa, low, high)
    by_difficulty = [rate for _, rate in sorted(zip(values, rates, strict=True))]
    for easier, harder in pairwise(by_difficulty):
        assert harder <= easier or harder == pytest.approx(easier)


@given(difficulties, bounds())
def test_strength_0_is_a_fixed_rate(values: list, limits: tuple) -> None:
    p0, low, high = limits
    assert against_the_mean(values, p0, 0.0, low, high) == [p0] * len(values)


@given(st.floats(0, 100), bounds(), kappas)
def test_a_single_task_has_the_rate_p0(value: float, limits: tuple, kappa: float) -> None:
    p0, low, high = limits
    assert against_the_mean([value], p0, kappa, low, high) == [p0]


@given(difficulties, st.floats(0, 0.05))
def test_the_reversed_direction_mirrors_the_rates_around_p0(values: list, kappa: float) -> None:
    # differences of at most 10 times 0.05 stay unclipped
    ahead = against_the_mean(values, 0.5, kappa, 0.0, 0.99999)
    back = against_the_mean(values, 0.5, -kappa, 0.0, 0.99999)
    clipped = [rate in (0.0, 0.99999) for rate in (*ahead, *back)]
    if not any(clipped):
        mirrored = [0.5 + (0.5 - rate) for rate in ahead]
        assert back == pytest.approx(mirrored, abs=1e-12)


@given(difficulties, st.floats(0, 0.04))
def test_the_mean_rate_is_p0_where_nothing_is_clipped(values: list, kappa: float) -> None:
    rates = against_the_mean(values, 0.5, kappa, 0.0, 0.99)
    assert sum(rates) / len(rates) == pytest.approx(0.5)


@given(difficulties, st.floats(-3, 3), kappas)
def test_only_differences_of_difficulty_count(values: list, shift: float, kappa: float) -> None:
    rates = against_the_mean(values, 0.3, kappa, 0.0, 0.9)
    moved = against_the_mean([value + shift for value in values], 0.3, kappa, 0.0, 0.9)
    assert moved == pytest.approx(rates, abs=1e-9)


def test_smoothing_by_hand() -> None:
    # 1; 0.75 * 1 + 0.25 * 2 = 1.25; 0.75 * 1.25 + 0.25 * 0 = 0.9375
    assert smoothed([1.0, 2.0, 0.0], 0.75) == 0.9375


@given(difficulties)
def test_without_smoothing_the_last_value_counts_alone(values: list) -> None:
    assert smoothed(values, 0.0) == values[-1]


@given(difficulties, st.floats(0, 0.99))
def test_a_smoothed_value_lies_among_the_values(values: list, smoothing: float) -> None:
    assert min(values) - 1e-9 <= smoothed(values, smoothing) <= max(values) + 1e-9
