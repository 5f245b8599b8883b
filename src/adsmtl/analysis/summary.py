"""Mean and interval of every measure per arm and task, and the planned comparisons."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from adsmtl.analysis import measures, statistics

ALL = "all"  # the task of measures over tasks
MEAN_ACCURACY = "mean_test_accuracy"


def per_arm(final: pd.DataFrame) -> pd.DataFrame:
    """Every measure's mean over seeds with its 95 % interval.

    Args:
        final: as `collect.runs_frame` or `measures.with_chosen` returns it.

    Returns:
        One row per arm, task and measure, in the order of `final`: arm, label, group, task,
        measure, n, mean, sd, ci_low, ci_high (empty where n < 2 leaves them open). Measures
        are the numeric columns of `final` and, as task `all`, `mean_test_accuracy` of arms
        with two or more tasks and delta_m in percent. Seconds per epoch are of a whole run
        and so are of task `all` too.
    """
    names = [name for name in final if name.startswith(("train_", "val_", "test_"))]
    names.remove("train_fraction")
    names += ["gap", "best_val_accuracy"]
    rows = []
    over_tasks = across_tasks(final)
    for arm, of_arm in final.groupby("arm", sort=False):
        identity = of_arm.iloc[0][["label", "group"]].to_dict()
        for task, values in of_arm.groupby("task", sort=False):
            for name in names:
                rows.append({"arm": arm, **identity, "task": task} | _estimate(name, values[name]))
        runs = of_arm.drop_duplicates("seed")
        seconds = _estimate("seconds_per_epoch", runs["seconds_per_epoch"])
        rows.append({"arm": arm, **identity, "task": ALL} | seconds)
        own = over_tasks[over_tasks["arm"] == arm]
        for name in (MEAN_ACCURACY, "delta_m"):
            rows.append({"arm": arm, **identity, "task": ALL} | _estimate(name, own[name]))
    frame = pd.DataFrame(rows)
    return frame[frame["n"] > 0].reset_index(drop=True)


def across_tasks(final: pd.DataFrame) -> pd.DataFrame:
    """arm, seed, mean_test_accuracy, delta_m of every run with two or more tasks.

    delta_m is empty where a single-task reference is missing.
    """
    grouped = final.groupby(["arm", "seed"], sort=False)["test_accuracy"]
    means = grouped.agg(["size", "mean"]).reset_index()
    means = means[means["size"] > 1].rename(columns={"mean": MEAN_ACCURACY}).drop(columns="size")
    return means.merge(measures.delta_m(final), on=["arm", "seed"], how="left")


def planned(final: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs to compare, with equal tuning on both sides; `uncompared` has the others.

    Every main arm with multi-task training without dropout; every adaptive main arm with the
    fixed rate that it starts from; and every schedule's trial chosen on validation data with
    the fixed rate chosen so.
    """
    arms = final.drop_duplicates("arm").set_index("arm")
    main = arms[arms["group"] == "main"]
    pairs = [
        (arm, baseline)
        for baseline in main.index[main["schedule"] == "none"]
        for arm in main.index
        if arm != baseline
    ]
    adaptive = main[main["schedule"] == "adsmtl"]
    fixed = main[main["schedule"] == "fixed"]
    pairs += [
        (arm, baseline)
        for arm, rate in adaptive["rate"].items()
        for baseline in fixed.index[fixed["rate"] == rate]
    ]
    if measures.CHOSEN_ARM in arms.index:
        same_tasks = arms["tasks"] == arms.loc[measures.CHOSEN_ARM, "tasks"]
        scheduled = ~arms["schedule"].isin(["none", "fixed"])
        chosen = (arms["group"] == measures.CHOSEN_GROUP) & same_tasks & scheduled
        unequal = uncompared(final)
        pairs += [(arm, measures.CHOSEN_ARM) for arm in arms.index[chosen] if arm not in unequal]
    return pairs


def uncompared(final: pd.DataFrame) -> list[str]:
    """Arms chosen among another number of trials than the fixed rate, so not compared with it."""
    if "trials" not in final:
        return []
    trials = final.groupby("arm")["trials"].max().dropna()
    if measures.CHOSEN_ARM not in trials:
        return []
    return list(trials.index[trials != trials[measures.CHOSEN_ARM]])


def comparisons(final: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Paired comparisons of test accuracy, per task and averaged over tasks.

    Args:
        final: as `measures.with_chosen` returns it.
        pairs: arms (first, second); effects are first minus second, over the seeds that both
            have.

    Returns:
        One row per pair and outcome: first, second, first_label, second_label, outcome
        (`mean_test_accuracy` or `test_accuracy`), task, n, effect, sd, ci_low, ci_high, d_z,
        p, p_holm, p_smallest, detectable (smallest effect found with 80 % power). Effects
        are fractions, 0.01 is one percentage point. Holm's correction takes the pairs of one
        outcome and task as its family.

    Raises:
        UserError: a pair was chosen on validation data among different numbers of trials.
    """
    for pair in pairs:
        measures.require_equal_budgets(final, pair)
    means = across_tasks(final).rename(columns={MEAN_ACCURACY: "value"})
    means = means.assign(task=ALL, outcome=MEAN_ACCURACY)
    single = final.rename(columns={"test_accuracy": "value"}).assign(outcome="test_accuracy")
    keys = ["arm", "seed", "task", "outcome", "value"]
    values = pd.concat([means[keys], single[keys]], ignore_index=True)
    labels = final.drop_duplicates("arm").set_index("arm")["label"]
    rows = []
    for (outcome, task), of_outcome in values.groupby(["outcome", "task"], sort=False):
        wide = of_outcome.pivot_table(index="seed", columns="arm", values="value")
        family = []
        for first, second in pairs:
            if not {first, second} <= set(wide):
                continue
            both = wide[[first, second]].dropna()
            if len(both):
                names = {"first": first, "second": second}
                names |= {"first_label": labels[first], "second_label": labels[second]}
                names |= {"outcome": outcome, "task": task}
                family.append(names | _comparison(both[first], both[second]))
        for row, p in zip(family, statistics.holm([r["p"] for r in family]), strict=True):
            rows.append(row | {"p_holm": p})
    columns = [
        *("first", "second", "first_label", "second_label", "outcome", "task", "n", "effect"),
        *("sd", "ci_low", "ci_high", "d_z", "p", "p_holm", "p_smallest", "detectable"),
    ]
    return pd.DataFrame(rows, columns=columns)


def _estimate(name: str, values: pd.Series) -> dict:
    known = values.dropna()
    if known.empty:
        return {"measure": name, "n": 0}
    e = statistics.mean_interval(known.to_numpy(dtype=float))
    estimate = {"n": e.n, "mean": e.mean, "sd": e.sd, "ci_low": e.low, "ci_high": e.high}
    return {"measure": name} | estimate


def _comparison(first: pd.Series, second: pd.Series) -> dict:
    c = statistics.paired(first.to_numpy(dtype=float), second.to_numpy(dtype=float))
    return asdict(c) | {"detectable": statistics.smallest_detectable(c.n, c.sd)}
