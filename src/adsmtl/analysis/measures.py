"""Measures over arms: delta_m, and the fixed rate that validation data choose."""

from collections.abc import Sequence

import pandas as pd

from adsmtl.errors import UserError

CHOSEN_ARM = "fixed-chosen"
CHOSEN_LABEL = "Fixed rate chosen on validation"
CHOSEN_GROUP = "derived"


def delta_m(final: pd.DataFrame, column: str = "test_accuracy") -> pd.DataFrame:
    """Multi-task gain over single-task training without dropout, in percent, per seed.

        delta_m = 100 · mean over tasks of (A_i - S_i) / S_i

    with A_i the arm's and S_i the single-task accuracy on task i at the same seed; more than
    0 is better than single-task (Maninis, Radosavovic and Kokkinos 2019, eq. 3).

    Args:
        final: as `runs.final_frame` returns it. S_i comes from the arms of group `reference`
            whose dropout schedule is `none`.
        column: a measure that is better when larger.

    Returns:
        arm, seed, delta_m: one row per seed of every arm with two or more tasks, all of which
        have a single-task reference at that seed. Empty where there are no references.

    Raises:
        UserError: two reference arms claim the same task and seed.
    """
    reference = final[(final["group"] == "reference") & (final["schedule"] == "none")]
    doubled = reference[reference.duplicated(["seed", "task"], keep=False)]
    if len(doubled):
        raise UserError(
            "delta_m needs one single-task reference per task and seed, but these arms share"
            f" one: {', '.join(doubled['arm'].unique())}; leave one of them out"
        )
    single = reference[["seed", "task", column]].rename(columns={column: "single"})
    joined = final[final["group"] != "reference"].merge(single, on=["seed", "task"], how="left")
    joined["delta_m"] = 100 * (joined[column] - joined["single"]) / joined["single"]
    by_run = joined.groupby(["arm", "seed"], sort=False)["delta_m"]
    whole = by_run.agg(["size", "count", "mean"])
    whole = whole[(whole["size"] == whole["count"]) & (whole["size"] > 1)]
    return whole["mean"].rename("delta_m").reset_index()


def choose_rate(validation: pd.DataFrame) -> pd.Series:
    """The fixed rate with the best mean validation accuracy over tasks, for every seed.

    Args:
        validation: columns seed, task, rate, val_accuracy and no others, so that nothing
            measured on test data can take part in the choice.

    Returns:
        Rate by seed; of equally good rates the smaller. A seed that has not tried every rate
        on every task is left out: its tuning budget would be smaller.
    """
    if set(validation.columns) != {"seed", "task", "rate", "val_accuracy"}:
        raise ValueError(f"the choice sees validation data alone, got {sorted(validation.columns)}")
    trials = validation["rate"].nunique() * validation["task"].nunique()
    tried = validation.groupby("seed")["val_accuracy"].transform("count")
    means = validation[tried == trials].groupby(["seed", "rate"])["val_accuracy"].mean()
    # Rates are sorted within a seed, and idxmax returns the first of equal maxima. Rounding
    # keeps means that are equal in exact arithmetic equal here.
    best = means.round(12).groupby("seed").idxmax()
    return best.map(lambda index: index[1]).rename("rate")


def with_chosen(final: pd.DataFrame, candidates: Sequence[str] | None = None) -> pd.DataFrame:
    """`final` plus the derived arm `fixed-chosen`: each seed's runs at its chosen rate.

    Args:
        final: as `runs.final_frame` returns it.
        candidates: arms to choose among; by default those of group `main` whose schedule is
            `fixed`.

    Returns:
        `final` unchanged where there is nothing to choose among; otherwise with rows added
        and a column `chosen_from`, the arm that a derived row was copied from.
    """
    if candidates is None:
        fixed = final[(final["group"] == "main") & (final["schedule"] == "fixed")]
    else:
        fixed = final[final["arm"].isin(candidates)]
    if fixed["rate"].nunique() < 2:
        return final
    rates = choose_rate(fixed[["seed", "task", "rate", "val_accuracy"]])
    chosen = fixed[fixed["rate"] == fixed["seed"].map(rates)].copy()
    chosen["chosen_from"] = chosen["arm"]
    chosen[["arm", "label", "group"]] = CHOSEN_ARM, CHOSEN_LABEL, CHOSEN_GROUP
    return pd.concat([final, chosen.sort_values("seed", kind="stable")], ignore_index=True)
