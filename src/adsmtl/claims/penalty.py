"""C10: the penalty of the objective."""

import pandas as pd

from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import Evidence
from adsmtl.claims.fixed_rates import OWN, chosen_on_own_seed
from adsmtl.claims.wanted import MAIN, NO_DROPOUT, PENALTY, Wanted


def _gain(evidence: Evidence) -> pd.Series:
    return 100 * (evidence.mean(evidence.chosen(PENALTY)) - evidence.mean(NO_DROPOUT))


def _with_luck(evidence: Evidence) -> list[Beside]:
    gain = 100 * (chosen_on_own_seed(evidence, PENALTY) - evidence.mean(NO_DROPOUT))
    return [beside(f"test accuracy gained, {OWN}", gain)]


def _imbalance(evidence: Evidence, arm: Wanted | str) -> pd.Series:
    """Distance between the tasks' relative changes in accuracy against training alone, in percent.

    The changes are the terms that delta_m averages.
    """
    first, second = (
        100 * (evidence.score(arm, task) / evidence.score(NO_DROPOUT.alone(task), task) - 1)
        for task in MAIN
    )
    return (first - second).abs()


def _balance(evidence: Evidence) -> pd.Series:
    return _imbalance(evidence, NO_DROPOUT) - _imbalance(evidence, evidence.chosen(PENALTY))


BALANCES = Claim(
    id="C10",
    claim="The objective with its penalty, sum of the losses + lambda R, balances the tasks.",
    experiment=(
        "Multi-task training with lambda chosen on validation data among 0, 1e-5, 1e-4 and"
        " 1e-3, against lambda 0: mean test accuracy over the tasks, and how unequally the"
        " tasks change against single-task training."
    ),
    needs=(NO_DROPOUT, PENALTY, *(NO_DROPOUT.alone(task) for task in MAIN)),
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
