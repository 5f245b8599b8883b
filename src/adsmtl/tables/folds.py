"""Test accuracy in each fold."""

import pandas as pd

from adsmtl.analysis import statistics
from adsmtl.tables import groups, numbers
from adsmtl.tables.render import TextTable


def build(final: pd.DataFrame, source: str) -> tuple[pd.DataFrame, TextTable]:
    """Mean accuracy of the headline arms by task and fold.

    Args:
        final: as `measures.with_chosen` returns it.
        source: the sentence that ends the caption.

    Returns:
        arm, label, task, fold, n, mean, sd, ci_low, ci_high (fractions); and a row per arm as
        text, a column per task and fold.
    """
    shown = groups.headline(final)
    rows = []
    for (arm, task, fold), own in shown.groupby(["arm", "task", "fold"], sort=False):
        e = statistics.mean_interval(own["test_accuracy"])
        known = {"arm": arm, "label": own["label"].iloc[0], "task": task, "fold": int(fold)}
        rows.append(
            known | {"n": e.n, "mean": e.mean, "sd": e.sd, "ci_low": e.low, "ci_high": e.high}
        )
    frame = pd.DataFrame(rows)
    means = {(row["arm"], row["task"], row["fold"]): row["mean"] for row in rows}
    cells = [
        (task, fold)
        for task in shown["task"].unique()
        for fold in sorted(shown["fold"].astype(int).unique())
    ]
    arms = shown.drop_duplicates("arm")
    of_groups = list(arms["group"])
    text = TextTable(
        name="folds",
        caption=(
            "Mean test accuracy (%) of the reference and main arms, and of trials chosen on"
            f" validation, over the seeds of each fold, after the last epoch. {source}"
        ),
        columns=["Arm", *(f"{task}, fold {fold}" for task, fold in cells)],
        rows=[
            [
                row["label"],
                *(
                    numbers.estimate(means.get((row["arm"], *cell)), show=numbers.percent)
                    for cell in cells
                ),
            ]
            for row in arms.to_dict("records")
        ],
        breaks=[i for i in range(1, len(of_groups)) if of_groups[i] != of_groups[i - 1]],
    )
    return frame, text
