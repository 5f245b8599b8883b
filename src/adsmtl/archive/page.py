"""`report.html` with all its sections, and whether a report follows from its results."""

import re
import tempfile
from pathlib import Path

from adsmtl import config, outputs, paths
from adsmtl.archive import newest
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.files import read_json
from adsmtl.report import beside, build, claims, data_cards, speed
from adsmtl.report.section import Section

# The page marks what is measured apart from the study, which may have been measured again since:
# speeds, baselines, pictures of the data, another study beside this one.
_APART = re.compile("<!-- apart -->.*?<!-- /apart -->", re.DOTALL)


def write(collected: Collected, root: Path) -> Path:
    """Write the report below `root` from the ledger, the figures and what lies beside the study.

    Args:
        root: the folder of ledger and figures, mostly `collected.root`.

    Raises:
        UserError: ledger or figures are missing, or the folder cannot be written.
    """
    first = claims.sections(read_json(outputs.claims(root)[0]), collected, root)
    last = [_beside(collected, root), speed.section(paths.RESULTS / "benchmarks")]
    cards = data_cards.read(collected, paths.PREPARED)
    return build.write(collected, root, first, [one for one in last if one is not None], cards)


def _beside(collected: Collected, root: Path) -> Section | None:
    """The section with the study that the preset names to stand beside it; None without one."""
    name = provenance.preset(collected)
    other = config.preset(name).beside if name in config.presets() else None
    if other is None:
        return None
    ledger = newest.ledger(other.preset)
    others = None if ledger is None else read_json(ledger)
    there = other.preset if ledger is None else str(ledger.parent)
    rows = read_json(outputs.claims(root)[0])
    return beside.section(rows, others, root.name, there, other.reading)


def follows(collected: Collected) -> bool:
    """Whether the report is that of its ledger, figures and tables, but for what is measured apart.

    Raises:
        UserError: as for `write`.
    """
    root = collected.root.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch) / root.name
        again.mkdir()
        for name in ("figures", outputs.CLAIMS[0]):
            (again / name).symlink_to(root / name)
        if (own := root / paths.CITATION.name).is_file():
            (again / own.name).symlink_to(own)
        made = write(collected, again)
        return _apart(made) == _apart(root / outputs.REPORT)


def _apart(path: Path) -> str:
    return _APART.sub("", path.read_text(encoding="utf-8", errors="replace"))
