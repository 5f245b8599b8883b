"""Schedules: the rates of every epoch, from what the epochs before it showed."""

import math
from typing import get_args

import pytest

from adsmtl.dropout import sites
from adsmtl.dropout.difficulty import SIGNALS, Observation, loss_ratio
from adsmtl.dropout.schedules import (
    SCHEDULES,
    Adsmtl,
    Fixed,
    ListingIntent,
    NoDropout,
    Schedule,
)
from adsmtl.errors import UserError


def observed(*losses: float, classes: int = 10) -> list[Observation]:
    """Epochs of a task whose loss ratio is as given."""
    return [Observation(classes, loss * math.log(classes), 0.5, 1.0) for loss in losses]


def trajectory(schedule: Schedule, a: list, b: list) -> list[dict[str, float]]:
    """Rates of each epoch of tasks `a` and `b`, the first one before anything was seen."""
    return [schedule.rates({"a": a[:t], "b": b[:t]}) for t in range(len(a) + 1)]


def test_no_dropout_is_rate_0_in_every_epoch() -> None:
    assert trajectory(NoDropout(), observed(1, 2), observed(2, 1)) == [{"a": 0.0, "b": 0.0}] * 3


def test_a_fixed_rate_is_the_same_in_every_epoch() -> None:
    assert trajectory(Fixed(0.3), observed(1, 2), observed(2, 1)) == [{"a": 0.3, "b": 0.3}] * 3


def test_the_listings_intent_drops_in_the_first_epoch_alone() -> None:
    found = trajectory(ListingIntent(), observed(1, 1, 1), observed(1, 1, 1))
    assert found == [{"a": 0.2, "b": 0.2}, *[{"a": 0.0, "b": 0.0}] * 3]


def test_the_listings_intent_lasts_as_many_epochs_as_asked_for() -> None:
    found = trajectory(ListingIntent(rate=0.4, epochs=2), observed(1, 1, 1), observed(1, 1, 1))
    assert [rates["a"] for rates in found] == [0.4, 0.4, 0.0, 0.0]


def test_adsmtl_by_hand() -> None:
    schedule = Adsmtl(p0=0.2, kappa=0.5, p_max=0.5, smoothing=0.5)
    found = trajectory(schedule, observed(1.0, 0.6), observed(0.8, 0.8))
    assert found[0] == {"a": 0.2, "b": 0.2}
    # differences to the mean: 0.1 after epoch 1
    assert found[1] == pytest.approx({"a": 0.15, "b": 0.25})
    # smoothed 0.8 and 0.8 after epoch 2
    assert found[2] == pytest.approx({"a": 0.2, "b": 0.2})


def test_the_harder_task_drops_less_unless_reversed() -> None:
    history = {"easy": observed(0.5), "hard": observed(0.9)}
    rates = Adsmtl().rates(history)
    assert rates["hard"] < 0.2 < rates["easy"]
    reversed_ = Adsmtl(direction="harder-drops-more").rates(history)
    assert reversed_ == pytest.approx({"easy": rates["hard"], "hard": rates["easy"]})


def test_adsmtl_of_strength_0_is_the_fixed_rate() -> None:
    schedule = Adsmtl(p0=0.3, kappa=0)
    losses = observed(1, 0.5), observed(0.2, 0.9)
    assert trajectory(schedule, *losses) == trajectory(Fixed(0.3), *losses)


def test_a_single_task_keeps_p0() -> None:
    assert Adsmtl(p0=0.3).rates({"a": observed(1.0, 0.2)}) == {"a": 0.3}


def test_rates_change_only_every_interval_epochs() -> None:
    a, b = observed(1, 2, 3, 4, 5, 6, 7), observed(1, 1, 1, 1, 1, 1, 1)
    schedule = Adsmtl(kappa=0.05, smoothing=0.0, interval=3)
    every = trajectory(Adsmtl(kappa=0.05, smoothing=0.0), a, b)
    found = trajectory(schedule, a, b)
    assert found[:3] == [{"a": 0.2, "b": 0.2}] * 3
    assert found[3:6] == [every[3]] * 3
    assert found[6:8] == [every[6]] * 2
    assert every[6] != every[3] != every[0]


def test_tasks_of_different_numbers_of_classes_compare() -> None:
    # Both guess evenly: equally hard, although ln 61 is nearly twice ln 10.
    history = {"a": observed(1.0, classes=10), "b": observed(1.0, classes=61)}
    assert Adsmtl().rates(history) == pytest.approx({"a": 0.2, "b": 0.2})


def test_the_loss_ratio_is_the_last_epochs_training_loss_over_that_of_guessing() -> None:
    history = [Observation(61, 9.0, 0.1, 3.0), Observation(61, 2.0, 0.4, 1.0)]
    assert loss_ratio(history) == pytest.approx(2.0 / math.log(61))


def test_difficulties_report_the_value_and_its_average() -> None:
    found = Adsmtl(smoothing=0.75).difficulties({"a": observed(1.0, 2.0)})
    assert found["a"] == pytest.approx((2.0, 1.25))


def test_schedules_keep_no_state() -> None:
    schedule = Adsmtl()
    history = {"a": observed(1.0, 0.4), "b": observed(0.5, 0.3)}
    before = schedule.rates(history)
    schedule.rates({"a": observed(9.0), "b": observed(1.0)})
    assert schedule.rates(history) == before


def test_every_schedule_is_listed_under_its_name_and_refuses_others() -> None:
    assert set(SCHEDULES.values()) == set(get_args(Schedule))
    assert list(SCHEDULES) == ["none", "fixed", "listing-intent", "adsmtl"]


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Fixed(1.0), "rate"),
        (lambda: Fixed(-0.1), "rate"),
        (lambda: Fixed(math.nan), "rate"),
        (lambda: ListingIntent(rate=1.5), "rate"),
        (lambda: ListingIntent(epochs=0), "epochs"),
        (lambda: Adsmtl(p0=1.0), "p0"),
        (lambda: Adsmtl(p0=0.6), "p0"),
        (lambda: Adsmtl(p0=0.1, p_min=0.2), "p0"),
        (lambda: Adsmtl(p_min=-0.1), "p_min"),
        (lambda: Adsmtl(p_max=1.0), "p_max"),
        (lambda: Adsmtl(kappa=-1), "kappa"),
        (lambda: Adsmtl(smoothing=1.0), "smoothing"),
        (lambda: Adsmtl(smoothing=-0.5), "smoothing"),
        (lambda: Adsmtl(interval=0), "interval"),
        (lambda: Adsmtl(difficulty="loss"), "difficulty"),
    ],
)
def test_an_impossible_parameter_is_refused_by_name(make: object, key: str) -> None:
    with pytest.raises(UserError, match=rf"^{key} is "):
        make()


def test_an_unknown_signal_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError) as caught:
        Adsmtl(difficulty="luck")
    assert all(name in str(caught.value) for name in SIGNALS)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("all", {"shared": True, "conv": True, "hidden": True, "lstm": True}),
        ("shared", {"shared": True, "conv": False, "hidden": False, "lstm": False}),
        ("specific", {"shared": False, "conv": True, "hidden": True, "lstm": True}),
    ],
)
def test_a_scope_acts_on_its_own_sites(scope: str, expected: dict) -> None:
    assert {site: sites.in_scope(site, scope) for site in expected} == expected
