"""The cells of a table: which estimates stand in its columns, and as what text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from adsmtl.tables import numbers


@dataclass(frozen=True)
class Column:
    """A measure of one task (or of `summary.ALL`), and how a row of estimates is shown."""

    heading: str
    task: str
    measure: str
    show: Callable[[dict], str]


def rows(
    final: pd.DataFrame, estimates: pd.DataFrame, arms: Sequence[str], columns: Sequence[Column]
) -> list[list[str]]:
    """A row per arm: its label, its number of seeds, and its cells.

    Args:
        final: as `measures.with_chosen` returns it.
        estimates: arm, task, measure, mean and its interval, as `summary.per_arm` returns them.
        arms: those to show, in their order.
        columns: those after label and n; a cell without estimate holds `numbers.MISSING`.
    """
    labels = final.drop_duplicates("arm").set_index("arm")["label"]
    seeds = final.groupby("arm")["seed"].nunique()
    known = {(row["arm"], row["task"], row["measure"]): row for row in estimates.to_dict("records")}

    def cell(arm: str, column: Column) -> str:
        row = known.get((arm, column.task, column.measure))
        return numbers.MISSING if row is None else column.show(row)

    return [
        [labels[arm], str(seeds[arm]), *(cell(arm, column) for column in columns)] for arm in arms
    ]


def _interval(show: Callable[[float], str]) -> Callable[[dict], str]:
    """A mean and its interval, each as `show` writes it."""
    return lambda row: numbers.estimate(row["mean"], row["ci_low"], row["ci_high"], show)


percent_interval = _interval(numbers.percent)
signed_interval = _interval(numbers.signed)
points_interval = _interval(numbers.points)


def percent(row: dict) -> str:
    """A fraction in percent, without its interval."""
    return numbers.percent(row["mean"])


def plain(row: dict) -> str:
    """A mean with three significant digits."""
    return numbers.three_digits(row["mean"])
