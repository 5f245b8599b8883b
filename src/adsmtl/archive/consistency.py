"""What of collected tables follows from other parts of them: an edited number contradicts these.

Who edits an accuracy must edit the epochs, the means of the last ones, the gap and the predictions
of every test example with it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from adsmtl import outputs
from adsmtl.collected import provenance
from adsmtl.collected.predictions import SIGNIFICANT
from adsmtl.collected.reading import Collected
from adsmtl.errors import UserError
from adsmtl.files import digest
from adsmtl.study import LAST

RUNS, EPOCHS, TEST_TIME, CONFIGS, ENVIRONMENTS, STUDY, PREDICTIONS = (
    f"{outputs.COLLECTED}/{name}" for name in outputs.COLLECTED_FILES
)
_KEY = ["arm", "seed", "task"]
_SUMS = 1e-9  # of the same float64 numbers, added in another order
_EVALUATED_TWICE = (
    1e-5  # of float32 numbers: training and validation, once more after the last epoch
)
_LOSS = 2.0**-SIGNIFICANT + 2.0**-10  # of a mean of rounded float16 likelihoods


def faults(collected: Collected) -> Iterator[tuple[str, str]]:
    """Every contradiction, as the file and what is wrong with it."""
    runs = collected.runs
    for row in runs[runs.duplicated(_KEY)].to_dict("records"):
        yield RUNS, f"has {_named(row)} twice"
    for row in collected.per_run.to_dict("records"):
        trained = set(runs[(runs["arm"] == row["arm"]) & (runs["seed"] == row["seed"])]["task"])
        if trained != set(row["tasks"].split("+")):
            yield RUNS, f"lacks tasks of {row['arm']} seed={row['seed']}"
    yield from _origin(collected)
    yield from _epochs(collected)
    yield from _predictions(collected)
    yield from _evaluations(collected)


def _origin(collected: Collected) -> Iterator[tuple[str, str]]:
    """Configurations, environments and the plan against the runs that name them."""
    for key, described in collected.environments.items():
        if digest(described)[:8] != key:
            yield ENVIRONMENTS, f"{key} is not the digest of what it describes"
    seeds = sorted({seed for own in collected.planned.values() for seed in own})
    for row in collected.per_run.to_dict("records"):
        arm, seed = row["arm"], row["seed"]
        if row["environment"] not in collected.environments:
            yield ENVIRONMENTS, f"lacks {row['environment']}, where {arm} seed={seed} was trained"
        if arm not in collected.configs:
            yield CONFIGS, f"lacks {arm}"
        elif not _hashes_to(collected.configs[arm], seed, seeds, row["config_hash"]):
            yield CONFIGS, f"does not have the config_hash of {arm} seed={seed}"
        if seed not in collected.planned.get(arm, []):
            yield STUDY, f"does not plan {arm} seed={seed}"
    if (mixed := provenance.mixed(collected)) is not None:
        yield RUNS, f"mixes machines: {mixed}"
    blocks = collected.study["blocks"]
    if blocks and sum(one["runs"] for one in blocks) != len(collected.per_run):
        yield STUDY, "has blocks of another number of runs"


def _hashes_to(config: dict[str, Any], seed: int, seeds: list[int], wanted: str) -> bool:
    """Whether a run of this configuration has this hash; who borrows, does so from some seed."""
    own = {**config, "seed": seed}
    return digest(own) == wanted or any(digest({**own, "lender": k}) == wanted for k in seeds)


def _epochs(collected: Collected) -> Iterator[tuple[str, str]]:
    """Scores of the last epochs, and what is computed of them."""
    by_run = dict(list(collected.epochs.groupby(_KEY)))
    for row in collected.runs.to_dict("records"):
        epochs = by_run.pop(tuple(row[key] for key in _KEY), None)
        if epochs is None or list(epochs["epoch"]) != list(range(1, row["epochs"] + 1)):
            yield EPOCHS, f"does not have the {row['epochs']} epochs of {_named(row)}"
            continue
        last, final = epochs.iloc[-1], epochs.iloc[-LAST:]
        expected = {
            "gap": (row["train_accuracy"] - row["test_accuracy"], _SUMS),
            **{f"test_{key}": (last[f"test_{key}"], _SUMS) for key in ("accuracy", "loss")},
            **{
                f"{split}_{key}": (last[f"{split}_{key}"], _EVALUATED_TWICE)
                for split in ("train", "val")
                for key in ("accuracy", "loss")
            },
            **{
                f"{split}_{key}_last{LAST}": (final[f"{split}_{key}"].mean(), _SUMS)
                for split in ("val", "test")
                for key in ("accuracy", "loss")
            },
        }
        for column, (value, tolerance) in expected.items():
            if not np.isclose(row[column], value, rtol=tolerance, atol=_SUMS):
                yield RUNS, f"has {column} {row[column]} for {_named(row)}; {EPOCHS} gives {value}"
        best = epochs[epochs["epoch"] == row["best_val_epoch"]]["val_accuracy"]
        if len(best) != 1 or best.iloc[0] != row["best_val_accuracy"]:
            yield RUNS, f"has a best_val_accuracy for {_named(row)} that is not that of its epoch"
    for arm, seed, task in by_run:
        yield EPOCHS, f"has epochs of {arm} seed={seed} {task}, which is no run"


def _predictions(collected: Collected) -> Iterator[tuple[str, str]]:
    """Accuracy exactly, and loss within the rounding of likelihoods, from every test example."""
    for (arm, task), rows in collected.runs.groupby(["arm", "task"], sort=False):
        try:
            found = collected.predictions(task, arm)
        except UserError as error:
            yield PREDICTIONS, str(error)
            return
        rows = rows.sort_values("seed").to_dict("records")
        if len(rows) != len(found.correct):
            yield PREDICTIONS, f"has other seeds of {arm} for {task} than {RUNS}"
            continue
        for row, correct, nll in zip(rows, found.correct, found.nll, strict=True):
            own = ~np.isnan(correct)
            if own.sum() != row["examples_test"]:
                yield PREDICTIONS, f"has {own.sum()} test examples of {_named(row)}"
                continue
            accuracy, loss = (part[own].astype(float).mean() for part in (correct, nll))
            if not np.isclose(accuracy, row["test_accuracy"], rtol=0, atol=_SUMS):
                yield PREDICTIONS, f"gives {_named(row)} an accuracy of {accuracy}, not its own"
            if not np.isclose(loss, row["test_loss"], rtol=_LOSS, atol=_SUMS):
                yield PREDICTIONS, f"gives {_named(row)} a loss of {loss}, not its own"


def _evaluations(collected: Collected) -> Iterator[tuple[str, str]]:
    known = {tuple(row) for row in collected.runs[_KEY].itertuples(index=False)}
    rows = collected.test_time[_KEY].drop_duplicates()
    for row in rows.to_dict("records"):
        if (row["arm"], row["seed"], row["task"]) not in known:
            yield TEST_TIME, f"has {_named(row)}, which is no run"


def _named(row: dict[str, Any] | pd.Series) -> str:
    return f"{row['arm']} seed={row['seed']} {row['task']}"
