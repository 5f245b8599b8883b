"""Rates that never change."""

import math

import pytest
from histories import by_the_clock, observed, rates_of

from adsmtl.dropout.schedules import Fixed, NoDropout, PerTask
from adsmtl.errors import UserError


def test_no_dropout_is_rate_0_in_every_epoch() -> None:
    assert rates_of(NoDropout(), observed(1, 2), observed(2, 1)) == [{"a": 0.0, "b": 0.0}] * 3


def test_a_fixed_rate_is_the_same_in_every_epoch() -> None:
    assert rates_of(Fixed(0.3), observed(1, 2), observed(2, 1)) == [{"a": 0.3, "b": 0.3}] * 3


@pytest.mark.parametrize("rate", [0.0, 0.999])
def test_the_bounds_of_a_rate_are_0_and_less_than_1(rate: float) -> None:
    assert by_the_clock(Fixed(rate), 1) == [rate]


@pytest.mark.parametrize("rate", [1.0, -0.1, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused_with_what_a_rate_is(rate: float) -> None:
    with pytest.raises(UserError, match=r"^rate is .*\[0, 1\)"):
        Fixed(rate)


def test_every_task_may_have_a_rate_of_its_own() -> None:
    schedule = PerTask({"b": 0.4, "a": 0.1})
    assert rates_of(schedule, observed(1, 2), observed(2, 1)) == [{"a": 0.1, "b": 0.4}] * 3


def test_a_rate_of_a_task_that_is_none_is_refused_with_the_task() -> None:
    with pytest.raises(UserError, match=r"^by_task.b is 1.0"):
        PerTask({"a": 0.1, "b": 1.0})
