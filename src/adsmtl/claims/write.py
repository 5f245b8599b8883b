"""`claims.json` for programs and `claims.md` for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adsmtl import outputs
from adsmtl.claims import words
from adsmtl.claims.ledger import judge
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.collected.remarks import remarks
from adsmtl.files import write_json, write_text
from adsmtl.tables import numbers
from adsmtl.tables.render import TextTable, markdown

EXCEPT = (
    "C6 is tested against a loss of delta, and excluded is a loss; C9's unit is the pair of tasks,"
    " its p comes from permuting pairs, and the rest from Fisher's z."
)
CAPTION = (
    "Every claim of the paper with its verdict. A claim of several parts holds only if all of"
    " them do; the numbers are those of the part that decides. Positive effects favour the claim."
    " Brackets hold 95 % t-intervals of the mean over seeds, for these folds. Holm p is of the"
    " exact two-sided sign-flip test of no effect, corrected over all claims tested; Holm p (B) is"
    " of the one-sided test of an effect of at least delta, the smallest effect of interest."
    " Excluded is the smallest effect that this test excludes at 5 %, with all larger ones."
    f" {EXCEPT}"
)


def write(collected: Collected, root: Path) -> list[Path]:
    """Judge every claim and write `claims.json` and `claims.md` below the folder `root`.

    Errors are those of `judge`; a `UserError` also if the folder cannot be written.
    """
    rows = judge(collected)
    ledger, text = outputs.claims(root)
    write_json(ledger, rows)
    write_text(text, as_markdown(rows, provenance.interim(collected), remarks(collected)))
    return [ledger, text]


def as_markdown(
    rows: Sequence[dict[str, Any]], interim: str | None = None, told: Sequence[str] = ()
) -> str:
    """A table of all claims, then a section for each.

    Args:
        interim: what of the study is there, where it is not all.
        told: remarks on single runs.
    """
    head = "# Claims ledger" if interim is None else f"# Claims ledger: {interim}"
    blocks = [head, *told, markdown(_overview(rows))]
    sections = ["\n\n".join(blocks)]
    for row in rows:
        blocks = [
            f"## {row['id']}: {verdict(row)}",
            row["sentence"],
            *([" ".join(row["notes"])] if row["notes"] else []),
            f"Experiment: {row['experiment']}",
            *(markdown(table).strip() for table in evidence_tables(row)),
        ]
        if row["runs"]:
            blocks.append(f"Runs: {'; '.join(words.folded(row['runs']))}.")
        sections.append("\n\n".join(blocks) + "\n")
    return "\n".join(sections)


def _overview(rows: Sequence[dict[str, Any]]) -> TextTable:
    return TextTable(
        name="claims",
        caption=CAPTION,
        columns=[
            *("", "Claim", "Verdict", "Unit", "n", "Effect", "Holm p", "Holm p (B)"),
            *("delta", "Excluded"),
        ],
        rows=[
            [
                row["id"],
                row["claim"],
                verdict(row),
                row["unit"] or numbers.MISSING,
                str(row["n"]),
                effect(row),
                numbers.p_value(row["p_holm"]),
                numbers.p_value(row["p_b_holm"]),
                numbers.MISSING if row["delta"] is None else f"{row['delta']:g}",
                excluded(row),
            ]
            for row in rows
        ],
        left=4,
    )


_PART_COLUMNS = [
    *("Part", "Unit", "n", "Effect", "Interval over folds", "p", "p (B)", "Excluded"),
    "Bayes factor of an effect against none",
]


def evidence_tables(row: dict[str, Any]) -> list[TextTable]:
    """The parts of a claim, and what is reported beside them."""
    parts = [
        [
            *(one["comparison"], one["unit"], str(one["n"])),
            effect(one),
            numbers.interval(one["fold_low"], one["fold_high"], numbers.of_unit(one["unit"]))
            or numbers.MISSING,
            numbers.p_value(one["p"]),
            numbers.p_value(one["p_b"]),
            excluded(one),
            numbers.MISSING if one["bayes_factor"] is None else f"{one['bayes_factor']:.2g}",
        ]
        for one in row["parts"]
    ]
    beside = [
        [
            *(one["name"], one["unit"], numbers.MISSING if one["n"] is None else str(one["n"])),
            numbers.estimate(
                *(one["value"], one["ci_low"], one["ci_high"]),
                numbers.of_unit(one["unit"], numbers.plain),
            ),
        ]
        for one in row["beside"]
    ]
    tested = "Parts, all of which must hold:" if len(parts) > 1 else "Tested:"
    tables = [
        ("parts", tested, _PART_COLUMNS, parts),
        ("beside", "Reported beside it, not tested:", ["Beside", "Unit", "n", "Value"], beside),
    ]
    return [TextTable(*table, left=2, wrap=[0]) for table in tables if table[-1]]


def verdict(row: dict[str, Any]) -> str:
    """The verdict with its qualifier."""
    return f"{row['verdict']} ({row['qualifier']})" if row["qualifier"] else row["verdict"]


def effect(row: dict[str, Any]) -> str:
    """The effect with its interval, of a claim or of one of its parts; of C11 a count."""
    if row["effect"] is not None and row["p"] is None:  # a count
        return f"{row['effect']:g}"
    show = numbers.of_unit(row["unit"])
    return numbers.estimate(row["effect"], row["ci_low"], row["ci_high"], show)


def excluded(row: dict[str, Any]) -> str:
    """The smallest effect that is excluded, of a claim or of one of its parts."""
    return numbers.estimate(row["excluded"], show=numbers.of_unit(row["unit"], numbers.plain))
