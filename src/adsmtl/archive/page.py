"""`report.html` with all its sections, and whether a report follows from its results."""

import re
import tempfile
from pathlib import Path

from adsmtl import outputs, paths
from adsmtl.collected.reading import Collected
from adsmtl.files import read_json
from adsmtl.report import build, claims, speed

# What is measured apart from the study may have been measured again since.
_APART = re.compile(
    r'<section id="speed">.*?</section>\n?|<li><a href="#speed">.*?</li>\n?', re.DOTALL
)


def write(collected: Collected, root: Path) -> Path:
    """Write the report below `root` from the ledger, the figures and the benchmarks.

    Args:
        root: the folder of ledger and figures, mostly `collected.root`.

    Raises:
        UserError: ledger or figures are missing, or the folder cannot be written.
    """
    first = claims.sections(read_json(outputs.claims(root)[0]), collected, root)
    measured = speed.section(paths.RESULTS / "benchmarks")
    return build.write(collected, root, first, [] if measured is None else [measured])


def follows(collected: Collected) -> bool:
    """Whether the report is that of its ledger, figures and tables, but for measured speeds.

    Raises:
        UserError: as for `write`.
    """
    root = collected.root.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch) / root.name
        again.mkdir()
        for name in ("figures", outputs.CLAIMS[0]):
            (again / name).symlink_to(root / name)
        made = write(collected, again)
        return _apart(made) == _apart(root / outputs.REPORT)


def _apart(path: Path) -> str:
    return _APART.sub("", path.read_text(encoding="utf-8", errors="replace"))
