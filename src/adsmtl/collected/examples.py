"""A study as if one task had been tested on some of its test examples alone."""

from dataclasses import replace

import numpy as np

from adsmtl.collected.reading import Collected
from adsmtl.errors import UserError


def restricted(collected: Collected, task: str, numbers: range) -> Collected:
    """`collected` with a task's test accuracy and NLL those on these examples.

    They come from the stored predictions after the last epoch. Other outcomes, such as means over
    the last epochs, stay those of all test examples.

    Args:
        task: whose outcomes are replaced.
        numbers: of test examples in the task's prepared data; those that a seed's test split lacks
            are not missed.

    Raises:
        UserError: no arm has the task, or a seed tests none of these examples.
    """
    runs = collected.runs.copy()
    arms = runs.loc[runs["task"] == task, "arm"].unique()
    if not len(arms):
        known = ", ".join(dict.fromkeys(runs["task"]))
        raise UserError(f"{collected.root} has no task {task!r}; its tasks are {known}")
    for arm in arms:
        found = collected.predictions(task, arm)
        own = (found.numbers >= numbers.start) & (found.numbers < numbers.stop)
        correct, nll = found.correct[:, own], found.nll[:, own]
        rows = runs.index[(runs["arm"] == arm) & (runs["task"] == task)]
        rows = runs.loc[rows].sort_values("seed").index  # as predictions are sorted
        tested = ~np.isnan(correct)
        if (none := ~tested.any(axis=1)).any():
            raise UserError(
                f"seed {runs.loc[rows[none.argmax()], 'seed']} of {arm} tests {task} on none of the"
                f" examples {numbers.start}-{numbers.stop - 1}; it has"
                f" {found.numbers.min()} to {found.numbers.max()}"
            )
        runs.loc[rows, "test_accuracy"] = np.nanmean(correct, axis=1, dtype=float)
        runs.loc[rows, "test_loss"] = np.nanmean(nll, axis=1, dtype=float)
    return replace(collected, runs=runs)
