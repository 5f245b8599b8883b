"""C10: the penalty of the objective."""

import numpy as np
import pandas as pd

from adsmtl.analysis.luck import mean_of_others
from adsmtl.claims.claim import Claim, Part, Tasks
from adsmtl.claims.evidence import Evidence
from adsmtl.claims.outcome import ACCURACY_LAST3, NLL, PERCENT, Outcome
from adsmtl.claims.wanted import MAIN, NO_DROPOUT, PENALTY, Wanted, with_each_alone


def _gain(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    chosen = evidence.mean(evidence.chosen(PENALTY), outcome, tasks)
    return chosen - evidence.mean(NO_DROPOUT, outcome, tasks)


def _imbalance(evidence: Evidence, outcome: Outcome, tasks: Tasks, arm: Wanted | str) -> pd.Series:
    """The first task's relative change against training alone minus the second's, in percent.

    Positive where the first task gains more. The changes are the terms that delta_m averages.
    """
    first, second = (
        100
        * (
            evidence.score(arm, outcome, task)
            - evidence.score(NO_DROPOUT.alone(task), outcome, task)
        )
        / evidence.score(NO_DROPOUT.alone(task), outcome, task).abs()
        for task in tasks
    )
    return first - second


def _balance(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    """How much nearer to 0 the penalty brings the imbalance.

        sign_s · (I_s without - I_s with the penalty)

    The absolute value |I| of a noisy I is too large, and more so the noisier the arm. Here the
    sign comes from the other seeds, from the mean imbalance of both arms, so it is blind to the
    noise of the seed and favours neither arm.
    """
    without = _imbalance(evidence, outcome, tasks, NO_DROPOUT)
    penalised = _imbalance(evidence, outcome, tasks, evidence.chosen(PENALTY))
    return np.sign(mean_of_others((without + penalised).dropna())) * (without - penalised)


BALANCES = Claim(
    id="C10",
    claim="The objective with its penalty, sum of the losses + lambda R, balances the tasks.",
    experiment=(
        "Multi-task training with lambda chosen among 0, 1e-5, 1e-4 and 1e-3 on the validation"
        " data of other seeds, against lambda 0: mean test accuracy over the tasks, and how"
        " unequally the tasks change against single-task training."
    ),
    needs=(PENALTY, *with_each_alone(NO_DROPOUT)),
    parts=(
        Part("test accuracy with lambda chosen on validation minus with lambda 0", _gain),
        Part(
            "imbalance of the tasks with lambda 0 minus with lambda chosen on validation",
            _balance,
            unit=PERCENT,
            also=((ACCURACY_LAST3, MAIN), (NLL, MAIN)),
        ),
    ),
)
