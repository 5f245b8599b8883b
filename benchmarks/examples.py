"""The training examples of a job, the same for every contender. Needs NumPy alone."""

from pathlib import Path

import numpy as np

from adsmtl.data import folds
from adsmtl.data.prepared import Prepared, load
from benchmarks.job import BenchTask


def chosen(task: BenchTask, seed: int) -> tuple[Prepared, np.ndarray]:
    """The data set and the numbers of the examples to train on (the engine picks the same)."""
    prepared = load(Path(task.folder))
    train = folds.split_indices(prepared, seed).train
    return prepared, folds.subset(train, prepared.targets[task.target], task.examples, seed)


def available(folder: Path) -> int:
    """Training examples that a data set has for every seed; folds can differ in size."""
    prepared = load(folder)
    seeds = range(1 if prepared.split is not None else len(prepared.card["folds"]))
    return min(len(folds.split_indices(prepared, seed).train) for seed in seeds)


def images(task: BenchTask, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Normalised images float32 `[N, 3, H, W]`, classes int64 `[N]`, number of classes."""
    prepared, numbers = chosen(task, seed)
    norm = prepared.card["normalisation"]
    mean, std = (np.array(norm[key], np.float32)[:, None, None] for key in ("mean", "std"))
    inputs = (prepared.inputs[numbers].astype(np.float32) / 255 - mean) / std
    return inputs, *_classes(prepared, task, numbers)


def sequences(task: BenchTask, seed: int) -> tuple[list[np.ndarray], np.ndarray, int]:
    """Per example its frames float32 `[3, T, bands]`; classes and their number as in `images`."""
    prepared, numbers = chosen(task, seed)
    inputs = [
        np.ascontiguousarray(prepared.inputs[start:stop].transpose(1, 0, 2))
        for start, stop in prepared.spans[numbers]
    ]
    return inputs, *_classes(prepared, task, numbers)


def _classes(prepared: Prepared, task: BenchTask, numbers: np.ndarray) -> tuple[np.ndarray, int]:
    return prepared.targets[task.target][numbers], len(
        prepared.card["targets"][task.target]["classes"]
    )


def mean_length(task: BenchTask, seed: int) -> float:
    """Mean frames of the examples of a sequence task."""
    prepared, numbers = chosen(task, seed)
    spans = prepared.spans[numbers]
    return float((spans[:, 1] - spans[:, 0]).mean())
