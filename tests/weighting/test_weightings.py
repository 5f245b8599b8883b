"""Weightings of the tasks' losses, against their closed forms and values worked out by hand."""

import copy
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.dropout.difficulty import History, Observation
from adsmtl.errors import UserError
from adsmtl.weighting import WEIGHTINGS, DynamicWeightAverage, Equal, Uncertainty, Weighting

EXAMPLES = [Equal(), DynamicWeightAverage(), DynamicWeightAverage(0.1), Uncertainty()]
# What float32 can hold, and so ratios of up to some 1e83.
losses = st.floats(0, 2.0**127, width=32)


def history_of(**tasks: list[float]) -> History:
    return {
        name: [Observation(10, loss, 1.0, 1.0, 0.5) for loss in own] for name, own in tasks.items()
    }


@st.composite
def histories(draw: st.DrawFn) -> History:
    """One to four tasks that saw equally many epochs."""
    tasks = "abcd"[: draw(st.integers(1, 4))]
    epochs = draw(st.integers(0, 5))
    own = st.lists(losses, min_size=epochs, max_size=epochs)
    return history_of(**{task: draw(own) for task in tasks})


def test_every_weighting_is_listed_under_its_name_and_tried_below() -> None:
    assert set(WEIGHTINGS.values()) == set(get_args(Weighting)) == {type(own) for own in EXAMPLES}
    assert all(kind.weighting == name for name, kind in WEIGHTINGS.items())


def test_only_uncertainty_is_learned() -> None:
    assert [kind for kind in WEIGHTINGS.values() if kind.learned] == [Uncertainty]


@given(histories(), histories())
def test_the_same_history_has_the_same_answer_whatever_was_asked_before(
    history: History, other: History
) -> None:
    before = copy.deepcopy(history)
    for weighting in EXAMPLES:
        weights = weighting.weights(history)
        weighting.weights(other)
        assert weighting.weights(history) == weights, weighting
        assert list(weights) == list(history), weighting
        assert history == before, weighting


@pytest.mark.parametrize("weighting", [Equal(), Uncertainty()])
def test_equal_and_initial_weights_are_1_whatever_was_seen(weighting: Weighting) -> None:
    assert weighting.weights(history_of(a=[], b=[])) == {"a": 1.0, "b": 1.0}
    assert weighting.weights(history_of(a=[9, 1], b=[1, 9])) == {"a": 1.0, "b": 1.0}


# Dynamic weight average


def test_dynamic_weights_by_hand() -> None:
    # ratios 0.5 and 1.5 with T = 2: 2 exp(0.25) / (exp(0.25) + exp(0.75)) = 2 / (1 + exp(0.5))
    weights = DynamicWeightAverage().weights(history_of(a=[2.0, 1.0], b=[1.0, 1.5]))
    assert weights == pytest.approx({"a": 0.7550813376, "b": 1.2449186624})


def test_dynamic_weights_of_three_tasks_by_hand() -> None:
    # ratios 0.5, 1, 2 with T = 1: powers 1.648721, 2.718282, 7.389056 of sum 11.756059
    weights = DynamicWeightAverage(1.0).weights(history_of(a=[2, 1], b=[3, 3], c=[1, 2]))
    assert weights == pytest.approx({"a": 0.420733, "b": 0.693672, "c": 1.885595}, abs=2e-6)


@pytest.mark.parametrize("seen", [[], [5.0]])
def test_the_first_two_epochs_have_equal_weights(seen: list[float]) -> None:
    weights = DynamicWeightAverage().weights(history_of(a=seen, b=[own / 7 for own in seen]))
    assert weights == {"a": 1.0, "b": 1.0}


@given(histories(), st.floats(0.01, 100))
def test_dynamic_weights_sum_to_the_number_of_tasks(history: History, temperature: float) -> None:
    weights = DynamicWeightAverage(temperature).weights(history)
    assert sum(weights.values()) == pytest.approx(len(history))
    assert all(weight >= 0 for weight in weights.values())


def test_only_the_last_two_epochs_count() -> None:
    short = history_of(a=[2.0, 1.0], b=[1.0, 1.5])
    long = history_of(a=[9.0, 2.0, 1.0], b=[0.1, 1.0, 1.5])
    assert DynamicWeightAverage().weights(long) == DynamicWeightAverage().weights(short)


def test_the_scale_of_a_loss_does_not_count() -> None:
    plain = DynamicWeightAverage().weights(history_of(a=[2.0, 1.0], b=[1.0, 1.5]))
    scaled = DynamicWeightAverage().weights(history_of(a=[200.0, 100.0], b=[1.0, 1.5]))
    assert scaled == pytest.approx(plain)


def test_a_huge_ratio_takes_all_the_weight_without_overflow() -> None:
    weights = DynamicWeightAverage().weights(history_of(a=[1e-30, 1e30], b=[1.0, 0.9]))
    assert weights == {"a": 2.0, "b": 0.0}


def test_a_loss_of_0_counts_as_standing_still() -> None:
    after_zero = DynamicWeightAverage().weights(history_of(a=[0.0, 3.0], b=[1.0, 0.5]))
    still = DynamicWeightAverage().weights(history_of(a=[1.0, 1.0], b=[1.0, 0.5]))
    assert after_zero == still


def test_a_higher_temperature_brings_the_weights_together() -> None:
    history = history_of(a=[2.0, 1.0], b=[1.0, 1.5])
    spread = [
        own["b"] - own["a"]
        for own in (DynamicWeightAverage(t).weights(history) for t in (0.5, 2.0, 50.0))
    ]
    assert spread == sorted(spread, reverse=True)
    assert 0 < spread[-1] < 0.05


@pytest.mark.parametrize("temperature", [0.0, -2.0])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(UserError, match=r"^temperature is "):
        DynamicWeightAverage(temperature)


def test_the_authors_temperature_is_the_default() -> None:
    assert DynamicWeightAverage().temperature == 2.0
