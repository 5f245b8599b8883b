"""From made-up run folders to collected tables, as the workflow does it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from adsmtl.collected import collect, reading


def collected(
    root: Path, order: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> reading.Collected:
    """Collect the runs below `root` and read the tables back."""
    collect.write(root, order, seeds)
    return complete(reading.load(root))


def complete(found: reading.Collected) -> reading.Collected:
    """With the columns that the judge needs, where the runs were written without them."""
    runs = found.runs
    runs = runs.assign(fold=runs["fold"] if "fold" in runs else runs["seed"] % 4)
    for name in ("test_accuracy", "test_loss", "val_accuracy", "val_loss"):
        if f"{name}_last3" not in runs:
            runs[f"{name}_last3"] = runs[name]
    return replace(found, runs=runs)
