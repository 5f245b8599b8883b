"""Where the spread of the runs comes from, and what choosing other test examples adds to it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from adsmtl.analysis import crossed, variance
from adsmtl.analysis.paired import Paired
from adsmtl.collected.reading import Collected
from adsmtl.tables import numbers
from adsmtl.tables.render import TextTable

_OUTCOMES = {
    "test_accuracy": ("test accuracy", "percentage points", 100.0),
    "test_loss": ("test NLL", "nats", 1.0),
}
_COMPONENTS = ("fold", "machine", "seed", "residual", "sampling")
_BOTH = "mean over tasks"
_NOTHING = "It takes two multi-task arms with two seeds in common, and there are none."


def components(final: pd.DataFrame, source: str) -> tuple[pd.DataFrame, TextTable]:
    """Components of variance of the main multi-task arms, of accuracy and NLL, by task.

    Args:
        final: the collected runs, with the machine of each.
        source: the sentence that ends the caption.

    Returns:
        outcome, task, unit, arms, seeds, and the standard deviations of `variance.components` in
        that unit; and the same as text.
    """
    rows = final[(final["tasks"] != final["task"]) & final["baseline"].isna()]
    found = []
    for column, (name, unit, factor) in _OUTCOMES.items():
        for task, own in _by_task(rows):
            wide = own.pivot_table(column, "seed", "arm").dropna()
            if min(wide.shape) < 2:
                continue
            parts = variance.components(own, column)
            sizes = {
                one: None if (value := getattr(parts, one)) is None else factor * value
                for one in _COMPONENTS
            }
            known = {"outcome": name, "task": task, "unit": unit}
            found.append(known | {"arms": wide.shape[1], "seeds": wide.shape[0]} | sizes)
    columns = ["outcome", "task", "unit", "arms", "seeds", *_COMPONENTS]
    frame = pd.DataFrame(found, columns=columns)
    text = TextTable(
        name="variance",
        caption=(
            "Standard deviation of one run of a multi-task main arm by its source: between folds,"
            " which differ in test speakers; between machines, kinds of device and precision;"
            " between seeds of both, common to all arms (initial weights, order of the data);"
            " what is left, which includes running the same arm again; and what drawing other test"
            " examples would give to one run (accuracy alone). It can exceed what is left, because"
            " arms are tested on the same examples, which cancels. Method of moments, negative"
            " estimates are 0. With few folds or machines, their own spread is hardly known; where"
            " each machine has folds of its own, the two cannot be told apart, and with one seed"
            " for each fold and machine, what is left holds the arms' own answers to folds."
            f" {source}"
        ),
        columns=[
            *("Outcome", "Task", "Unit", "Arms", "Seeds", "Fold", "Machine", "Seed"),
            "Left over",
            "Sampling",
        ],
        rows=[
            [
                *(row["outcome"], row["task"], row["unit"], str(row["arms"]), str(row["seeds"])),
                *(
                    numbers.estimate(row[one], show=numbers.of_unit(row["unit"], numbers.plain))
                    for one in _COMPONENTS
                ),
            ]
            for row in frame.to_dict("records")
        ],
        notes=[] if len(frame) else [_NOTHING],
        left=3,
    )
    return frame, text


def over_seeds_and_examples(collected: Collected, source: str) -> tuple[pd.DataFrame, TextTable]:
    """Intervals of a few contrasts over seeds alone, and over seeds and test examples together.

    Returns:
        first, second, task, n, effect, low and high over seeds (stratified by fold), both_low and
        both_high over both, as fractions; and the same as text.

    Raises:
        UserError: the collected predictions are missing or damaged.
    """
    labels = collected.labels
    found = [
        row
        for first, second in _contrasts(collected.runs)
        for task in _shared(collected.runs, first, second)
        if (row := _over_both(collected, first, second, task)) is not None
    ]
    columns = ["first", "second", "task", "n", "effect", "low", "high", "both_low", "both_high"]
    frame = pd.DataFrame(found, columns=columns)
    text = TextTable(
        name="seeds-and-examples",
        caption=(
            "Differences in test accuracy, first arm minus second at the same seed, in percentage"
            " points, with two 95 % t-intervals: over seeds alone, for these test examples"
            " (standard errors within folds), and over seeds and test examples together (the"
            " variances by seeds and by examples added up, less what both hold). Examples count"
            " one by one, not by speaker or utterance. Where a fold has one seed only, folds are"
            f" not told apart. {source}"
        ),
        columns=["Comparison", "Task", "n", "Effect (pp)", "Over seeds", "Over seeds and examples"],
        rows=[
            [
                f"{labels[row['first']]} vs {labels[row['second']]}",
                *(row["task"], str(row["n"]), numbers.points(row["effect"])),
                *(
                    numbers.interval(row[low], row[high], numbers.points) or numbers.MISSING
                    for low, high in (("low", "high"), ("both_low", "both_high"))
                ),
            ]
            for row in frame.to_dict("records")
        ],
        notes=[] if len(frame) else [_NOTHING],
        left=2,
    )
    return frame, text


def _by_task(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    if len(rows["task"].unique()) > 1:
        yield _BOTH, rows
    yield from rows.groupby("task", sort=False)


def _contrasts(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """Fixed against none, ADSMTL against fixed, both at rate 0.2; single- is left to the ledger."""
    arms = runs[(runs["tasks"] != runs["task"]) & runs["baseline"].isna()].drop_duplicates("arm")
    chain = []
    for role, rate in (("no-dropout", None), ("fixed", 0.2), ("adsmtl", 0.2)):
        own = arms[arms["role"] == role]
        own = own if rate is None else own[own["tunable"].astype(float) == rate]
        chain += list(own["arm"][:1])
    return [(later, earlier) for earlier, later in pairwise(chain)]


def _shared(runs: pd.DataFrame, first: str, second: str) -> list[str]:
    tasks = [runs.loc[runs["arm"] == arm, "task"].unique() for arm in (first, second)]
    return [task for task in tasks[0] if task in set(tasks[1])]


def _over_both(collected: Collected, first: str, second: str, task: str) -> dict | None:
    seeds = [collected.trained[arm] for arm in (first, second)]
    common = sorted(set(seeds[0]) & set(seeds[1]))
    if len(common) < 2:
        return None
    a, b = (
        _correct(collected, arm, task, own, common)
        for arm, own in zip((first, second), seeds, strict=True)
    )
    folds = collected.per_run.drop_duplicates("seed").set_index("seed")["fold"].loc[common]
    both = crossed.seeds_and_examples(a, b, folds.to_numpy())
    alone = Paired(tuple(np.nanmean(a - b, axis=1, dtype=float)), tuple(folds))
    known = {"first": first, "second": second, "task": task, "n": len(common)}
    known |= {"effect": alone.effect, "low": alone.low, "high": alone.high}
    return known | {"both_low": both.low, "both_high": both.high}


def _correct(
    collected: Collected, arm: str, task: str, trained: Sequence[int], common: Sequence[int]
) -> np.ndarray:
    """Whether each example was classified rightly, a row for each of the seeds in common."""
    rows = [trained.index(seed) for seed in common]
    return collected.predictions(task, arm).correct[rows]
