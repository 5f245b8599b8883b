"""Which values a number of the results can have; one outside was not measured."""

import math
import re
from collections.abc import Iterator
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import AfterValidator

Range = tuple[float, float]

_ROUNDING = 1e-5  # of cosines, which are quotients of float32 numbers
_FRACTION, _SIGNED, _POSITIVE = (0.0, 1.0), (-1.0, 1.0), (0.0, math.inf)
_COSINE = (-1 - _ROUNDING, 1 + _ROUNDING)
_COUNT = (1.0, math.inf)
_EXACT: dict[str, Range] = {
    "ece": _FRACTION,
    "ece_floor": _FRACTION,
    "loss": _POSITIVE,
    "rate": _FRACTION,
    "gap": _SIGNED,
    "cosine": _COSINE,
    "affinity": _COSINE,
    "train_fraction": _FRACTION,
    **dict.fromkeys(("epoch", "epochs", "classes", "passes"), _COUNT),
    **dict.fromkeys(("seed", "fold", "repeat", "l2", "penalty", "weight", "gradient"), _POSITIVE),
    **dict.fromkeys(("seconds", "seconds_total", "seconds_per_epoch"), _POSITIVE),
    "examples_per_second": _POSITIVE,
    "tunable": (-math.inf, math.inf),
    **dict.fromkeys(("difficulty", "smoothed"), (-math.inf, math.inf)),
}
_PREFIX = re.compile(r"^(best_val|train|val|test)_(?!fraction)")
_SUFFIX = re.compile(r"_last\d+$")


def of(name: str) -> Range | None:
    """What a column or a score may be, both ends included; None for one that is no such number.

    Losses are in nats and seconds in seconds; accuracies, calibration errors and rates are
    fractions.
    """
    name = _SUFFIX.sub("", _PREFIX.sub("", name))
    if name.startswith("accuracy"):
        return _FRACTION
    if name.startswith("rate_"):
        return _FRACTION
    if name.startswith("examples_"):
        return _POSITIVE
    return _EXACT.get(name)


def fault(name: str, value: float) -> str | None:
    """Why a number cannot be that of a score or column; None if it can."""
    allowed = of(name)
    if allowed is None:
        return None
    low, high = allowed
    if math.isfinite(value) and low <= value <= high:
        return None
    upper = "a finite number" if high == math.inf else f"at most {high:g}"
    lower = "" if low == -math.inf else f"at least {low:g} and "
    return f"{name} is {value}, but must be {lower}{upper}"


def faults(frame: pd.DataFrame) -> Iterator[str]:
    """Every impossible number of a table, with its line; empty cells have no value.

    Args:
        frame: as read from a CSV file with one header line.
    """
    for column in filter(of, frame.columns):
        low, high = of(column)
        # Text stands in a column only where a cell is no number.
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
        within = np.isfinite(values) & (values >= low) & (values <= high)
        for row in np.flatnonzero(~within & frame[column].notna().to_numpy()):
            if np.isnan(values[row]):
                yield f"line {row + 2}: {column} is {frame[column].iloc[row]}, which is no number"
            else:
                yield f"line {row + 2}: {fault(column, values[row])}"


def one(name: str) -> AfterValidator:
    """A validator for pydantic: the value must be one that a score of this name can have."""

    def check(value: float | None) -> float | None:
        if value is not None and (wrong := fault(name, value)):
            raise ValueError(wrong)
        return value

    return AfterValidator(check)


def _each(name: str | None = None) -> AfterValidator:
    """The same for all values of a mapping; without a name the keys name the scores."""

    def check(values: dict[str, float | None]) -> dict[str, float | None]:
        for key, value in values.items():
            if value is not None and (wrong := fault(name or key, value)):
                raise ValueError(wrong)
        return values

    return AfterValidator(check)


#: Scores by name, dropout rates by site, and cosines by pair of tasks.
Scores = Annotated[dict[str, float | None], _each()]
Rates = Annotated[dict[str, float | None], _each("rate")]
Cosines = Annotated[dict[str, float | None], _each("cosine")]
Accuracy = Annotated[float | None, one("accuracy")]
Loss = Annotated[float | None, one("loss")]
Gap = Annotated[float | None, one("gap")]
