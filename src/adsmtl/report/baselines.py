"""What others reach on the same data, so that a reader can place the accuracies."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from adsmtl.analysis import statistics
from adsmtl.report.data_cards import DataCard
from adsmtl.tables import numbers
from adsmtl.tables.render import TextTable

# Task, what, training examples, test accuracy in percent, source.
_KNOWN = (
    (
        "vision",
        "three convolutions of 32, 64 and 64 maps and a layer of 64 units, 10 epochs of Adam",
        "50,000",
        "over 70",
        "TensorFlow tutorial “Convolutional Neural Network (CNN)”",
    ),
    (
        "vision",
        "convolutional network with max-pooling, tuned (Snoek and others 2012), no dropout",
        "50,000",
        "85.0",
        "Srivastava and others (2014), J. Mach. Learn. Res. 15, table 3",
    ),
    (
        "vision",
        "convolutional network with max-pooling, dropout in all layers",
        "50,000",
        "87.4",
        "Srivastava and others (2014), J. Mach. Learn. Res. 15, table 3",
    ),
)
# The data that these numbers are of, by task.
_DATA = {"vision": "cifar10"}


def table(final: pd.DataFrame, cards: Sequence[DataCard] = ()) -> TextTable | None:
    """Known and measured accuracies beside those of single-task training without dropout.

    Args:
        final: the collected runs.
        cards: of the data sets, with the baselines that were measured on them.

    Returns:
        None where no task was trained on the data of a baseline.
    """
    rows: list[list[str]] = []
    for task, data in _DATA.items():
        own = final[(final["task"] == task) & (final["dataset"] == data)]
        if own.empty:
            continue
        rows += [
            [task, what, examples, accuracy, source]
            for of, what, examples, accuracy, source in _KNOWN
            if of == task
        ]
        rows += _own(own, task)
    for card in cards:
        if card.baseline is None:
            continue
        own = final[(final["dataset"] == card.name) & (final["target"] == card.baseline["target"])]
        # a view of the target has other classes, or other examples
        own = own[own["classes"] == card.baseline["classes"]]
        for task in own["task"].unique():
            rows += [_measured(task, card.baseline), *_own(own[own["task"] == task], task)]
    if not rows:
        return None
    return TextTable(
        name="baselines",
        caption=(
            "Test accuracies of others and of this study's network. They share the data, not the"
            " amount of training: they say whether the network here is of a usual kind, not which"
            " method is better."
        ),
        columns=["Task", "Model", "Training examples", "Test accuracy (%)", "Source"],
        rows=rows,
        notes=[
            f"A support vector machine was not run on {card.name}; `adsmtl baseline {card.name}`"
            " measures it."
            for card in cards
            if card.sequence and card.baseline is None
        ],
        left=2,
        wrap=[1, 4],
    )


def _measured(task: str, found: Mapping[str, Any]) -> list[str]:
    """A machine that was trained on the splits of the study, as a row."""
    accuracy, folds = found["accuracy"], len(found["accuracy"])
    train, test = (sum(found[key]) / folds for key in ("train", "test"))
    split = f"mean of {folds} folds" if folds > 1 else "the split of the corpus"
    shown = f"{100 * sum(accuracy) / folds:.1f}"
    if folds > 1:
        shown += f" ({100 * min(accuracy):.1f} to {100 * max(accuracy):.1f})"
    return [
        task,
        f"{found['model']}, same segments, {found['classes']} classes",
        f"{train:,.0f}",
        shown,
        f"measured here, {split}, tested on {test:,.0f}; scikit-learn {found['scikit-learn']}",
    ]


def _own(rows: pd.DataFrame, task: str) -> list[list[str]]:
    """The task alone without dropout, on all the data that the study gives it."""
    plain = rows[(rows["role"] == "no-dropout") & (rows["train_fraction"] == 1)]
    plain = plain[plain["tasks"] == task]
    if plain.empty:
        return []
    one = statistics.mean_interval(plain["test_accuracy"])
    shown: Mapping[str, str] = {
        "examples": f"{plain['examples_train'].mean():,.0f}",
        "accuracy": numbers.estimate(one.mean, one.low, one.high, numbers.percent),
    }
    what = "this study: the listing's network, the task alone, no dropout"
    return [
        [task, what, shown["examples"], shown["accuracy"], f"n = {one.n} seed{'s' * (one.n != 1)}"]
    ]
