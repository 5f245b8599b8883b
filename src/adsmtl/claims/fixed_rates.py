"""C3, C7 and C8: fixed rates, and the choice among them on validation data."""

from functools import partial

import pandas as pd

from adsmtl.analysis import measures
from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import MAIN, Study

RATES = ("0.1", "0.2", "0.3", "0.5")
FIXED = tuple(f"fixed-{rate}" for rate in RATES)
SINGLE_FIXED = tuple(f"single-{task}-{arm}" for task in MAIN for arm in FIXED)
OWN = "chosen on the own seed's validation data, which favours lucky runs"
_VALIDATION = ["seed", "task", "tunable", "val_accuracy"]


def _gain(study: Study) -> pd.Series:
    return 100 * (study.mean(measures.CHOSEN_ARM) - study.mean("none"))


def _gap_closed(study: Study) -> pd.Series:
    return 100 * (study.mean("none", "gap") - study.mean(measures.CHOSEN_ARM, "gap"))


def _by_rate(study: Study) -> pd.DataFrame:
    """Mean test accuracy in percent: a row per seed that has a choice, a column per rate."""
    tested = pd.DataFrame({arm: 100 * study.mean(arm) for arm in FIXED})
    return tested.loc[study.mean(measures.CHOSEN_ARM).index]


def _regret_of_choice(study: Study) -> pd.Series:
    return _by_rate(study).max(axis=1) - 100 * study.mean(measures.CHOSEN_ARM)


def _regret_at_random(study: Study) -> pd.Series:
    tested = _by_rate(study)
    return tested.max(axis=1) - tested.mean(axis=1)


def _regret_saved(study: Study) -> pd.Series:
    return _regret_at_random(study) - _regret_of_choice(study)


def _regrets(study: Study) -> list[Beside]:
    return [
        beside("regret of the rate chosen on validation", _regret_of_choice(study)),
        beside("regret of a rate drawn at random", _regret_at_random(study)),
        beside(
            f"regret of the rate {OWN}",
            _by_rate(study).max(axis=1) - 100 * chosen_on_own_seed(study, "fixed"),
        ),
    ]


def chosen_on_own_seed(study: Study, family: str, column: str = "test_accuracy") -> pd.Series:
    """A column of `final` by seed, mean over tasks, for the trial that the seed itself chooses."""
    rows = measures.trials(study.final, family)
    tunable = measures.choose(rows[_VALIDATION])
    return rows[rows["tunable"] == rows["seed"].map(tunable)].groupby("seed")[column].mean()


def _with_luck(study: Study) -> list[Beside]:
    gap = chosen_on_own_seed(study, "fixed", "gap")
    return [
        beside(
            f"test accuracy gained, {OWN}",
            100 * (chosen_on_own_seed(study, "fixed") - study.mean("none")),
        ),
        beside(f"train-test gap closed, {OWN}", 100 * (study.mean("none", "gap") - gap)),
    ]


def chosen_rate(study: Study, task: str, family: str, choice: measures.Choice) -> pd.Series:
    """By seed, the rate of `family` that the validation data of one task alone choose."""
    rows = measures.trials(study.final, family)
    return choice(rows.loc[rows["task"] == task, _VALIDATION])


def _own_choice_gain(study: Study, task: str, choice: measures.Choice) -> pd.Series:
    """Multi-task accuracy at the rate chosen in multi-task training, minus at single-task's."""
    rows = measures.trials(study.final, "fixed")
    rows = rows[rows["task"] == task]
    tested = rows.set_index(["seed", "tunable"])["test_accuracy"]
    chosen = pd.DataFrame(
        {
            "multi": chosen_rate(study, task, "fixed", choice),
            "single": chosen_rate(study, task, f"single-{task}-fixed", choice),
        }
    ).dropna()
    at = {
        name: tested.reindex(pd.MultiIndex.from_arrays([rates.index, rates])).to_numpy()
        for name, rates in chosen.items()
    }
    return pd.Series(100 * (at["multi"] - at["single"]), index=chosen.index)


def _own_choice(study: Study, choice: measures.Choice | None = None) -> pd.Series:
    choice = choice or study.choice
    return sum(_own_choice_gain(study, task, choice) for task in MAIN) / len(MAIN)


def _chosen_rates(study: Study) -> list[Beside]:
    multi = {task: chosen_rate(study, task, "fixed", study.choice) for task in MAIN}
    single = {task: chosen_rate(study, task, f"single-{task}-fixed", study.choice) for task in MAIN}
    first, second = MAIN
    rate = partial(beside, unit="dropout rate")
    return [
        beside(f"accuracy gained, {OWN}", _own_choice(study, measures.choose)),
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
    arms=("none", *FIXED),
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
    arms=FIXED,
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
    arms=(*FIXED, *SINGLE_FIXED),
    parts=(
        Part(
            "multi-task accuracy at the rate chosen in multi-task training minus at the rate"
            " chosen in single-task training",
            _own_choice,
        ),
    ),
    beside=_chosen_rates,
)
