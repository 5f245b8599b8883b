"""C4 and C5: the adaptive strategy against fixed rates and against its controls."""

from functools import partial

import numpy as np
import pandas as pd

from adsmtl.claims.claim import Aside, Claim, Part, Tasks, aside
from adsmtl.claims.evidence import Evidence
from adsmtl.claims.outcome import ACCURACY, NLL, Outcome
from adsmtl.claims.wanted import (
    ADSMTL,
    ADSMTL_TRIALS,
    GRID,
    MAIN,
    PER_TASK,
    Wanted,
    adsmtl,
    fixed,
)

# role of a control: what it takes away from the strategy
CONTROLS = {
    "borrowed": "the rates of another seed, so without feedback from the run itself",
    "swapped": "its rates, exchanged between the tasks",
    "matched-mean": "the mean of its rates over time",
    "reversed": "the reversed direction",
}


def _over_fixed(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    differences = [
        evidence.mean(adsmtl(rate), outcome, tasks) - evidence.mean(fixed(rate), outcome, tasks)
        for rate in GRID
    ]
    return sum(differences) / len(differences)


def _over_per_task(evidence: Evidence, outcome: Outcome, tasks: Tasks) -> pd.Series:
    adaptive, per_task = evidence.chosen(ADSMTL_TRIALS), evidence.chosen(PER_TASK)
    evidence.require_equal_budgets(adaptive, per_task)
    return evidence.mean(adaptive, outcome, tasks) - evidence.mean(per_task, outcome, tasks)


def _over_control(evidence: Evidence, outcome: Outcome, tasks: Tasks, control: str) -> pd.Series:
    return evidence.mean(ADSMTL, outcome, tasks) - evidence.mean(Wanted(control), outcome, tasks)


def harder_first(evidence: Evidence) -> tuple[str, ...]:
    """The main tasks, hardest first.

    The harder task has the larger difficulty on validation data, loss over ln(number of classes)
    with all units on, as the mean over all epochs and seeds of ADSMTL with p0 0.2.
    """
    arms = evidence.find(ADSMTL)
    epochs = evidence.history[evidence.history["arm"].isin(arms)]
    losses = epochs.groupby("task")["val_loss"].mean()
    classes = evidence.final[evidence.final["arm"].isin(arms)].groupby("task")["classes"].first()
    difficulty = losses / np.log(classes.astype(float))
    return tuple(sorted(MAIN, key=lambda task: difficulty[task], reverse=True))


def _on_harder_task(evidence: Evidence) -> list[Aside]:
    harder, easier = harder_first(evidence)
    found = []
    for control in CONTROLS:
        for outcome in (ACCURACY, NLL):
            on_task = {task: _over_control(evidence, outcome, (task,), control) for task in MAIN}
            name = (
                f"ADSMTL minus {control}, {outcome.name}: effect on the harder task ({harder})"
                f" minus on {easier}"
            )
            found.append(aside(evidence, name, on_task[harder] - on_task[easier], outcome.unit))
    return found


BEATS_FIXED = Claim(
    id="C4",
    claim="ADSMTL generalises better than a fixed dropout rate.",
    experiment=(
        "ADSMTL against a fixed rate equal to its p0, averaged over 0.1, 0.2 and 0.3; and against"
        " the best fixed rate per task, both chosen on validation data among equally many trials;"
        " mean test accuracy over the tasks."
    ),
    needs=(ADSMTL_TRIALS, *map(adsmtl, GRID), *map(fixed, GRID), PER_TASK),
    parts=(
        Part("ADSMTL minus fixed at the same rate, mean over p0 0.1, 0.2 and 0.3", _over_fixed),
        Part(
            "ADSMTL minus the best fixed rate per task, both chosen on validation", _over_per_task
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
        "ADSMTL (p0 0.2) against four controls that keep part of what its rates did and break the"
        " rest, without tuning on any side; mean test accuracy over the tasks."
    ),
    needs=(ADSMTL, *map(Wanted, CONTROLS)),
    parts=tuple(
        Part(f"ADSMTL minus {control} ({what})", partial(_over_control, control=control))
        for control, what in CONTROLS.items()
    ),
    asides=_on_harder_task,
)
