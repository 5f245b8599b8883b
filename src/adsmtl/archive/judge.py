"""Tables, figures and the ledger, made from collected tables alone."""

from pathlib import Path

from adsmtl import outputs
from adsmtl.claims import write as claims
from adsmtl.collected import diverged, reading
from adsmtl.figures import build as figures
from adsmtl.tables import build as tables


def judge(source: Path, target: Path) -> list[Path]:
    """Judge a study again from `source/collected` (and `source/listing.json`, for C11).

    Equal tables give equal bytes, with equal versions of the libraries.

    Args:
        source: a results folder, or a frozen archive.
        target: folder to write to; may be `source`.

    Returns:
        The files written, `outputs.judged(target, …)`.

    Raises:
        UserError: a collected table is missing or damaged, or `target` cannot be written.
    """
    collected = reading.load(source)
    tables.write_all(collected, target)
    claims.write(collected, target)
    figures.write_all(collected, target)
    return outputs.judged(target, diverged.attempted_traits(collected))
