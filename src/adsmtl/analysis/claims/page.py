"""The ledger at the top of the report."""

from collections.abc import Sequence
from typing import Any

from adsmtl.analysis import pages, report
from adsmtl.analysis.claims import documents, wording


def section(rows: Sequence[dict[str, Any]]) -> report.Section:
    """The verdicts as a table, then the numbers behind each, folded away.

    Args:
        rows: as `judge` returns them.
    """
    html = pages.render(
        "claims.html.j2",
        rows=rows,
        caption=documents.CAPTION,
        effect=documents.effect,
        value=documents.value,
        p=documents.p,
        folded=wording.folded,
    )
    return report.Section("claims", "Claims and verdicts", html)
