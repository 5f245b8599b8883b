"""C6: units dropped at test time."""

from functools import partial

import pandas as pd

from adsmtl.claims import outcome as runs
from adsmtl.claims.claim import Aside, Claim, Part, Tasks, aside
from adsmtl.claims.evidence import Evidence, NotRun
from adsmtl.claims.outcome import NATS, POINTS, Outcome
from adsmtl.claims.verdicts import Kind
from adsmtl.claims.wanted import ADSMTL, MAIN, Wanted, fixed

ARMS = {"fixed 0.2": fixed(0.2), "ADSMTL (p0 0.2)": ADSMTL}
# Columns of the evaluations at test time, less the policy.
ACCURACY = Outcome("accuracy", "test accuracy", POINTS, 100)
NLL = Outcome("loss", "test NLL (a positive number is a lower NLL)", NATS, -1)
ECE = Outcome("ece", "calibration error (a positive number is a smaller error)", POINTS, -100)


def _rows(evidence: Evidence, wanted: Wanted, tasks: Tasks) -> pd.DataFrame:
    """Means over tasks by seed, of seeds that have all of them."""
    (arm,) = evidence.find(wanted)
    own = evidence.test_time
    own = own[own["arm"].eq(arm) & own["task"].isin(tasks)] if len(own) else own
    if len(own):
        by_seed = own.drop(columns=["arm", "task"]).groupby("seed")
        own = by_seed.mean()[by_seed.size() == len(tasks)]
        own = own[own.index.isin(evidence.score(arm, runs.ACCURACY, tasks[0]).index)]
    if own.empty:
        raise NotRun(
            f"no seed of {arm} that has been evaluated with units dropped at test time"
            f" (preset {evidence.preset})"
        )
    return own


def _dropped(evidence: Evidence, outcome: Outcome, tasks: Tasks, wanted: Wanted) -> pd.Series:
    rows = _rows(evidence, wanted, tasks)
    return outcome.factor * (rows[f"{outcome.column}_on"] - rows[f"{outcome.column}_off"])


def _beside(outcome: Outcome) -> tuple[tuple[Outcome, Tasks], ...]:
    each = tuple((outcome, (task,)) for task in MAIN)
    return ((ECE, MAIN), *each) if outcome is ACCURACY else each


def _parts() -> tuple[Part, ...]:
    return tuple(
        Part(
            f"{name}, {outcome.name}: units dropped minus all units on",
            partial(_dropped, wanted=wanted),
            outcome=outcome,
            kind=Kind.NOT_WORSE,
            also=_beside(outcome),
        )
        for name, wanted in ARMS.items()
        for outcome in (ACCURACY, NLL)
    )


def _spread(evidence: Evidence) -> list[Aside]:
    return [
        aside(
            evidence,
            f"{name}: sd of accuracy over repeats with units dropped (0 with all units on)",
            100 * _rows(evidence, wanted, MAIN)["spread"],
        )
        for name, wanted in ARMS.items()
    ]


CONSISTENT = Claim(
    id="C6",
    claim="A fixed dropout rate at test time gives consistent performance.",
    experiment=(
        "Test accuracy and NLL with the probabilities of several passes averaged, in which units"
        " are dropped at one rate (20 passes and 0.2 in the protocol), against one pass with all"
        " units on. Consistent is read as: not worse by the smallest effect of"
        " interest or more. The test of no effect is replaced by one of exactly that loss, so the"
        " second family has no part in it."
    ),
    needs=tuple(ARMS.values()),
    parts=_parts(),
    asides=_spread,
)
