"""`claims.json` for programs and `claims.md` for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adsmtl import outputs
from adsmtl.claims import words
from adsmtl.claims.ledger import judge
from adsmtl.collected.reading import Collected
from adsmtl.files import write_json, write_text
from adsmtl.tables.render import TextTable, markdown

MISSING = "\N{EN DASH}"
CAPTION = (
    "Every claim of the paper with its verdict. A claim of several parts holds only if all of"
    " them do, and the numbers are those of its weakest part; positive effects favour the claim."
    " Brackets hold 95 % t-intervals of the mean over seeds; p is of the exact two-sided"
    " sign-flip test, Holm p is corrected over all claims tested."
)


def write(collected: Collected, root: Path) -> list[Path]:
    """Judge every claim and write `claims.json` and `claims.md` below the folder `root`.

    Errors are those of `judge`; a `UserError` also if the folder cannot be written.
    """
    rows = judge(collected)
    ledger, text = outputs.claims(root)
    write_json(ledger, rows)
    write_text(text, as_markdown(rows))
    return [ledger, text]


def as_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """A table of all claims, then a section for each."""
    sections = [f"# Claims ledger\n\n{markdown(_overview(rows))}"]
    for row in rows:
        blocks = [
            f"## {row['id']}: {row['verdict']}",
            row["sentence"],
            f"Experiment: {row['experiment']}",
            *_numbers(row),
        ]
        if row["runs"]:
            blocks.append(f"Runs: {'; '.join(words.folded(row['runs']))}.")
        sections.append("\n\n".join(blocks) + "\n")
    return "\n".join(sections)


def _overview(rows: Sequence[dict[str, Any]]) -> TextTable:
    return TextTable(
        name="claims",
        caption=CAPTION,
        columns=["", "Claim", "Verdict", "Unit", "n", "Effect", "p", "Holm p"],
        rows=[
            [
                row["id"],
                row["claim"],
                row["verdict"],
                row["unit"] or MISSING,
                str(row["n"]),
                effect(row),
                p(row["p"]),
                p(row["p_holm"]),
            ]
            for row in rows
        ],
        left=4,
    )


def _numbers(row: dict[str, Any]) -> list[str]:
    blocks = []
    if row["parts"]:
        parts = [
            [one["comparison"], one["unit"], str(one["n"]), effect(one), p(one["p"])]
            for one in row["parts"]
        ]
        columns = ["Part", "Unit", "n", "Effect", "p"]
        caption = "Parts, all of which must hold:" if len(parts) > 1 else "Tested:"
        blocks.append(markdown(TextTable("parts", caption, columns, parts, left=2)).strip())
    if row["beside"]:
        beside = [[one["name"], one["unit"], value(one)] for one in row["beside"]]
        columns = ["Beside", "Unit", "Value"]
        caption = "Reported beside it, not tested:"
        blocks.append(markdown(TextTable("beside", caption, columns, beside, left=2)).strip())
    return blocks


def effect(row: dict[str, Any]) -> str:
    """The effect with its interval."""
    if row["effect"] is None:
        return MISSING
    if row["p"] is None:  # a count
        return f"{row['effect']:g}"
    spread = words.interval(row["ci_low"], row["ci_high"])
    return f"{words.signed(row['effect'])} {spread}".strip()


def value(row: dict[str, Any]) -> str:
    """A number beside the tested ones, with its interval."""
    if row["value"] is None:
        return MISSING
    spread = words.interval(row["ci_low"], row["ci_high"], words.plain)
    return f"{words.plain(row['value'])} {spread}".strip()


def p(one: float | None) -> str:
    """A p-value without its sign of equality."""
    return MISSING if one is None else words.p_value(one).removeprefix("= ")
