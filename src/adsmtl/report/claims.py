"""The parts of the report that come from the ledger: summary, verdicts, effects."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from adsmtl.claims import words, write
from adsmtl.claims.names import SHORT
from adsmtl.claims.verdicts import NOT_RUN
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.figures import drawing
from adsmtl.report import effects, pictures, summary, template
from adsmtl.report.pictures import Picture
from adsmtl.report.section import Section
from adsmtl.tables import numbers
from adsmtl.tables.render import TextTable

Row = Mapping[str, Any]

_CAPTION = (
    "Every claim of the paper with its verdict; the sections below have a sentence to quote, a"
    " picture and the numbers of each. Positive effects favour the claim; the numbers are those of"
    " the part that decides. Brackets hold 95 % t-intervals of the mean over seeds, for these"
    " folds. Holm p is of the exact two-sided sign-flip test of no effect, corrected over all"
    " claims tested. Excluded is the smallest effect in favour that a one-sided test excludes at"
    " 5 %, with all larger ones; below 0 that is any effect in favour."
    f" {write.EXCEPT}"
)


def sections(rows: Sequence[Row], collected: Collected, root: Path) -> list[Section]:
    """Summary, verdicts with their pictures, and the effects by task and fold.

    Args:
        rows: of `claims.json`.
        root: the folder whose figures have been drawn.

    Raises:
        UserError: the picture of a claim has not been drawn.
    """
    interim = provenance.interim(collected)
    told = summary.sentences(rows, provenance.preset(collected), interim)
    judged = {row["id"] for row in rows if row["verdict"] != NOT_RUN}
    source = provenance.sentence(collected)
    drawn = {
        one.section: pictures.read(root, one, source)
        for one in drawing.of_study(collected.traits)
        if one.section in judged
    }
    found = [
        Section("summary", "Summary", template.render("summary.html.j2", sentences=told)),
        section(rows, drawn, interim),
    ]
    tables = [table for table in (effects.by_task(rows), effects.by_fold(rows)) if table]
    if tables:
        html = template.render("effects.html.j2", tables=tables)
        found.append(Section("effects", "Effects by task and by fold", html))
    return found


def section(
    rows: Sequence[Row],
    drawn: Mapping[str, Picture] | None = None,
    interim: str | None = None,
) -> Section:
    """The verdicts as a table, then a sentence, a picture and the numbers behind each.

    Args:
        rows: of `claims.json`.
        drawn: the pictures by claim; claims that have none are shown without.
        interim: what the heading says of a study that is not complete.
    """
    overview = TextTable(
        name="claims",
        caption=_CAPTION,
        columns=["", "Claim", "Verdict", "n", "Effect", "Unit", "Holm p", "Excluded"],
        rows=[
            [
                Markup('<a href="#{0}">{0}</a>').format(row["id"]),
                SHORT[row["id"]],
                _verdict(row["verdict"]),
                str(row["n"]),
                write.effect(row),
                row["unit"] or numbers.MISSING,
                numbers.p_value(row["p_holm"]),
                write.excluded(row),
            ]
            for row in rows
        ],
        left=3,
        wrap=[1, 5],
    )
    html = template.render(
        "claims.html.j2",
        overview=overview,
        rows=rows,
        names=SHORT,
        pictures=drawn or {},
        tables={row["id"]: write.evidence_tables(row) for row in rows},
        folded=words.folded,
    )
    title = f"Claims and verdicts: {interim}" if interim else "Claims and verdicts"
    return Section("claims", title, html)


def _verdict(verdict: str) -> Markup:
    kind = verdict.replace(" ", "-")
    return Markup('<span class="verdict {}">{}</span>').format(kind, verdict)
