"""The ledger at the top of the report."""

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from adsmtl.analysis import report
from adsmtl.analysis.claims import documents, wording


def section(rows: Sequence[dict[str, Any]]) -> report.Section:
    """The verdicts as a table, then the numbers behind each, folded away.

    Args:
        rows: as `judge` returns them.
    """
    environment = Environment(
        loader=PackageLoader("adsmtl.analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("claims.html.j2").render(
        rows=rows,
        caption=documents.CAPTION,
        effect=documents.effect,
        value=documents.value,
        p=documents.p,
        folded=wording.folded,
    )
    return report.Section("claims", "Claims and verdicts", html)
