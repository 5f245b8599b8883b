"""Where the spread of the runs comes from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Components:
    """Standard deviations of one run's outcome, as fractions; None where the data leave it open.

    Attributes:
        fold: between folds, which differ in test speakers.
        machine: between kinds of machine and precision, on which the seeds were trained.
        seed: between seeds of one fold, common to all arms (initial weights, order of the data).
        residual: what is left, an arm's own answer to a seed within folds and machines. Running the
            same arm again with the same seed is part of it; without repeated runs the two cannot
            be told apart. With one seed per fold and machine it holds an arm's own answer to these.
        sampling: what choosing other test examples would give to one run, from the binomial
            distribution; most of it cancels between arms, which are tested on the same examples.
    """

    fold: float | None
    machine: float | None
    seed: float | None
    residual: float
    sampling: float | None


def components(runs: pd.DataFrame, column: str = "test_accuracy") -> Components:
    """Components of variance of arms by seeds, by the method of moments.

    Arms are fixed. What is left of arms by seeds, within folds and machines, gives σ_r². Means over
    the A arms give the rest:
    a seed's mean holds its fold, its machine and itself, with σ_e² = σ_s² + σ_r² / A. Sums of
    squares are set equal to what they are on average (Henderson's method 3; Searle, Casella and
    McCulloch 1992, chapter 5): of seeds within folds and machines, and of each of these two after
    the other. Negative estimates are 0.

    Args:
        runs: arm, seed, fold, `column`, machine where it is a factor, and examples_test where the
            sampling is wanted; rows of one arm and seed, such as its tasks, are averaged. Seeds
            that lack an arm are left out.

    Raises:
        ValueError: fewer than two arms or two seeds are complete.
    """
    wide = runs.pivot_table(column, "seed", "arm").dropna()
    seeds, arms = wide.shape
    if seeds < 2 or arms < 2:
        raise ValueError(f"{arms} arms and {seeds} seeds leave nothing to compare")
    of_seed = runs.drop_duplicates("seed").set_index("seed").loc[wide.index]
    values = wide.to_numpy(dtype=float)
    folds = _levels(of_seed["fold"])
    machines = _levels(of_seed["machine"]) if "machine" in of_seed else np.ones((seeds, 1))
    residual = _residual(values, np.hstack([folds, machines]))
    fold, machine, error = _nested(values.mean(axis=1), folds, machines)
    return Components(
        fold=_root(fold),
        machine=_root(machine),
        seed=None if error is None else _root(error - residual / arms),
        residual=residual**0.5,
        sampling=_sampling(runs, column),
    )


def _residual(values: np.ndarray, levels: np.ndarray) -> float:
    """Variance of what arms and levels leave of arms by seeds; of what arms leave, if all.

    Args:
        values: shape (seeds, arms).
        levels: indicators of folds and machines, shape (seeds, levels).
    """
    seeds, arms = values.shape
    within = _without(levels)
    if round(float(np.trace(within))) == 0:
        within = _without(np.ones((seeds, 1)))
    left = within @ (values - values.mean(axis=1, keepdims=True))
    return float((left**2).sum()) / (round(float(np.trace(within))) * (arms - 1))


def _nested(
    y: np.ndarray, one: np.ndarray, other: np.ndarray
) -> tuple[float | None, float | None, float | None]:
    """Variance between the levels of two factors, and within both; None where data leave it open.

    Args:
        y: shape (n,).
        one, other: indicators of the levels, shapes (n, levels).
    """
    both = np.hstack([one, other])
    within = _without(both)
    free = round(float(np.trace(within)))
    if free == 0:
        return None, None, None
    error = float(y @ within @ y) / free

    def between(own: np.ndarray, rest: np.ndarray) -> float | None:
        after = _without(rest)
        rank = round(float(np.trace(after))) - free
        if rank == 0:
            return None
        square = float(y @ (after - within) @ y)
        return (square - rank * error) / float(np.trace(own.T @ after @ own))

    return between(one, other), between(other, one), error


def _without(design: np.ndarray) -> np.ndarray:
    """The projection that takes the columns of a design out of a vector, shape (n, n)."""
    return np.eye(len(design)) - design @ np.linalg.pinv(design)


def _levels(factor: pd.Series) -> np.ndarray:
    """Indicators of a factor's levels, shape (n, levels)."""
    return pd.get_dummies(factor.astype(str)).to_numpy(dtype=float)


def _root(variance: float | None) -> float | None:
    return None if variance is None else max(0.0, variance) ** 0.5


def _sampling(runs: pd.DataFrame, column: str) -> float | None:
    if "examples_test" not in runs or not column.endswith("accuracy"):
        return None
    accuracy = runs[column].to_numpy(dtype=float)
    per_row = accuracy * (1 - accuracy) / runs["examples_test"].to_numpy(dtype=float)
    tasks = runs.groupby(["arm", "seed"]).size().mean()  # whose mean is taken
    return float(np.sqrt(per_row.mean() / tasks))
