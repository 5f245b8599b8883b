"""An interval that allows for the choice of seeds and of test examples together."""

import numpy as np

from adsmtl.analysis.paired import Paired
from adsmtl.analysis.statistics import Estimate, t_quantile


def seeds_and_examples(first: np.ndarray, second: np.ndarray, folds: np.ndarray) -> Estimate:
    """Difference of two arms with a 95 % interval for other seeds and other test examples.

    Seeds and examples are crossed, so variances by either add up less what both hold, the noise of
    single predictions (two-way clustering: Cameron, Gelbach and Miller 2011, *J. Bus. Econ. Stat.*
    29, 238-249):

        variance = variance over seeds + max(0, Σ_e g_e² - Σ_se r_se²).

    The first is that of `Paired`, within folds. With w_s = 1 / (seeds · examples of the seed),
    g_e = Σ_s w_s (d_se - mean of the seed), and r is w_s times what is left of d_se after the means
    of its seed and, within the fold, of its example; its square is scaled by n / (n - 1) for n
    seeds that have the example. Where a fold has one seed only, all seeds are one fold. A crossed
    bootstrap would count the noise of single predictions three times (Owen 2007, *Ann. Appl.
    Stat.* 1, 386-411).

    Args:
        first: (seeds, examples), such as 1 where the prediction is right and 0 elsewhere, or an
            NLL; NaN where an example is not in the test split of the seed's fold.
        second: of the other arm, same seeds and examples.
        folds: (seeds,), at least two.

    Returns:
        Mean over seeds of each seed's mean over its examples; `sd` is its standard error, the
        interval has the degrees of freedom of the seeds, and n counts seeds.

    Raises:
        ValueError: shapes differ, there is one seed, or a seed has no example.
    """
    difference = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    known = np.isfinite(difference)
    n = len(difference)
    if n < 2 or len(folds) != n or not known.any(axis=1).all():
        raise ValueError(f"{difference.shape} differences and {len(folds)} folds do not fit")
    of_seed = Paired(tuple(np.nanmean(difference, axis=1)), tuple(int(fold) for fold in folds))
    per_seed = np.array(of_seed.values)
    # Weighted, and centred on the seed; 0 where a seed lacks the example.
    weights = 1 / (n * known.sum(axis=1, keepdims=True))
    centred = np.where(known, difference - per_seed[:, None], 0.0) * weights
    strata = np.asarray(folds) if of_seed.stratified else np.zeros(n)
    both = sum(_both(centred[strata == own], known[strata == own]) for own in np.unique(strata))
    examples = float((centred.sum(axis=0) ** 2).sum())
    se = (of_seed.se**2 + max(0.0, examples - both)) ** 0.5
    half = t_quantile(0.975, of_seed.df) * se
    return Estimate(n, of_seed.effect, se, of_seed.effect - half, of_seed.effect + half)


def _both(centred: np.ndarray, known: np.ndarray) -> float:
    """What seeds and examples hold together, of one fold: the noise of single predictions."""
    count = known.sum(axis=0)
    several = count > 1
    own, has = centred[:, several], known[:, several]
    left = np.where(has, own - own.sum(axis=0) / count[several], 0.0)
    return float((left**2 * (count / np.maximum(count - 1, 1))[several]).sum())
