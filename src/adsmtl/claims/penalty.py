"""C10: the penalty of the objective."""

import pandas as pd

from adsmtl.analysis.measures import chosen_arm
from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import MAIN, Study
from adsmtl.claims.fixed_rates import OWN, chosen_on_own_seed

CHOSEN = chosen_arm("l2")


def _gain(study: Study) -> pd.Series:
    return 100 * (study.mean(CHOSEN) - study.mean("none"))


def _with_luck(study: Study) -> list[Beside]:
    gain = 100 * (chosen_on_own_seed(study, "l2") - study.mean("none"))
    return [beside(f"test accuracy gained, {OWN}", gain)]


def _imbalance(study: Study, arm: str) -> pd.Series:
    """Distance between the tasks' relative changes in accuracy against training alone, in percent.

    The changes are the terms that delta_m averages.
    """
    first, second = (
        100 * (study.score(arm, task) / study.score(f"single-{task}-none", task) - 1)
        for task in MAIN
    )
    return (first - second).abs()


def _balance(study: Study) -> pd.Series:
    return _imbalance(study, "none") - _imbalance(study, CHOSEN)


BALANCES = Claim(
    id="C10",
    claim="The objective with its penalty, sum of the losses + lambda R, balances the tasks.",
    experiment=(
        "Multi-task training with lambda chosen on validation data among 0, 1e-5, 1e-4 and"
        " 1e-3, against lambda 0: mean test accuracy over the tasks, and how unequally the"
        " tasks change against single-task training."
    ),
    arms=("none", "l2-1e-5", "l2-1e-4", "l2-1e-3", "single-vision-none", "single-speech-none"),
    parts=(
        Part("test accuracy with lambda chosen on validation minus with lambda 0", _gain),
        Part(
            "imbalance of the tasks with lambda 0 minus with lambda chosen on validation",
            _balance,
            unit="percent of single-task accuracy",
        ),
    ),
    beside=_with_luck,
)
