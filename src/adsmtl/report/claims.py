"""The ledger at the top of the report."""

from collections.abc import Sequence
from typing import Any

from adsmtl.claims import words, write
from adsmtl.report import build as report
from adsmtl.report import template


def section(rows: Sequence[dict[str, Any]]) -> report.Section:
    """The verdicts as a table, then the numbers behind each, folded away.

    Args:
        rows: as `judge` returns them.
    """
    html = template.render(
        "claims.html.j2",
        rows=rows,
        caption=write.CAPTION,
        effect=write.effect,
        value=write.value,
        p=write.p,
        folded=words.folded,
    )
    return report.Section("claims", "Claims and verdicts", html)
