"""Schedules that look at the clock alone, against their closed forms."""

import math
from itertools import pairwise

import pytest
from histories import by_the_clock, observed, rates_of
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.dropout.schedules import Curriculum, Early, Late, ListingIntent, Schedule
from adsmtl.errors import UserError

shares = st.floats(0, 0.99)
lengths = st.integers(1, 40)


def test_the_listings_intent_drops_in_the_first_epoch_alone() -> None:
    found = rates_of(ListingIntent(), observed(1, 1, 1), observed(1, 1, 1))
    assert found == [{"a": 0.2, "b": 0.2}, *[{"a": 0.0, "b": 0.0}] * 3]


def test_the_listings_intent_lasts_as_many_epochs_as_asked_for() -> None:
    assert by_the_clock(ListingIntent(rate=0.4, epochs=2), 4) == [0.4, 0.4, 0.0, 0.0]
    assert by_the_clock(ListingIntent(rate=0.4, epochs=9), 2) == [0.4, 0.4]


@pytest.mark.parametrize(
    ("epochs", "early", "late"),
    [
        (1, [0.0], [0.3]),
        (2, [0.3, 0.0], [0.0, 0.3]),
        (3, [0.3, 0.0, 0.0], [0.0, 0.3, 0.3]),
        (4, [0.3, 0.3, 0.0, 0.0], [0.0, 0.0, 0.3, 0.3]),
        (5, [0.3, 0.3, 0.0, 0.0, 0.0], [0.0, 0.0, 0.3, 0.3, 0.3]),
    ],
)
def test_early_and_late_meet_at_half_of_training_rounded_down(
    epochs: int, early: list[float], late: list[float]
) -> None:
    assert by_the_clock(Early(0.3), epochs) == early
    assert by_the_clock(Late(0.3), epochs) == late


@given(shares, lengths)
def test_every_epoch_belongs_to_either_early_or_late(rate: float, epochs: int) -> None:
    both = zip(by_the_clock(Early(rate), epochs), by_the_clock(Late(rate), epochs), strict=True)
    assert all(sorted(pair) == [0.0, rate] for pair in both)


@given(shares, lengths)
def test_curriculum_is_equation_5_of_morerio_et_al(rate: float, epochs: int) -> None:
    limit, gamma = 1 - rate, 10 / epochs
    kept = [(1 - limit) * math.exp(-gamma * t) + limit for t in range(epochs)]
    assert by_the_clock(Curriculum(rate), epochs) == pytest.approx([1 - k for k in kept])


def test_curriculum_by_hand() -> None:
    # 1 - 1/e after a tenth of the training, 1 - exp(-5) after half of it
    found = by_the_clock(Curriculum(0.5), 10)
    assert found[:2] == pytest.approx([0.0, 0.5 * 0.6321205588])
    assert found[5] == pytest.approx(0.5 * 0.9932620530)


@given(st.floats(0.01, 0.99), lengths)
def test_curriculum_starts_at_0_and_rises_without_reaching_its_rate(
    rate: float, epochs: int
) -> None:
    found = by_the_clock(Curriculum(rate), epochs)
    assert found[0] == 0.0
    assert all(before < after for before, after in pairwise(found))
    assert found[-1] < rate


def test_curriculum_depends_on_the_share_of_training_that_passed() -> None:
    short, long = by_the_clock(Curriculum(0.4), 4), by_the_clock(Curriculum(0.4), 20)
    assert short == pytest.approx(long[::5])


@pytest.mark.parametrize("schedule", [Early(0.3), Late(0.3), Curriculum(0.3), ListingIntent(0.3)])
def test_difficulty_changes_nothing(schedule: Schedule) -> None:
    easy, hard = observed(*[0.1] * 4), observed(*[2.0] * 4)
    assert rates_of(schedule, easy, hard) == rates_of(schedule, hard, easy)
    assert all(rates["a"] == rates["b"] for rates in rates_of(schedule, easy, hard))


@pytest.mark.parametrize("kind", [Early, Late, Curriculum, ListingIntent])
@pytest.mark.parametrize("rate", [1.0, -0.1, math.nan])
def test_a_rate_that_is_none_is_refused(kind: type, rate: float) -> None:
    with pytest.raises(UserError, match=r"^rate is "):
        kind(rate)


def test_the_listings_intent_needs_an_epoch() -> None:
    with pytest.raises(UserError, match=r"^epochs is 0"):
        ListingIntent(epochs=0)
