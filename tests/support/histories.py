"""Histories of made-up epochs, and the rates that a schedule makes of them."""

import math
from collections.abc import Sequence

from hypothesis import strategies as st

from adsmtl.dropout.difficulty import History, Observation
from adsmtl.dropout.schedules import Recorded, Schedule


def observed(*ratios: float, classes: int = 10) -> list[Observation]:
    """Epochs of a task whose loss ratio is as given."""
    return [Observation(classes, ratio * math.log(classes), 1.0, 1.0, 0.5) for ratio in ratios]


def rates_of(schedule: Schedule | Recorded, a: Sequence, b: Sequence) -> list[dict[str, float]]:
    """Rates of each epoch of tasks `a` and `b`, the first one before anything was seen."""
    epochs = len(a) + 1
    return [schedule.rates({"a": a[:t], "b": b[:t]}, epochs) for t in range(epochs)]


def by_the_clock(schedule: Schedule, epochs: int) -> list[float]:
    """The rate of every epoch of training, of a schedule that looks at the clock alone."""
    seen = observed(*[1.0] * epochs)
    return [schedule.rates({"a": seen[:t]}, epochs)["a"] for t in range(epochs)]


_observations = st.builds(
    Observation,
    classes=st.integers(2, 61),
    loss=st.floats(0, 20).map(lambda x: round(x, 6)),
    train_loss=st.floats(0, 20),
    val_loss=st.floats(0, 20),
    val_accuracy=st.floats(0, 1),
    gradient=st.floats(0, 3),
)


@st.composite
def histories(draw: st.DrawFn, most: int = 5) -> History:
    """One to three tasks that saw equally many epochs, at most `most`."""
    epochs = draw(st.integers(0, most))
    names = ["vision", "speech", "sex"][: draw(st.integers(1, 3))]
    return {name: draw(st.lists(_observations, min_size=epochs, max_size=epochs)) for name in names}
