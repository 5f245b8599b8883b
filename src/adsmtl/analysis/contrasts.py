"""Differences between arms at the same seed: to another arm, and to single-task training."""

import pandas as pd

KEYS = ["seed", "train_fraction", "task"]
NO_DROPOUT = "no-dropout"
PAIR, ALONE = "pair", "pair-single"  # roles of the arms of C9


def without_dropout(final: pd.DataFrame) -> pd.DataFrame:
    """The rows of training without dropout, penalty or weighting, on any share of the data.

    These are the arms of role `no-dropout`.
    """
    return final[final["role"] == NO_DROPOUT]


def single_task(final: pd.DataFrame) -> pd.DataFrame:
    """seed, train_fraction, task, single, paired: accuracy of a task alone, without dropout.

    `paired` tells the tasks alone that pairs of tasks are compared with from all others.
    """
    paired = final["role"] == ALONE
    alone = final[(final["role"] == NO_DROPOUT) | paired].assign(paired=paired)
    alone = alone[alone["tasks"] == alone["task"]]
    return alone[[*KEYS, "paired", "test_accuracy"]].rename(columns={"test_accuracy": "single"})


def gains(final: pd.DataFrame) -> pd.DataFrame:
    """What training tasks together adds to training each alone on the same share of the data.

        gain = mean over tasks of (A_i - S_i)

    with A_i the arm's and S_i the single-task test accuracy on task i at the same seed.

    Args:
        final: as `collect.runs_frame` returns it.

    Returns:
        arm, seed, gain (a fraction, 0.01 is one percentage point): one row per seed of every
        arm with two or more tasks, all of which have a single-task run to compare with.
    """
    several = final[final["tasks"] != final["task"]]
    several = several.assign(paired=several["role"] == PAIR)
    joined = several.merge(single_task(final), on=[*KEYS, "paired"], how="left")
    joined["gain"] = joined["test_accuracy"] - joined["single"]
    by_run = joined.groupby(["arm", "seed"], sort=False)["gain"].agg(["size", "count", "mean"])
    whole = by_run[by_run["size"] == by_run["count"]]
    return whole["mean"].rename("gain").reset_index()


def task_pairs(final: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """Gain and affinity of every pair of tasks of role `PAIR`, by seed (C9).

        gain = mean over the two tasks of (NLL of the task alone - NLL in the pair)

    Args:
        final: as `collect.runs_frame` returns it; the task alone is of role `ALONE`.
        epochs: as `collect.epochs_frame` returns it; `affinity`, the cosine of the tasks'
            gradients on the shared layer, stands in one epoch.

    Returns:
        arm, tasks, seed, affinity, gain (nats of test NLL): a row per seed of every pair that has
        both numbers.
    """
    alone = final.loc[final["role"] == ALONE, ["seed", "task", "test_loss"]]
    together = final[final["role"] == PAIR]
    joined = together.merge(alone, on=["seed", "task"], suffixes=("", "_alone"), how="left")
    joined["gain"] = joined["test_loss_alone"] - joined["test_loss"]
    keys = ["arm", "tasks", "seed"]
    gain = joined.groupby(keys, sort=False)["gain"].agg(["count", "mean"])
    gain = gain.loc[gain["count"] == 2, "mean"].rename("gain").reset_index()
    if "affinity" not in epochs:
        return gain.iloc[:0].assign(affinity=[])
    affinity = epochs.groupby(["arm", "seed"], sort=False)["affinity"].mean().dropna()
    return gain.merge(affinity.reset_index(), on=["arm", "seed"])


def differences(final: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Every arm minus `baseline`, in mean test accuracy over tasks, at the same seed.

    Args:
        final: as `collect.runs_frame` returns it.
        baseline: an arm; only arms of its tasks are compared with it.

    Returns:
        arm, seed, difference (a fraction); empty where `baseline` has no run.
    """
    keys = ["arm", "seed", "tasks"]
    means = final.groupby(keys, sort=False)["test_accuracy"].mean().reset_index()
    base = means[means["arm"] == baseline].drop(columns="arm")
    joined = means[means["arm"] != baseline].merge(
        base, on=["seed", "tasks"], suffixes=("", "_baseline")
    )
    joined["difference"] = joined["test_accuracy"] - joined["test_accuracy_baseline"]
    return joined[["arm", "seed", "difference"]]
