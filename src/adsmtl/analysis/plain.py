"""The numbers of the tables and curves for other programs: `dvc metrics` and `dvc plots`."""

from pathlib import Path

import pandas as pd

from adsmtl.analysis import products
from adsmtl.files import write_json, write_text

DIGITS = 6


def write(root: Path, estimates: pd.DataFrame, history: pd.DataFrame) -> None:
    """Write `tables/summary.json` and `tables/curves.csv` below the results folder `root`.

    Args:
        estimates: as `summary.per_arm` returns them.
        history: as `runs.history_frame` returns it.
    """
    write_json(root / products.SUMMARY, nested(estimates))
    text = curves(history).to_csv(index=False, lineterminator="\n", float_format=f"%.{DIGITS}f")
    write_text(root / products.CURVES, text)


def nested(estimates: pd.DataFrame) -> dict:
    """Mean, interval and n of every test measure, gap and delta_m: arm, task, measure."""
    result: dict = {}
    for row in estimates.to_dict("records"):
        name = row["measure"]
        if not (name.startswith("test_") or name in ("gap", "delta_m")):
            continue
        values = {
            key: round(row[key], DIGITS)
            for key in ("mean", "ci_low", "ci_high")
            if pd.notna(row[key])
        }
        own = result.setdefault(row["arm"], {}).setdefault(row["task"], {})
        own[name] = {**values, "n": int(row["n"])}
    return result


def curves(history: pd.DataFrame) -> pd.DataFrame:
    """Mean validation accuracy over seeds: a row per epoch, a column `<task>_<arm>` each."""
    named = history.assign(column=history["task"] + "_" + history["arm"])
    wide = named.pivot_table("val_accuracy", "epoch", "column", aggfunc="mean", sort=False)
    return wide.rename_axis(columns=None).reset_index()
