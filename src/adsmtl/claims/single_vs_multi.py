"""C1 and C2: multi-task against single-task training."""

from dataclasses import replace

import numpy as np
import pandas as pd

from adsmtl.claims.claim import Aside, Claim, Part, Tasks, aside
from adsmtl.claims.evidence import Evidence
from adsmtl.claims.outcome import ACCURACY, Outcome
from adsmtl.claims.wanted import FIXED, GRID, MAIN, NO_DROPOUT, Wanted, fixed, with_each_alone

SHARES = (0.1, 0.25, 0.5, 1.0)  # of the training data
_LOG_SHARES = np.log(SHARES)


def _gain(evidence: Evidence, wanted: Wanted, outcome: Outcome, tasks: Tasks) -> pd.Series:
    """Multi- minus single-task training, both as `wanted`."""
    return evidence.mean(wanted, outcome, tasks) - evidence.single(wanted, outcome, tasks)


def _without_dropout(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    return _gain(evidence, NO_DROPOUT, outcome, tasks)


def _at_equal_rates(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    arms = (NO_DROPOUT, *map(fixed, GRID))
    return sum(_gain(evidence, arm, outcome, tasks) for arm in arms) / len(arms)


def _with_chosen_rates(evidence: Evidence) -> list[Aside]:
    multi = evidence.chosen(FIXED)
    evidence.require_equal_budgets(multi, *(evidence.chosen(FIXED.alone(task)) for task in MAIN))
    values = evidence.mean(multi, ACCURACY) - evidence.single(FIXED, ACCURACY)
    name = "multi-task minus single-task training, both at the fixed rate chosen on validation"
    return [aside(evidence, name, values)]


def _of(share: float) -> Wanted:
    return replace(NO_DROPOUT, share=share)


def _differences(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.DataFrame:
    """Multi- minus single-task training: a row per seed, a column per share."""
    return pd.DataFrame(
        {share: _gain(evidence, _of(share), outcome, tasks) for share in SHARES}
    ).dropna()


def _area(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    differences = _differences(evidence, outcome, tasks)
    area = np.trapezoid(differences.to_numpy(dtype=float), _LOG_SHARES, axis=1)
    return pd.Series(area / np.ptp(_LOG_SHARES), index=differences.index)


def _curve(evidence: Evidence) -> list[Aside]:
    differences = _differences(evidence, ACCURACY, MAIN)
    found = [
        aside(
            evidence,
            f"multi-task minus single-task training with {100 * share:g} % of the data",
            values,
        )
        for share, values in differences.items()
    ]
    seeds = differences.index
    multi = [evidence.mean(_of(share), ACCURACY)[seeds].mean() for share in SHARES]
    share = share_that_reaches(multi, evidence.single(NO_DROPOUT, ACCURACY)[seeds].mean())
    name = "data with which multi-task training reaches single-task accuracy on all data"
    percent = None if share is None else 100 * share
    return [*found, Aside(name, "percent of the training data", percent)]


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
        "The same network trained on both tasks together and on each alone: without dropout,"
        " and at equal fixed rates, averaged over the rates 0, 0.1, 0.2 and 0.3; mean test"
        " accuracy over the tasks."
    ),
    needs=(*with_each_alone(NO_DROPOUT), *(arm for p in GRID for arm in with_each_alone(fixed(p)))),
    parts=(
        Part("multi-task minus single-task training, both without dropout", _without_dropout),
        Part(
            "multi-task minus single-task training at equal rates, mean over 0, 0.1, 0.2 and 0.3",
            _at_equal_rates,
        ),
    ),
    asides=_with_chosen_rates,
)

NEEDS_LESS_DATA = Claim(
    id="C2",
    claim="Multi-task learning needs less training data.",
    experiment=(
        "Learning curves of multi- and single-task training without dropout at 10, 25, 50 and"
        " 100 % of the training data: the area between them over the logarithm of the share,"
        " divided by its range."
    ),
    needs=tuple(wanted for share in SHARES for wanted in with_each_alone(_of(share))),
    parts=(Part("multi-task minus single-task training, averaged over the learning curve", _area),),
    asides=_curve,
)
