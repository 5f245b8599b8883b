"""`report.html` with all its sections, and whether a report follows from its results."""

import re
import tempfile
from pathlib import Path

from adsmtl import config, outputs, paths
from adsmtl.archive import newest
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.files import read_json
from adsmtl.report import beside, build, claims, speed
from adsmtl.report.section import Section

# What comes from outside the study may have changed since.
_APART = re.compile(
    r'<section id="(?:speed|beside)">.*?</section>\n?|<li><a href="#(?:speed|beside)">.*?</li>\n?',
    re.DOTALL,
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
    last = [one for one in (_beside(collected, root), measured) if one is not None]
    return build.write(collected, root, first, last)


def _beside(collected: Collected, root: Path) -> Section | None:
    """The section with the study that the preset names to stand beside it; None without one."""
    name = provenance.preset(collected)
    other = config.preset(name).beside if name in config.presets() else None
    if other is None:
        return None
    path = newest.ledger(other)
    others = None if path is None else read_json(path)
    here, there = collected.root.name, other if path is None else str(path.parent)
    return beside.section(read_json(outputs.claims(root)[0]), others, here, there)


def follows(collected: Collected) -> bool:
    """Whether the report is that of its ledger, figures and tables; what comes from outside apart.

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
