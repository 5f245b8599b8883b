"""The adaptive schedule: the rule, fed with what the epochs before showed."""

import math
from dataclasses import replace

import pytest
from histories import observed, rates_of

from adsmtl.dropout.difficulty import SIGNALS, Observation
from adsmtl.dropout.schedules import Adsmtl, Fixed
from adsmtl.errors import UserError


def test_adsmtl_by_hand() -> None:
    schedule = Adsmtl(p0=0.2, kappa=0.5, smoothing=0.5)
    found = rates_of(schedule, observed(1.0, 0.6), observed(0.8, 0.8))
    assert found[0] == {"a": 0.2, "b": 0.2}
    # differences to the mean: 0.1 after epoch 1
    assert found[1] == pytest.approx({"a": 0.15, "b": 0.25})
    # smoothed 0.8 and 0.8 after epoch 2
    assert found[2] == pytest.approx({"a": 0.2, "b": 0.2})


def test_the_harder_task_drops_less_unless_reversed() -> None:
    history = {"easy": observed(0.5), "hard": observed(0.9)}
    rates = Adsmtl().rates(history, 5)
    assert rates["hard"] < 0.2 < rates["easy"]
    reversed_ = Adsmtl(direction="harder-drops-more").rates(history, 5)
    assert reversed_ == pytest.approx({"easy": rates["hard"], "hard": rates["easy"]})


def test_adsmtl_of_strength_0_is_the_fixed_rate() -> None:
    schedule = Adsmtl(p0=0.3, kappa=0)
    losses = observed(1, 0.5), observed(0.2, 0.9)
    assert rates_of(schedule, *losses) == rates_of(Fixed(0.3), *losses)


def test_a_single_task_keeps_p0() -> None:
    assert Adsmtl(p0=0.3).rates({"a": observed(1.0, 0.2)}, 5) == {"a": 0.3}


def test_rates_change_only_every_interval_epochs() -> None:
    a, b = observed(1, 2, 3, 4, 5, 6, 7), observed(1, 1, 1, 1, 1, 1, 1)
    schedule = Adsmtl(kappa=0.05, smoothing=0.0, interval=3)
    every = rates_of(Adsmtl(kappa=0.05, smoothing=0.0), a, b)
    found = rates_of(schedule, a, b)
    assert found[:3] == [{"a": 0.2, "b": 0.2}] * 3
    assert found[3:6] == [every[3]] * 3
    assert found[6:8] == [every[6]] * 2
    assert every[6] != every[3] != every[0]


def test_tasks_of_different_numbers_of_classes_compare() -> None:
    # Both guess evenly: equally hard, although ln 61 is nearly twice ln 10.
    history = {"a": observed(1.0, classes=10), "b": observed(1.0, classes=61)}
    assert Adsmtl().rates(history, 5) == pytest.approx({"a": 0.2, "b": 0.2})


def test_difficulties_report_the_value_and_its_average() -> None:
    found = Adsmtl(smoothing=0.75).difficulties({"a": observed(1.0, 2.0)})
    assert found["a"] == pytest.approx((2.0, 1.25))


@pytest.mark.parametrize(
    ("signal", "rates"),
    [
        ("loss-ratio", {"a": 0.15, "b": 0.25}),  # 1.2 and 1.0
        ("validation-loss", {"a": 0.25, "b": 0.15}),  # 1.0 and 1.2
        ("validation-error", {"a": 0.35, "b": 0.05}),  # 0.2 and 0.8
        ("relative-loss", {"a": 0.075, "b": 0.325}),  # 1.5 and 1.0
        ("generalisation-gap", {"a": 0.3, "b": 0.1}),  # -0.2 and 0.2
        ("gradient-norm", {"a": 0.25, "b": 0.15}),  # 0.9 and 1.1
    ],
)
def test_every_signal_by_hand(signal: str, rates: dict[str, float]) -> None:
    unit = math.log(10)
    history = {
        "a": [
            Observation(10, 0.8 * unit, 0.0, 0.0, 0.0, 2.0),
            Observation(10, 1.2 * unit, 1.2 * unit, 1.0 * unit, 0.8, 0.9),
        ],
        "b": [
            Observation(10, 1.0 * unit, 0.0, 0.0, 0.0, 0.0),
            Observation(10, 1.0 * unit, 1.0 * unit, 1.2 * unit, 0.2, 1.1),
        ],
    }
    schedule = Adsmtl(kappa=0.5, difficulty=signal, smoothing=0.0)
    assert schedule.rates(history, 5) == pytest.approx(rates)


def test_against_the_first_epoch_by_hand() -> None:
    schedule = Adsmtl(kappa=0.5, reference="first-epoch", smoothing=0.5)
    found = rates_of(schedule, observed(1.0, 0.6, 0.2), observed(0.4, 0.4, 0.8))
    assert found[0] == {"a": 0.2, "b": 0.2}
    assert found[1] == {"a": 0.2, "b": 0.2}  # as difficult as after the first epoch
    # smoothed 0.8 and 0.4 after epoch 2: 0.2 and 0 below the first
    assert found[2] == pytest.approx({"a": 0.3, "b": 0.2})
    # smoothed 0.5 and 0.6 after epoch 3: 0.5 below and 0.2 above the first
    assert found[3] == pytest.approx({"a": 0.45, "b": 0.1})


def test_against_the_first_epoch_harder_drops_less_too_and_the_other_tasks_do_not_count() -> None:
    schedule = Adsmtl(reference="first-epoch")
    harder, easier = observed(0.5, 0.6), observed(0.9, 0.8)
    rates = schedule.rates({"harder": harder, "easier": easier}, 5)
    assert rates["harder"] < 0.2 < rates["easier"]
    assert schedule.rates({"harder": harder}, 5) == {"harder": rates["harder"]}
    turned = replace(schedule, direction="harder-drops-more")
    assert turned.rates({"harder": harder}, 5)["harder"] > 0.2


@pytest.mark.parametrize("interval", [2, 3])
def test_the_first_epoch_is_the_reference_whatever_the_interval(interval: int) -> None:
    schedule = Adsmtl(kappa=0.5, reference="first-epoch", smoothing=0.0, interval=interval)
    seen = observed(1.0, 0.8, 0.6)[:interval]
    expected = 0.2 + 0.5 * (1.0 - (0.8 if interval == 2 else 0.6))
    assert schedule.rates({"a": seen}, 5) == pytest.approx({"a": expected})


def test_the_highest_rate_lies_above_every_p0_that_is_tried() -> None:
    history = {"easy": observed(0.0), "hard": observed(1.0)}
    assert Adsmtl(p0=0.5, kappa=4.0).rates(history, 5) == {"easy": 0.7, "hard": 0.0}


def test_how_long_training_lasts_changes_nothing() -> None:
    history = {"a": observed(1.0, 0.6), "b": observed(0.8, 0.8)}
    assert Adsmtl().rates(history, 3) == Adsmtl().rates(history, 100)


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Adsmtl(p0=1.0), "p0"),
        (lambda: Adsmtl(p0=0.8), "p0"),
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
