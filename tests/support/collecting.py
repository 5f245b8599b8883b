"""From made-up run folders to collected tables, as the workflow does it."""

from collections.abc import Sequence
from pathlib import Path

from adsmtl.collected import collect, reading, run_folders


def collected(
    root: Path, order: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> reading.Collected:
    """Collect runs below `root` and read the tables back.

    Args:
        order: arms in their order; all, references first, if None.
        seeds: whichever are there if None.
    """
    trained: dict[str, list[int]] = {}
    for run in run_folders.load(root):
        trained.setdefault(run.arm, []).append(run.seed)
    wanted = {arm: trained[arm] if seeds is None else list(seeds) for arm in order or trained}
    collect.write(root, wanted)
    return reading.load(root)
