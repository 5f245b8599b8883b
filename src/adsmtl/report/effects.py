"""The claims' effects on each task and in each fold, from the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adsmtl.claims.outcome import ACCURACY, NLL
from adsmtl.claims.wanted import MAIN
from adsmtl.tables import numbers
from adsmtl.tables.render import TextTable

Row = Mapping[str, Any]  # of `claims.json`


def by_task(rows: Sequence[Row]) -> TextTable | None:
    """Every part that is a mean over tasks, on each of them; None where there is none."""
    outcomes = [(outcome, task) for outcome in (ACCURACY, NLL) for task in MAIN]
    cells = []
    for row, part in _parts(rows):
        beside = {one["name"]: one for one in row["beside"]}
        names = [f"{part['comparison']}: {outcome.name} on {task}" for outcome, task in outcomes]
        if all(name in beside for name in names):
            values = [beside[name] for name in names]
            shown = [numbers.estimate(v["value"], v["ci_low"], v["ci_high"]) for v in values]
            cells.append([row["id"], part["comparison"], *shown])
    if not cells:
        return None
    unit = {ACCURACY: "accuracy (pp)", NLL: "NLL (nats)"}
    return TextTable(
        name="effects-by-task",
        caption=(
            "The contrasts of the claims on each task, not tested. Positive numbers favour the"
            " claim: higher accuracy, lower NLL. Opposite signs on two tasks cancel in their mean,"
            " which decides. Brackets hold 95 % t-intervals."
        ),
        columns=["", "Contrast", *(f"{task} {unit[outcome]}" for outcome, task in outcomes)],
        rows=cells,
        left=2,
        wrap=[1],
    )


def by_fold(rows: Sequence[Row]) -> TextTable | None:
    """The mean of every part over the seeds of a fold; None where there are no two folds."""
    parts = [(row, part) for row, part in _parts(rows) if part["values"]]
    folds = sorted({fold for _, part in parts for fold in part["folds"]})
    if len(folds) < 2:
        return None
    return TextTable(
        name="effects-by-fold",
        caption=(
            "The contrasts of the claims in each fold: means over its seeds. Folds differ in the"
            " speakers that are tested. The last column takes the means of the folds as the unit,"
            " as if other speakers had been drawn; its 95 % interval is wide, because the folds"
            " are few."
        ),
        columns=["", "Contrast", "Unit", *(f"fold {fold}" for fold in folds), "over folds"],
        rows=[
            [
                *(row["id"], part["comparison"], part["unit"]),
                *(numbers.estimate(_mean(part, fold)) for fold in folds),
                numbers.interval(part["fold_low"], part["fold_high"]) or numbers.MISSING,
            ]
            for row, part in parts
        ],
        left=3,
        wrap=[1],
    )


def _parts(rows: Sequence[Row]) -> Iterator[tuple[Row, Mapping[str, Any]]]:
    return ((row, part) for row in rows for part in row["parts"])


def _mean(part: Mapping[str, Any], fold: int) -> float | None:
    own = [v for v, of in zip(part["values"], part["folds"], strict=True) if of == fold]
    return sum(own) / len(own) if own else None
