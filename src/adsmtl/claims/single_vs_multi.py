"""C1 and C2: multi-task against single-task training."""

from dataclasses import replace

import numpy as np
import pandas as pd

from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import Evidence
from adsmtl.claims.wanted import FIXED, MAIN, NO_DROPOUT, Wanted

SHARES = (0.1, 0.25, 0.5, 1.0)  # of the training data
_LOG_SHARES = np.log(SHARES)


def _without_dropout(evidence: Evidence) -> pd.Series:
    return 100 * (evidence.mean(NO_DROPOUT) - evidence.single(NO_DROPOUT))


def _with_chosen_rates(evidence: Evidence) -> pd.Series:
    fixed = evidence.chosen(FIXED)
    evidence.require_equal_budgets(fixed, *(evidence.chosen(FIXED.alone(task)) for task in MAIN))
    return 100 * (evidence.mean(fixed) - evidence.single(FIXED))


def _of(share: float) -> Wanted:
    return replace(NO_DROPOUT, share=share)


def _with_each_alone(wanted: Wanted) -> tuple[Wanted, ...]:
    return wanted, *(wanted.alone(task) for task in MAIN)


def _differences(evidence: Evidence) -> pd.DataFrame:
    """Multi- minus single-task accuracy in points: a row per seed, a column per share."""
    return pd.DataFrame(
        {share: 100 * (evidence.mean(_of(share)) - evidence.single(_of(share))) for share in SHARES}
    ).dropna()


def _area(evidence: Evidence) -> pd.Series:
    differences = _differences(evidence)
    area = np.trapezoid(differences.to_numpy(dtype=float), _LOG_SHARES, axis=1)
    return pd.Series(area / np.ptp(_LOG_SHARES), index=differences.index)


def _curve_beside(evidence: Evidence) -> list[Beside]:
    differences = _differences(evidence)
    found = [
        beside(f"multi-task minus single-task training with {100 * share:g} % of the data", values)
        for share, values in differences.items()
    ]
    seeds = differences.index
    multi = [evidence.mean(_of(share))[seeds].mean() for share in SHARES]
    share = share_that_reaches(multi, evidence.single(NO_DROPOUT)[seeds].mean())
    name = "data with which multi-task training reaches single-task accuracy on all data"
    percent = None if share is None else 100 * share
    return [*found, Beside(name, "percent of the training data", percent)]


def share_that_reaches(curve: list[float], target: float) -> float | None:
    """Smallest share of the data at which a learning curve reaches an accuracy.

    Args:
        curve: mean accuracy at `SHARES`; between them it is linear in ln(share).
        target: accuracy to reach, in the same unit.

    Returns:
        The share in [0.1, 1], 0.1 where the curve starts at or above the target, or None
        where it never reaches it.
    """
    if curve[0] >= target:
        return SHARES[0]
    for step in range(1, len(curve)):
        if curve[step] >= target:
            return float(
                np.exp(
                    np.interp(target, curve[step - 1 : step + 1], _LOG_SHARES[step - 1 : step + 1])
                )
            )
    return None


GENERALISES = Claim(
    id="C1",
    claim="Multi-task learning generalises better than single-task learning.",
    experiment=(
        "The same network trained on both tasks together and on each alone, both without"
        " dropout and both with the fixed rate that validation data choose; mean test accuracy"
        " over the tasks."
    ),
    needs=(*_with_each_alone(NO_DROPOUT), *_with_each_alone(FIXED)),
    parts=(
        Part("multi-task minus single-task training, both without dropout", _without_dropout),
        Part(
            "multi-task minus single-task training, both with the fixed rate chosen on validation",
            _with_chosen_rates,
        ),
    ),
)

NEEDS_LESS_DATA = Claim(
    id="C2",
    claim="Multi-task learning needs less training data.",
    experiment=(
        "Learning curves of multi- and single-task training without dropout at 10, 25, 50 and"
        " 100 % of the training data: the area between them over the logarithm of the share,"
        " divided by its range."
    ),
    needs=tuple(wanted for share in SHARES for wanted in _with_each_alone(_of(share))),
    parts=(Part("multi-task minus single-task training, averaged over the learning curve", _area),),
    beside=_curve_beside,
)
