"""The claims' effects on each task and in each fold, from the ledger."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from adsmtl.claims.dropout_at_test import CONSISTENT
from adsmtl.claims.outcome import ACCURACY, NLL, Outcome
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
            shown = [_estimate(beside[name]) for name in names]
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


def on_examples(
    rows: Sequence[Row], some: Sequence[Row], task: str, examples: range, source: str
) -> TextTable:
    """Every part that has numbers on one task: from all test examples, and from some of them.

    Args:
        rows: of `claims.json`.
        some: the same of `collected.examples.restricted`.
        task: one of `wanted.MAIN`.
        examples: their numbers.
        source: the sentence that ends the caption.
    """
    cells, lacking = [], []
    for row, part in _parts(rows):
        (own,) = [own for own in some if own["id"] == row["id"]]
        (again,) = [o for o in own["parts"] if o["comparison"] == part["comparison"]]
        pairs = [
            (_on(row, part, outcome, task), _on(own, again, outcome, task))
            for outcome in (ACCURACY, NLL)
        ]
        if None not in pairs[0] and row["id"] != CONSISTENT.id:
            shown = [numbers.MISSING if one is None else one for pair in pairs for one in pair]
            cells.append([row["id"], part["comparison"], str(part["n"]), *shown])
        elif task in (part["tasks"] or [task]):
            lacking.append(f"{row['id']} ({part['comparison']})")
    these = f"{examples.start}\N{EN DASH}{examples.stop - 1}"
    undirected = any(cell[0] == "C8" for cell in cells)
    notes = ["C8 names no direction, so its sign favours nothing."] if undirected else []
    if lacking:
        notes.append(
            "Not shown, because they rest on more than a task's stored predictions:"
            f" {'; '.join(lacking)}."
        )
    return TextTable(
        name="effects-on-examples",
        caption=(
            f"The contrasts of the claims on {task}, on all test examples and on those numbered"
            f" {these} alone, not tested. Positive numbers favour the claim: higher accuracy, lower"
            " NLL. Brackets hold 95 % t-intervals over seeds, with standard errors within folds;"
            f" that other examples could have been taken is not in them. {source}"
        ),
        columns=[
            *("", "Contrast", "n", "accuracy (pp), all", f"accuracy (pp), {these}"),
            *("NLL (nats), all", f"NLL (nats), {these}"),
        ],
        rows=cells,
        notes=notes if cells else [f"No contrast of the claims has outcomes on {task}."],
        left=2,
        wrap=[1],
    )


def _on(row: Row, part: Mapping[str, Any], outcome: Outcome, task: str) -> str | None:
    """A part's outcome on a task; None where it has none."""
    name = f"{part['comparison']}: {outcome.name} on {task}"
    for one in row["beside"]:
        if one["name"] == name:
            return _estimate(one)
    if part["tasks"] == [task] and outcome is ACCURACY and part["unit"] == ACCURACY.unit:
        return numbers.estimate(part["effect"], part["ci_low"], part["ci_high"])
    return None


def by_fold(rows: Sequence[Row]) -> TextTable | None:
    """The mean of every part over the seeds of a fold; None where there are no two folds."""
    parts = [(row, part) for row, part in _parts(rows) if part["values"]]
    folds = sorted({fold for _, part in parts for fold in part["folds"]})

    def show(part: Mapping[str, Any]) -> Callable[[float], str]:
        return numbers.of_unit(part["unit"])

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
                *(numbers.estimate(_mean(part, fold), show=show(part)) for fold in folds),
                numbers.interval(part["fold_low"], part["fold_high"], show(part))
                or numbers.MISSING,
            ]
            for row, part in parts
        ],
        left=3,
        wrap=[1],
    )


def _estimate(aside: Mapping[str, Any]) -> str:
    show = numbers.of_unit(aside["unit"])
    return numbers.estimate(aside["value"], aside["ci_low"], aside["ci_high"], show)


def _parts(rows: Sequence[Row]) -> Iterator[tuple[Row, Mapping[str, Any]]]:
    return ((row, part) for row in rows for part in row["parts"])


def _mean(part: Mapping[str, Any], fold: int) -> float | None:
    own = [v for v, of in zip(part["values"], part["folds"], strict=True) if of == fold]
    return sum(own) / len(own) if own else None
