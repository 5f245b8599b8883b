"""An interval that allows for the choice of seeds and of test examples together."""

import numpy as np

from adsmtl.analysis.statistics import Estimate, t_quantile

DRAWS = 2000


def seeds_and_examples(
    first: np.ndarray, second: np.ndarray, folds: np.ndarray, draws: int = DRAWS, seed: int = 0
) -> Estimate:
    """Difference of two arms with a 95 % interval from a crossed bootstrap.

    Seeds are drawn within their folds, and test examples independently of them, both with
    replacement; every pair of a drawn seed and a drawn example counts (the pigeonhole bootstrap,
    Owen 2007, *Ann. Appl. Stat.* 1, 386-411). Of n seeds n - 1 are drawn, without which the spread
    between few seeds would come out too small (Rao and Wu 1988, *J. Am. Stat. Assoc.* 83,
    231-241). Where a fold has one seed only, seeds are drawn from all of them. The interval is
    mean ± t · sd of the draws, with the degrees of freedom of the seeds.

    Args:
        first: (seeds, examples), such as 1 where the prediction is right and 0 elsewhere, or an
            NLL; NaN where an example is not in the test split of the seed's fold.
        second: of the other arm, same seeds and examples.
        folds: (seeds,), at least two.
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        Mean over seeds of each seed's mean over its examples, with the spread of the draws; n
        counts seeds.

    Raises:
        ValueError: shapes differ, there is one seed, or a seed has no example.
    """
    difference = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    known = np.isfinite(difference)
    n = len(difference)
    if n < 2 or len(folds) != n or not known.any(axis=1).all():
        raise ValueError(f"{difference.shape} differences and {len(folds)} folds do not fit")
    draw = np.random.default_rng(seed)
    filled = np.where(known, difference, 0.0)
    strata = [np.flatnonzero(np.asarray(folds) == fold) for fold in np.unique(folds)]
    if min(map(len, strata)) < 2:
        strata = [np.arange(n)]
    examples = filled.shape[1]
    means = np.empty(draws)
    for k in range(draws):
        weights = np.bincount(draw.integers(0, examples, examples), minlength=examples)
        # Examples of a seed that were all left out of the draw make it count for nothing.
        totals, counts = filled @ weights, known @ weights
        per_seed = np.divide(totals, counts, out=np.full(n, np.nan), where=counts > 0)
        drawn = [np.nanmean(per_seed[draw.choice(own, len(own) - 1)]) for own in strata]
        means[k] = np.average(drawn, weights=[len(own) for own in strata])
    mean = float((filled.sum(axis=1) / known.sum(axis=1)).mean())
    sd = float(means.std(ddof=1))
    half = t_quantile(0.975, n - len(strata)) * sd
    return Estimate(n, mean, sd, mean - half, mean + half)
