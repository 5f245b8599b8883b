"""What choosing the best of several runs gains without any merit, and how to avoid it."""

import pandas as pd

from adsmtl.analysis import measures, statistics

BLOCK = 4  # consecutive seeds that are one run of every fold


def mean_of_others(values: pd.Series) -> pd.Series:
    """For every entry the mean of all others; NaN of a single one."""
    if len(values) < 2:
        return values * float("nan")
    return (values.sum() - values) / (len(values) - 1)


def best_of_four(trials: pd.DataFrame) -> statistics.Estimate | None:
    """Test accuracy of the best of four runs that differ in nothing but chance, minus their mean.

    The four seeds of a block are four tries at one rate; validation chooses one. First the mean
    over rates is taken from every seed's accuracies, validation and test alike, because folds
    differ and that is no luck. This shrinks what is left by √((R-1)/R) with R rates, which is
    undone. The gain is averaged over rates and tasks are averaged beforehand.

    Args:
        trials: rows of `measures.trials`: seed, task, tunable, `measures.VALIDATION`,
            test_accuracy.

    Returns:
        Mean and plain interval over blocks, as fractions; None where no block is complete, or
        where there is one rate only.
    """
    columns = [measures.VALIDATION, "test_accuracy"]
    means = trials.pivot_table(columns, "seed", "tunable").dropna()
    validation, test = (means[name] for name in columns)
    rates = test.shape[1]
    if rates < 2:
        return None
    validation = validation.sub(validation.mean(axis=1), axis=0)
    test = test.sub(test.mean(axis=1), axis=0)
    gains = []
    for _, seeds in test.groupby(test.index // BLOCK).groups.items():
        if len(seeds) == BLOCK:
            own, best = test.loc[seeds], validation.loc[seeds].idxmax()
            gains.append(sum(own.loc[best[rate], rate] - own[rate].mean() for rate in own) / rates)
    if not gains:
        return None
    grown = (rates / (rates - 1)) ** 0.5
    return statistics.mean_interval([grown * gain for gain in gains])
