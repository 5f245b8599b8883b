"""An interval that allows for the choice of seeds and of test examples together."""

import numpy as np

from adsmtl.analysis.statistics import Estimate

DRAWS = 2000


def seeds_and_examples(
    first: np.ndarray, second: np.ndarray, folds: np.ndarray, draws: int = DRAWS, seed: int = 0
) -> Estimate:
    """Difference of two arms with the 95 % interval of a crossed bootstrap.

    Seeds are drawn within their folds, and test examples independently of them, both with
    replacement; every pair of a drawn seed and a drawn example counts (the pigeonhole bootstrap,
    Owen 2007, *Ann. Appl. Stat.* 1, 386-411). It is never too narrow on average, and too wide by at
    most the variance of single predictions over all of them.

    Args:
        first: (seeds, examples), such as 1 where the prediction is right and 0 elsewhere, or an
            NLL; NaN where an example is not in the test split of the seed's fold.
        second: of the other arm, same seeds and examples.
        folds: (seeds,).
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        Mean over seeds of each seed's mean over its examples, with the spread and the percentiles
        of the draws; n counts seeds.

    Raises:
        ValueError: shapes differ, or a seed has no example.
    """
    difference = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    known = np.isfinite(difference)
    if len(folds) != len(difference) or not known.any(axis=1).all():
        raise ValueError(f"{difference.shape} differences and {len(folds)} folds do not fit")
    draw = np.random.default_rng(seed)
    filled = np.where(known, difference, 0.0)
    of_fold = [np.flatnonzero(np.asarray(folds) == fold) for fold in np.unique(folds)]
    means = np.empty(draws)
    for k in range(draws):
        rows = np.concatenate([draw.choice(own, len(own)) for own in of_fold])
        examples = filled.shape[1]
        weights = np.bincount(draw.integers(0, examples, examples), minlength=examples)
        # Examples of a seed that were all left out of the draw make it count for nothing.
        totals, counts = filled @ weights, known @ weights
        per_seed = np.divide(totals, counts, out=np.full(len(totals), np.nan), where=counts > 0)
        means[k] = np.nanmean(per_seed[rows])
    mean = float((filled.sum(axis=1) / known.sum(axis=1)).mean())
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(len(folds), mean, float(means.std(ddof=1)), float(low), float(high))
