"""The cells of a table: which numbers stand in its columns, and as what text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

MISSING = "\N{EN DASH}"


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
        columns: those after label and n; a cell without estimate holds `MISSING`.
    """
    labels = final.drop_duplicates("arm").set_index("arm")["label"]
    seeds = final.groupby("arm")["seed"].nunique()
    known = {(row["arm"], row["task"], row["measure"]): row for row in estimates.to_dict("records")}
    filled = []
    for arm in arms:
        found = [known.get((arm, column.task, column.measure)) for column in columns]
        shown = [
            MISSING if row is None else column.show(row)
            for row, column in zip(found, columns, strict=True)
        ]
        filled.append([labels[arm], str(seeds[arm]), *shown])
    return filled


def interval(row: dict, form: str, factor: float) -> str:
    """`mean [ci_low, ci_high]` of `row` times `factor`; the mean alone where there is none."""
    mean = format(factor * row["mean"], form)
    if pd.isna(row["ci_low"]):
        return minus(mean)
    low, high = (format(factor * row[key], form) for key in ("ci_low", "ci_high"))
    return minus(f"{mean} [{low}, {high}]")


def percent_interval(row: dict) -> str:
    """A fraction and its interval in percent."""
    return interval(row, "z.1f", 100)


def signed_interval(row: dict) -> str:
    """A difference and its interval in its own unit, with sign."""
    return interval(row, "+z.1f", 1)


def points_interval(row: dict) -> str:
    """A difference of fractions and its interval in percentage points, with sign."""
    return interval(row, "+z.1f", 100)


def percent(row: dict) -> str:
    """A fraction in percent, without its interval."""
    return minus(f"{100 * row['mean']:z.1f}")


def plain(row: dict) -> str:
    """A mean with three significant digits."""
    return f"{row['mean']:.3g}"


def p_value(value: float) -> str:
    """A p-value with three decimals."""
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def minus(text: str) -> str:
    """A minus sign instead of a hyphen, so that numbers do not break at it."""
    return text.replace("-", "\N{MINUS SIGN}")
