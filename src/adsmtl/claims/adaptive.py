"""C4 and C5: the adaptive strategy against fixed rates and against its controls."""

from functools import partial

import pandas as pd

from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import Evidence
from adsmtl.claims.wanted import ADSMTL, ADSMTL_TRIALS, FIXED, MAIN, Wanted

# role of a control: what it takes away from the strategy
CONTROLS = {
    "yoked": "the mean of its rates over tasks",
    "swapped": "its rates, exchanged between the tasks",
    "matched-mean": "the mean of its rates over time",
    "reversed": "the reversed direction",
}


def _over_fixed(evidence: Evidence) -> pd.Series:
    adaptive, fixed = evidence.chosen(ADSMTL_TRIALS), evidence.chosen(FIXED)
    evidence.require_equal_budgets(adaptive, fixed)
    return 100 * (evidence.mean(adaptive) - evidence.mean(fixed))


def _over_control(evidence: Evidence, control: str) -> pd.Series:
    return 100 * (evidence.mean(ADSMTL) - evidence.mean(Wanted(control)))


def harder_first(evidence: Evidence) -> tuple[str, ...]:
    """The main tasks, hardest first.

    The harder task has the larger smoothed difficulty in the last epoch of `adsmtl`, at most
    seeds; where seeds are divided equally, on average over them.
    """
    history = evidence.history[evidence.history["arm"].isin(evidence.find(ADSMTL))]
    last = history[history["epoch"] == history.groupby("seed")["epoch"].transform("max")]
    difficulty = last.pivot_table("smoothed", "seed", "task")[list(MAIN)]
    votes = difficulty.idxmax(axis=1).value_counts()
    return tuple(
        sorted(MAIN, key=lambda task: (votes.get(task, 0), difficulty[task].mean()), reverse=True)
    )


def _on_harder_task(evidence: Evidence) -> list[Beside]:
    harder, easier = harder_first(evidence)
    found = []
    for control in CONTROLS:
        on_task = {
            task: 100 * (evidence.score(ADSMTL, task) - evidence.score(Wanted(control), task))
            for task in MAIN
        }
        name = f"ADSMTL minus {control}: effect on the harder task ({harder}) minus on {easier}"
        found.append(beside(name, on_task[harder] - on_task[easier]))
    return found


BEATS_FIXED = Claim(
    id="C4",
    claim="ADSMTL generalises better than a fixed dropout rate.",
    experiment=(
        "ADSMTL with p0, and fixed dropout with its rate, chosen on validation data among"
        " equally many trials; mean test accuracy over the tasks."
    ),
    needs=(ADSMTL_TRIALS, FIXED),
    parts=(
        Part(
            "ADSMTL minus the fixed rate, both chosen on validation with four trials", _over_fixed
        ),
    ),
)

DIFFICULTY_HELPS = Claim(
    id="C5",
    claim=(
        "Adapting the rate to the difficulty of the task is what helps, most of all on the"
        " harder task."
    ),
    experiment=(
        "ADSMTL against four controls that keep part of what its rates did and break the rest,"
        " without tuning on any side; mean test accuracy over the tasks."
    ),
    needs=(ADSMTL, *map(Wanted, CONTROLS)),
    parts=tuple(
        Part(f"ADSMTL minus {control} ({what})", partial(_over_control, control=control))
        for control, what in CONTROLS.items()
    ),
    beside=_on_harder_task,
)
