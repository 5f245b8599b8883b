"""C1 and C2: multi-task against single-task training."""

import numpy as np
import pandas as pd

from adsmtl.analysis.measures import chosen_arm
from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import MAIN, Study
from adsmtl.claims.fixed_rates import FIXED, SINGLE_FIXED

# share of the training data: multi-task arm, variant of the single-task pair
CURVE = {
    0.1: ("none-10pct", "10pct"),
    0.25: ("none-25pct", "25pct"),
    0.5: ("none-50pct", "50pct"),
    1.0: ("none", "none"),
}
_LOG_SHARES = np.log(list(CURVE))


def _without_dropout(study: Study) -> pd.Series:
    return 100 * (study.mean("none") - study.single("none"))


def _with_chosen_rates(study: Study) -> pd.Series:
    fixed = chosen_arm("fixed")
    study.require_equal_budgets(fixed, *(chosen_arm(f"single-{task}-fixed") for task in MAIN))
    return 100 * (study.mean(fixed) - study.single(chosen_arm("fixed")))


def _differences(study: Study) -> pd.DataFrame:
    """Multi- minus single-task accuracy in points: a row per seed, a column per share."""
    return pd.DataFrame(
        {
            share: 100 * (study.mean(multi) - study.single(single))
            for share, (multi, single) in CURVE.items()
        }
    ).dropna()


def _area(study: Study) -> pd.Series:
    differences = _differences(study)
    area = np.trapezoid(differences.to_numpy(dtype=float), _LOG_SHARES, axis=1)
    return pd.Series(area / np.ptp(_LOG_SHARES), index=differences.index)


def _curve_beside(study: Study) -> list[Beside]:
    differences = _differences(study)
    found = [
        beside(f"multi-task minus single-task training with {100 * share:g} % of the data", values)
        for share, values in differences.items()
    ]
    seeds = differences.index
    multi = [study.mean(arm)[seeds].mean() for arm, _ in CURVE.values()]
    share = share_that_reaches(multi, study.single(CURVE[1.0][1])[seeds].mean())
    name = "data with which multi-task training reaches single-task accuracy on all data"
    percent = None if share is None else 100 * share
    return [*found, Beside(name, "percent of the training data", percent)]


def share_that_reaches(curve: list[float], target: float) -> float | None:
    """Smallest share of the data at which a learning curve reaches an accuracy.

    Args:
        curve: mean accuracy at the shares of `CURVE`; between them it is linear in ln(share).
        target: accuracy to reach, in the same unit.

    Returns:
        The share in [0.1, 1], 0.1 where the curve starts at or above the target, or None
        where it never reaches it.
    """
    if curve[0] >= target:
        return min(CURVE)
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
    arms=("none", "single-vision-none", "single-speech-none", *FIXED, *SINGLE_FIXED),
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
    arms=tuple(
        arm
        for multi, single in CURVE.values()
        for arm in (multi, *(f"single-{task}-{single}" for task in MAIN))
    ),
    parts=(Part("multi-task minus single-task training, averaged over the learning curve", _area),),
    beside=_curve_beside,
)
