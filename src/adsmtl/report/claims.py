"""The ledger at the top of the report."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from adsmtl.claims import words, write
from adsmtl.report import build as report
from adsmtl.report import template
from adsmtl.tables import numbers
from adsmtl.tables.render import TextTable


def section(rows: Sequence[dict[str, Any]]) -> report.Section:
    """The verdicts as a table, then the numbers behind each, folded away.

    Args:
        rows: as `judge` returns them.
    """
    overview = TextTable(
        name="claims",
        caption=write.CAPTION,
        columns=["Verdict", "Claim and evidence", "n", "Holm p"],
        rows=[
            [_verdict(r["verdict"]), r["sentence"], str(r["n"]), numbers.p_value(r["p_holm"])]
            for r in rows
        ],
        left=1,
        wrap=[1],
    )
    html = template.render(
        "claims.html.j2",
        overview=overview,
        details=[(row, write.evidence_tables(row)) for row in rows],
        folded=words.folded,
    )
    return report.Section("claims", "Claims and verdicts", html)


def _verdict(verdict: str) -> Markup:
    kind = verdict.replace(" ", "-")
    return Markup('<span class="verdict {}">{}</span>').format(kind, verdict)
