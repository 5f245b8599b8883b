"""The Bayes factor of a mean difference against none."""

from functools import lru_cache

import numpy as np

WIDTH = 2**0.5 / 2  # scale of the Cauchy prior on the standardised effect


@lru_cache(maxsize=1024)
def jzs(t: float, n: int, df: int, width: float = WIDTH) -> float:
    """Odds of the data under an effect against no effect (Rouder and others 2009, eq. 1).

    The prior of the effect in units of the sd is Cauchy with scale `width`; that of the sd is
    Jeffreys's. More than 1 favours an effect; 3 and 1/3 are customary limits of "some" evidence.

    Args:
        t: mean over standard error.
        n: numbers averaged.
        df: degrees of freedom of the standard error.
    """
    from scipy import integrate

    def weighted(log_g: float) -> float:
        # In logarithms, because a large t makes the ratio overflow.
        g = np.exp(log_g)
        scale = 1 + n * g * width**2
        likelihood = -np.log(scale) / 2 - (df + 1) / 2 * (
            np.log1p(t**2 / (scale * df)) - np.log1p(t**2 / df)
        )
        prior = -(np.log(2 * np.pi) + log_g + 1 / g) / 2  # of g, times g for its logarithm
        return float(np.exp(likelihood + prior))

    return float(integrate.quad(weighted, -12, 60, limit=400)[0])
