"""Dose and response: what is reached by the mean rate at which units were really dropped."""

import pandas as pd

from adsmtl.analysis import statistics


def response(
    final: pd.DataFrame, epochs: pd.DataFrame, column: str = "test_accuracy"
) -> pd.DataFrame:
    """Outcome of every arm by its mean rate, per task.

    Args:
        final: as `collect.runs_frame` returns it.
        epochs: as `collect.epochs_frame` returns it; columns `rate_<site>`.
        column: of `final`.

    Returns:
        One row per arm and task: arm, label, schedule, task, rate (mean over sites, epochs and
        seeds), rate_low and rate_high (smallest and largest of an epoch, mean over sites), n, mean,
        ci_low, ci_high of the outcome. Arms whose rates were not recorded are left out.
    """
    sites = [name for name in epochs if name.startswith("rate_")]
    rates = epochs.assign(rate=epochs[sites].mean(axis=1)).dropna(subset=["rate"])
    over = rates.groupby(["arm", "task"])["rate"].agg(["mean", "min", "max"])
    rows = []
    for (arm, task), own in final.groupby(["arm", "task"], sort=False):
        if (arm, task) not in over.index:
            continue
        rate, e = over.loc[(arm, task)], statistics.mean_interval(own[column])
        rows.append(
            own.iloc[0][["arm", "label", "schedule", "task"]].to_dict()
            | {"rate": rate["mean"], "rate_low": rate["min"], "rate_high": rate["max"]}
            | {"n": e.n, "mean": e.mean, "ci_low": e.low, "ci_high": e.high}
        )
    return pd.DataFrame(rows)
