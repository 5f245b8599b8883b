"""C3, C7 and C8: fixed rates, and the choice among them on validation data."""

from functools import partial

import pandas as pd

from adsmtl.analysis import measures
from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import Evidence
from adsmtl.claims.wanted import FIXED, MAIN, NO_DROPOUT, Wanted

OWN = "chosen on the own seed's validation data, which favours lucky runs"
_VALIDATION = ["seed", "task", "tunable", "val_accuracy"]


def _gain(evidence: Evidence) -> pd.Series:
    return 100 * (evidence.mean(evidence.chosen(FIXED)) - evidence.mean(NO_DROPOUT))


def _gap_closed(evidence: Evidence) -> pd.Series:
    return 100 * (evidence.mean(NO_DROPOUT, "gap") - evidence.mean(evidence.chosen(FIXED), "gap"))


def _by_rate(evidence: Evidence) -> pd.DataFrame:
    """Mean test accuracy in percent: a row per seed that has a choice, a column per rate."""
    tested = pd.DataFrame({arm: 100 * evidence.mean(arm) for arm in evidence.find(FIXED)})
    return tested.loc[evidence.mean(evidence.chosen(FIXED)).index]


def _regret_of_choice(evidence: Evidence) -> pd.Series:
    return _by_rate(evidence).max(axis=1) - 100 * evidence.mean(evidence.chosen(FIXED))


def _regret_at_random(evidence: Evidence) -> pd.Series:
    tested = _by_rate(evidence)
    return tested.max(axis=1) - tested.mean(axis=1)


def _regret_saved(evidence: Evidence) -> pd.Series:
    return _regret_at_random(evidence) - _regret_of_choice(evidence)


def _regrets(evidence: Evidence) -> list[Beside]:
    return [
        beside("regret of the rate chosen on validation", _regret_of_choice(evidence)),
        beside("regret of a rate drawn at random", _regret_at_random(evidence)),
        beside(
            f"regret of the rate {OWN}",
            _by_rate(evidence).max(axis=1) - 100 * chosen_on_own_seed(evidence, FIXED),
        ),
    ]


def chosen_on_own_seed(
    evidence: Evidence, wanted: Wanted, column: str = "test_accuracy"
) -> pd.Series:
    """A column of `final` by seed, mean over tasks, for the trial that the seed itself chooses."""
    rows = evidence.trial_rows(wanted)
    tunable = measures.choose(rows[_VALIDATION])
    return rows[rows["tunable"] == rows["seed"].map(tunable)].groupby("seed")[column].mean()


def _with_luck(evidence: Evidence) -> list[Beside]:
    gap = chosen_on_own_seed(evidence, FIXED, "gap")
    return [
        beside(
            f"test accuracy gained, {OWN}",
            100 * (chosen_on_own_seed(evidence, FIXED) - evidence.mean(NO_DROPOUT)),
        ),
        beside(f"train-test gap closed, {OWN}", 100 * (evidence.mean(NO_DROPOUT, "gap") - gap)),
    ]


def chosen_rate(
    evidence: Evidence, task: str, wanted: Wanted, choice: measures.Choice
) -> pd.Series:
    """By seed, the rate that the validation data of one task alone choose."""
    rows = evidence.trial_rows(wanted)
    return choice(rows.loc[rows["task"] == task, _VALIDATION])


def _own_choice_gain(evidence: Evidence, task: str, choice: measures.Choice) -> pd.Series:
    """Multi-task accuracy at the rate chosen in multi-task training, minus at single-task's."""
    rows = evidence.trial_rows(FIXED)
    rows = rows[rows["task"] == task]
    tested = rows.set_index(["seed", "tunable"])["test_accuracy"]
    chosen = pd.DataFrame(
        {
            "multi": chosen_rate(evidence, task, FIXED, choice),
            "single": chosen_rate(evidence, task, FIXED.alone(task), choice),
        }
    ).dropna()
    at = {
        name: tested.reindex(pd.MultiIndex.from_arrays([rates.index, rates])).to_numpy()
        for name, rates in chosen.items()
    }
    return pd.Series(100 * (at["multi"] - at["single"]), index=chosen.index)


def _own_choice(evidence: Evidence, choice: measures.Choice | None = None) -> pd.Series:
    choice = choice or evidence.choice
    return sum(_own_choice_gain(evidence, task, choice) for task in MAIN) / len(MAIN)


def _chosen_rates(evidence: Evidence) -> list[Beside]:
    multi = {task: chosen_rate(evidence, task, FIXED, evidence.choice) for task in MAIN}
    single = {
        task: chosen_rate(evidence, task, FIXED.alone(task), evidence.choice) for task in MAIN
    }
    first, second = MAIN
    rate = partial(beside, unit="dropout rate")
    return [
        beside(f"accuracy gained, {OWN}", _own_choice(evidence, measures.choose)),
        *(rate(f"chosen rate of {task} in multi-task training", multi[task]) for task in MAIN),
        *(rate(f"chosen rate of {task} in single-task training", single[task]) for task in MAIN),
        *(
            rate(f"{task}: chosen rate in multi- minus single-task training", multi[task] - own)
            for task, own in single.items()
        ),
        rate(
            f"multi-task training: chosen rate of {first} minus {second}",
            multi[first] - multi[second],
        ),
        rate(
            f"single-task training: chosen rate of {first} minus {second}",
            single[first] - single[second],
        ),
    ]


REGULARISES = Claim(
    id="C3",
    claim="Dropout reduces overfitting and improves generalisation of the multi-task model.",
    experiment=(
        "Multi-task training with the fixed rate that validation data choose, against none:"
        " mean test accuracy over the tasks, and the gap between training and test accuracy."
    ),
    needs=(NO_DROPOUT, FIXED),
    parts=(
        Part("test accuracy with the fixed rate chosen on validation minus without dropout", _gain),
        Part(
            "train-test gap without dropout minus with the fixed rate chosen on validation",
            _gap_closed,
        ),
    ),
    beside=_with_luck,
)

CHOICE_WORKS = Claim(
    id="C7",
    claim="Validation data can choose the dropout rate.",
    experiment=(
        "Regret, the mean test accuracy of the best of four fixed rates at the same seed minus"
        " that of the rate that validation data choose, compared with the expected regret of a"
        " rate drawn at random."
    ),
    needs=(FIXED,),
    parts=(
        Part(
            "regret of a rate drawn at random minus regret of the rate chosen on validation",
            _regret_saved,
        ),
    ),
    beside=_regrets,
)

OWN_STRATEGY = Claim(
    id="C8",
    claim="Dropout in multi-task learning needs a strategy of its own.",
    experiment=(
        "Accuracy of multi-task training at the fixed rate that its own validation data choose"
        " for a task, against the rate chosen when the task is trained alone; mean over tasks."
    ),
    needs=(FIXED, *(FIXED.alone(task) for task in MAIN)),
    parts=(
        Part(
            "multi-task accuracy at the rate chosen in multi-task training minus at the rate"
            " chosen in single-task training",
            _own_choice,
        ),
    ),
    beside=_chosen_rates,
)
