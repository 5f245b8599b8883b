"""The numbers of the tables and curves for other programs: `dvc metrics` and `dvc plots`."""

from pathlib import Path

import pandas as pd

from adsmtl import outputs
from adsmtl.files import write_json, write_text

DIGITS = 6


def write(root: Path, estimates: pd.DataFrame, history: pd.DataFrame) -> None:
    """Write `tables/summary.json` and `tables/curves.csv` below the results folder `root`.

    Args:
        estimates: as `summary.per_arm` returns them.
        history: the collected epochs.
    """
    write_json(root / outputs.SUMMARY, summary(estimates))
    text = curves(history).to_csv(index=False, lineterminator="\n", float_format=f"%.{DIGITS}f")
    write_text(root / outputs.CURVES, text)


def summary(estimates: pd.DataFrame) -> dict:
    """The headline of every arm: n, mean test accuracy per task in [0, 1], delta_m in percent.

    Intervals and everything else stand in `main.csv`.
    """
    result: dict = {}
    for row in estimates.to_dict("records"):
        own = result.setdefault(row["arm"], {"n": int(row["n"])})
        if row["measure"] == "test_accuracy":
            own[row["task"]] = round(row["mean"], DIGITS)
        elif row["measure"] == "delta_m":
            own["delta_m"] = round(row["mean"], DIGITS)
    return result


def curves(history: pd.DataFrame) -> pd.DataFrame:
    """Mean validation accuracy over seeds: a row per epoch, a column `<task>_<arm>` each."""
    named = history.assign(column=history["task"] + "_" + history["arm"])
    wide = named.pivot_table("val_accuracy", "epoch", "column", aggfunc="mean", sort=False)
    return wide.rename_axis(columns=None).reset_index()
