"""Difficulty signals, against values worked out by hand."""

import copy
import math
from dataclasses import replace

import pytest
from histories import histories
from hypothesis import given
from hypothesis import strategies as st

from adsmtl.dropout.difficulty import SIGNALS, History, Observation

HARD = Observation(61, loss=2.0, train_loss=1.8, val_loss=3.0, val_accuracy=0.4, gradient=1.5)
EASY = Observation(10, loss=0.5, train_loss=0.5, val_loss=0.4, val_accuracy=0.9, gradient=0.5)


# Signal: the difficulty of HARD and of EASY, with ln 61 and ln 10 written out.
BY_HAND = {
    "loss-ratio": (2.0 / 4.110873864, 0.5 / 2.302585093),
    "validation-loss": (3.0 / 4.110873864, 0.4 / 2.302585093),
    "validation-error": (0.6, 0.1),
    "relative-loss": (1.0, 1.0),
    "generalisation-gap": (1.2 / 4.110873864, -0.1 / 2.302585093),
    "gradient-norm": (1.5, 0.5),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_one_epoch_by_hand(name: str) -> None:
    found = SIGNALS[name]([HARD]), SIGNALS[name]([EASY])
    assert found == pytest.approx(BY_HAND[name])


@pytest.mark.parametrize("classes", [2, 10, 61])
def test_guessing_evenly_is_a_loss_ratio_of_1_for_any_number_of_classes(classes: int) -> None:
    loss = math.log(classes)
    guess = Observation(classes, loss, loss, loss, 1 / classes)
    assert SIGNALS["loss-ratio"]([guess]) == pytest.approx(1.0)
    assert SIGNALS["validation-loss"]([guess]) == pytest.approx(1.0)
    assert SIGNALS["validation-error"]([guess]) == pytest.approx(1 - 1 / classes)
    assert SIGNALS["generalisation-gap"]([guess]) == 0.0


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([4.0, 2.0], 0.5),
        ([4.0, 2.0, 3.0], 0.75),
        ([1.0, 1.5], 1.5),
        ([1.0, 0.0], 0.0),
        ([0.0, 1.0], 1.0),  # nothing to compare with
    ],
)
def test_the_relative_loss_compares_with_the_first_epoch(
    losses: list[float], expected: float
) -> None:
    history = [Observation(10, loss, 1.0, 1.0, 0.5) for loss in losses]
    assert SIGNALS["relative-loss"](history) == expected


@pytest.mark.parametrize("name", ["validation-loss", "validation-error", "generalisation-gap"])
def test_what_is_seen_with_units_dropped_is_no_part_of_a_validation_signal(name: str) -> None:
    """Otherwise the rate would change the signal that it follows."""
    dropped = replace(HARD, loss=9.0, gradient=9.0)
    assert SIGNALS[name]([dropped]) == SIGNALS[name]([HARD])


def test_the_gap_is_below_0_where_validation_is_easier_than_training() -> None:
    assert SIGNALS["generalisation-gap"]([EASY]) < 0 < SIGNALS["generalisation-gap"]([HARD])


@pytest.mark.parametrize("name", [name for name in SIGNALS if name != "relative-loss"])
def test_the_last_epoch_counts_alone(name: str) -> None:
    assert SIGNALS[name]([HARD, EASY]) == SIGNALS[name]([EASY])


@given(histories(), st.sampled_from(list(SIGNALS)))
def test_signals_are_finite_keep_no_state_and_change_nothing(history: History, name: str) -> None:
    before = copy.deepcopy(history)
    seen = [epochs for epochs in history.values() if epochs]
    found = [SIGNALS[name](epochs) for epochs in seen]
    assert all(math.isfinite(value) for value in found)
    assert [SIGNALS[name](epochs) for epochs in reversed(seen)] == found[::-1]
    assert history == before
