"""Another study beside this one: the same claims and contrasts, with more data or other speech."""

from collections.abc import Mapping, Sequence
from typing import Any

from scipy import stats

from adsmtl.analysis.paired import LEVEL, Paired
from adsmtl.claims import write
from adsmtl.claims.verdicts import NOT_RUN
from adsmtl.report import template
from adsmtl.report.section import Section
from adsmtl.tables import numbers
from adsmtl.tables.render import TextTable

Row = Mapping[str, Any]  # of `claims.json`


def section(
    rows: Sequence[Row], others: Sequence[Row] | None, here: str, there: str, reading: str
) -> Section:
    """The verdicts and contrasts that both studies have, side by side.

    Args:
        rows: of this study's `claims.json`.
        others: of the other's; None where it has not been judged.
        here: what to call this study.
        there: what to call the other.
        reading: what to look for.
    """
    tables = []
    if others is not None:
        tables = [make(rows, others, here, there) for make in (verdicts, contrasts)]
    html = template.render("beside.html.j2", tables=tables, there=there, reading=reading)
    return Section("beside", "Two studies side by side", html)


def verdicts(rows: Sequence[Row], others: Sequence[Row], here: str, there: str) -> TextTable:
    """One row per claim that both studies have judged."""
    known = {row["id"]: row for row in others if row["verdict"] != NOT_RUN}
    cells = [
        [row["id"], row["claim"], write.verdict(row), write.verdict(known[row["id"]])]
        for row in rows
        if row["verdict"] != NOT_RUN and row["id"] in known
    ]
    return TextTable(
        name="beside-verdicts",
        caption=f"The verdicts of {here} and of {there} on the claims that both have judged.",
        columns=["", "Claim", here, there],
        rows=cells,
        notes=[] if cells else ["The two studies have judged no claim in common."],
        left=4,
        wrap=[1, 2, 3],
    )


def contrasts(rows: Sequence[Row], others: Sequence[Row], here: str, there: str) -> TextTable:
    """One row per contrast of seeds that both ledgers have."""
    known = {(row["id"], part["comparison"]): part for row in others for part in row["parts"]}
    cells = []
    for row in rows:
        for part in row["parts"]:
            other = known.get((row["id"], part["comparison"]))
            if other is None or not (part["values"] and other["values"]):
                continue
            first, second = (Paired(tuple(p["values"]), tuple(p["folds"])) for p in (part, other))
            low, high = difference(first, second)
            show = numbers.of_unit(part["unit"])
            cells.append(
                [
                    *(row["id"], part["comparison"], part["unit"]),
                    *(numbers.estimate(o.effect, o.low, o.high, show) for o in (first, second)),
                    numbers.estimate(first.effect - second.effect, low, high, show),
                    f"{first.n}, {second.n}",
                ]
            )
    return TextTable(
        name="beside",
        caption=(
            f"Contrasts of the claims in {here} and in {there}, with 95 % t-intervals over seeds,"
            " and their difference with Welch's interval. The studies have no run in common and"
            " are taken as independent. They share test examples, and equal seeds share initial"
            " weights, which makes that interval too wide rather than too narrow. Positive effects"
            " favour the claim. Nothing here is tested."
        ),
        columns=["", "Contrast", "Unit", here, there, "Difference", "n"],
        rows=cells,
        notes=[] if cells else ["The two studies have no contrast in common."],
        left=3,
        wrap=[1],
    )


def difference(first: Paired, second: Paired) -> tuple[float | None, float | None]:
    """Ends of the 95 % interval of the first effect minus the second (Welch 1947).

    None and None where one has no standard error, or neither varies.
    """
    if first.se is None or second.se is None or first.se == second.se == 0:
        return None, None
    squares = first.se**2, second.se**2
    df = sum(squares) ** 2 / (squares[0] ** 2 / first.df + squares[1] ** 2 / second.df)
    half = float(stats.t.ppf(LEVEL, df)) * sum(squares) ** 0.5
    effect = first.effect - second.effect
    return effect - half, effect + half
