import math

import pytest

from adsmtl.tables import numbers

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.255, "+1.25"),
        (-0.4, f"{MINUS}0.40"),
        (-0.03, f"{MINUS}0.03"),
        (0.004, "0.00"),
        (-0.004, "0.00"),
    ],
)
def test_a_difference_has_a_sign_and_zero_has_none(value, text):
    assert numbers.signed(value) == text


def test_a_small_difference_of_fractions_is_not_zero_in_points():
    assert numbers.points(-0.0003) == f"{MINUS}0.03"
    assert numbers.percent(0.12345) == "12.3"


def test_p_values_are_cut_off_below_a_thousandth():
    assert [numbers.p_value(p) for p in (0.0004, 0.25, None)] == [
        "< 0.001",
        "0.250",
        numbers.MISSING,
    ]


def test_an_estimate_without_interval_is_its_mean():
    assert numbers.estimate(1, 0.5, 2) == "+1.00 [+0.50, +2.00]"
    assert numbers.estimate(1, None, math.nan) == "+1.00"
    assert numbers.estimate(math.nan, None, None) == numbers.MISSING


@pytest.mark.parametrize(
    ("value", "text"), [(1234.6, "1235"), (12.346, "12.3"), (0.0012346, "0.00123")]
)
def test_three_digits_count(value, text):
    assert numbers.three_digits(value) == text


def test_nats_have_the_decimals_that_their_smallest_effect_of_interest_needs():
    assert numbers.of_unit("nats")(0.0204) == "+0.020"
    assert numbers.of_unit("nats", numbers.plain)(0.0204) == "0.020"
    assert numbers.of_unit("percentage points")(0.0204) == "+0.02"
    assert numbers.of_unit(None)(0.5) == "+0.50"
