"""From made-up run folders to collected tables, as the workflow does it."""

from collections.abc import Sequence
from pathlib import Path

from adsmtl.collected import collect, reading


def collected(
    root: Path, order: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> reading.Collected:
    """Collect the runs below `root` and read the tables back."""
    collect.write(root, order, seeds)
    return reading.load(root)
