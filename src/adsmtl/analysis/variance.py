"""Where the spread of the runs comes from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Components:
    """Standard deviations of one run's outcome, as fractions; None where the data leave it open.

    Attributes:
        fold: between folds, which differ in test speakers.
        seed: between seeds of one fold, common to all arms (initial weights, order of the data).
        residual: what is left, an arm's own answer to a seed. Running the same arm again with the
            same seed is part of it; without repeated runs the two cannot be told apart.
        sampling: of `residual`, what choosing other test examples alone would give, from the
            binomial distribution; an upper bound, since arms are tested on the same examples.
    """

    fold: float | None
    seed: float | None
    residual: float
    sampling: float | None


def components(runs: pd.DataFrame, column: str = "test_accuracy") -> Components:
    """Components of variance of arms by seeds, by the method of moments.

    Arms are fixed. With A arms, means over arms per seed, and n seeds in F folds, the mean squares
    of residual, seeds within folds, and folds are set equal to what they are on average:

        E MS_residual = σ_r²
        E MS_seed     = σ_r² + A σ_s²
        E MS_fold     = σ_r² + A σ_s² + A (n / F) σ_f²

    Negative estimates are 0 (Searle, Casella and McCulloch 1992, chapter 4).

    Args:
        runs: arm, seed, fold, `column`, and examples_test where the sampling is wanted; rows of
            one arm and seed, such as its tasks, are averaged. Seeds that lack an arm are left out.

    Raises:
        ValueError: fewer than two arms or two seeds are complete.
    """
    wide = runs.pivot_table(column, "seed", "arm").dropna()
    seeds, arms = wide.shape
    if seeds < 2 or arms < 2:
        raise ValueError(f"{arms} arms and {seeds} seeds leave nothing to compare")
    fold = runs.drop_duplicates("seed").set_index("seed")["fold"].loc[wide.index]
    values = wide.to_numpy(dtype=float)
    per_seed = wide.mean(axis=1)
    left = values - values.mean(axis=0) - per_seed.to_numpy()[:, None] + values.mean()
    residual = float((left**2).sum()) / ((seeds - 1) * (arms - 1))
    per_fold = per_seed.groupby(fold).transform("mean")
    folds = fold.nunique()
    within = between = None
    if seeds > folds:
        square = arms * float(((per_seed - per_fold) ** 2).sum()) / (seeds - folds)
        within = max(0.0, (square - residual) / arms)
        if folds > 1:
            of_folds = arms * float(((per_fold - per_seed.mean()) ** 2).sum()) / (folds - 1)
            between = max(0.0, (of_folds - square) / (arms * seeds / folds))
    return Components(
        fold=None if between is None else between**0.5,
        seed=None if within is None else within**0.5,
        residual=residual**0.5,
        sampling=_sampling(runs, column),
    )


def _sampling(runs: pd.DataFrame, column: str) -> float | None:
    if "examples_test" not in runs or not column.endswith("accuracy"):
        return None
    accuracy = runs[column].to_numpy(dtype=float)
    per_row = accuracy * (1 - accuracy) / runs["examples_test"].to_numpy(dtype=float)
    tasks = runs.groupby(["arm", "seed"]).size().mean()  # whose mean is taken
    return float(np.sqrt(per_row.mean() / tasks))
