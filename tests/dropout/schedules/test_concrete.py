"""The settings of learned rates; the learning itself is tested with the training."""

import math

import pytest
from histories import by_the_clock, observed

from adsmtl.dropout.schedules import Concrete
from adsmtl.errors import UserError


def test_every_task_starts_at_the_initial_rate_whatever_was_seen() -> None:
    schedule = Concrete(initial=0.3)
    assert by_the_clock(schedule, 3) == [0.3] * 3
    history = {"a": observed(0.1), "b": observed(2.0)}
    assert schedule.rates(history, 2) == {"a": 0.3, "b": 0.3}


def test_the_authors_initial_rate_and_temperature_are_the_defaults() -> None:
    assert (Concrete().initial, Concrete().temperature) == (0.1, 0.1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("initial", 0.0),
        ("initial", 1.0),
        ("initial", -0.1),
        ("initial", math.nan),
        ("temperature", 0.0),
        ("temperature", -1.0),
        ("temperature", 1.5),
        ("temperature", math.nan),
        ("length_scale", -0.01),
    ],
)
def test_an_impossible_parameter_is_refused_by_name(key: str, value: float) -> None:
    with pytest.raises(UserError, match=rf"^{key} is "):
        Concrete(**{key: value})


def test_the_bounds_of_the_parameters_are_allowed() -> None:
    bounds = Concrete(initial=0.999, temperature=1.0, length_scale=0.0)
    assert by_the_clock(bounds, 1) == [0.999]
