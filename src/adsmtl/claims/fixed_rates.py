"""C3, C7 and C8: fixed rates, and the choice among them on validation data."""

import pandas as pd

from adsmtl.analysis import luck, measures
from adsmtl.claims.claim import Aside, Claim, Part, Tasks, aside
from adsmtl.claims.evidence import Evidence, NotRun
from adsmtl.claims.outcome import ACCURACY, GAP, POINTS, Outcome
from adsmtl.claims.verdicts import Kind
from adsmtl.claims.wanted import FIXED, GRID, MAIN, NO_DROPOUT, fixed, with_each_alone

OTHER = "chosen on the validation data of other seeds"
_LOW, _HIGH = 0.1, 0.3  # rates of the interaction


def _over_none(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    dropped = sum(evidence.mean(fixed(rate), outcome, tasks) for rate in GRID) / len(GRID)
    return dropped - evidence.mean(NO_DROPOUT, outcome, tasks)


def _at_chosen_rate(evidence: Evidence) -> list[Aside]:
    chosen = evidence.chosen(FIXED)
    return [
        aside(
            evidence,
            f"{outcome.name}: fixed rate {OTHER} minus no dropout",
            evidence.mean(chosen, outcome) - evidence.mean(NO_DROPOUT, outcome),
            outcome.unit,
        )
        for outcome in (ACCURACY, GAP)
    ]


def _by_rate(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.DataFrame:
    """An outcome as a row per seed that has all rates, and a column per rate."""
    arms = evidence.find(FIXED)
    return pd.DataFrame({arm: evidence.mean(arm, outcome, tasks) for arm in arms}).dropna()


def _chosen_arm(evidence: Evidence, choice: measures.Choice) -> pd.Series:
    """The arm of the chosen rate by seed."""
    rows = evidence.trial_rows(FIXED)
    arms = rows.drop_duplicates("tunable").set_index("tunable")["arm"]
    return choice(measures.seen(rows)).map(arms)


def _at_choice(tested: pd.DataFrame, chosen: pd.Series) -> pd.Series:
    """The entry of every seed's chosen column."""
    chosen = chosen[chosen.index.isin(tested.index)]
    values = [tested.loc[seed, arm] for seed, arm in chosen.items()]
    return pd.Series(values, index=chosen.index, dtype=float)


def _regret_saved(
    evidence: Evidence, outcome: Outcome, tasks: Tasks, choice: measures.Choice = measures.choose
) -> pd.Series:
    # Both regrets are against the best rate of the seed, which cancels.
    tested = _by_rate(evidence, outcome, tasks)
    if tested.shape[1] < 2:
        raise NotRun("no choice among rates: only one fixed rate was trained")
    return _at_choice(tested, _chosen_arm(evidence, choice)) - tested.mean(axis=1)


def _regrets(evidence: Evidence) -> list[Aside]:
    tested = _by_rate(evidence, ACCURACY, MAIN)
    best = tested.max(axis=1)
    own = _at_choice(tested, _chosen_arm(evidence, measures.choose))
    other = _regret_saved(evidence, ACCURACY, MAIN, measures.choose_on_other_seeds)
    lucky = luck.best_of_four(evidence.trial_rows(FIXED))
    return [
        aside(evidence, f"regret of a random rate minus regret of the rate {OTHER}", other),
        aside(evidence, "regret of the rate chosen on the own seed's validation data", best - own),
        aside(evidence, "regret of a rate drawn at random", best - tested.mean(axis=1)),
        Aside(
            "best of four runs at one rate, chosen on validation, minus their mean: luck alone, and"
            " less than all of it, since what the rates of a seed have in common is left out;"
            " n counts blocks of four seeds",
            POINTS,
            *(None if one is None else 100 * one for one in (lucky.mean, lucky.low, lucky.high)),
            lucky.n,
        )
        if lucky
        else Aside("best of four runs at one rate: no block of four seeds", POINTS, None),
    ]


def _interaction(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    high, low = fixed(_HIGH), fixed(_LOW)
    together = evidence.mean(high, outcome, tasks) - evidence.mean(low, outcome, tasks)
    return together - evidence.single(high, outcome, tasks) + evidence.single(low, outcome, tasks)


def _over_tasks(evidence: Evidence) -> list[Aside]:
    name = "the same interaction, mean over tasks"
    return [aside(evidence, name, _interaction(evidence, ACCURACY, MAIN))]


REGULARISES = Claim(
    id="C3",
    claim="Dropout reduces overfitting and improves generalisation of the multi-task model.",
    experiment=(
        "Multi-task training with a fixed rate against none, averaged over the rates 0.1, 0.2 and"
        " 0.3: mean test accuracy over the tasks, and the gap between training and test accuracy."
    ),
    needs=(NO_DROPOUT, *map(fixed, GRID)),
    parts=(
        Part("test accuracy with a fixed rate minus without dropout, mean over rates", _over_none),
        Part(
            "train-test gap without dropout minus with a fixed rate, mean over rates",
            _over_none,
            outcome=GAP,
        ),
    ),
    asides=_at_chosen_rate,
)

CHOICE_WORKS = Claim(
    id="C7",
    claim="Validation data can choose the dropout rate.",
    experiment=(
        "Regret, the mean test accuracy of the best of the fixed rates at the same seed minus that"
        " of the rate that the seed's own validation data choose, compared with the expected"
        " regret of a rate drawn at random."
    ),
    needs=(FIXED,),
    parts=(
        Part(
            "regret of a rate drawn at random minus regret of the rate chosen on validation",
            _regret_saved,
        ),
    ),
    asides=_regrets,
)


def _part_of(task: str) -> Part:
    comparison = (
        f"{task}: effect of rate {_HIGH:g} against {_LOW:g} in multi-task minus in single-task"
        " training"
    )
    return Part(comparison, _interaction, tasks=(task,), kind=Kind.DIFFERENT)


OWN_STRATEGY = Claim(
    id="C8",
    claim="Dropout in multi-task learning needs a strategy of its own.",
    experiment=(
        "Interaction of training with rate: what a fixed rate of 0.3 changes against 0.1 in"
        " multi-task training, minus the same when the task is trained alone. A difference in"
        " either direction, on both tasks, favours the claim."
    ),
    needs=tuple(arm for rate in (_LOW, _HIGH) for arm in with_each_alone(fixed(rate))),
    parts=tuple(map(_part_of, MAIN)),
    asides=_over_tasks,
)
