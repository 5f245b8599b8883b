"""Where a study of another preset lies that has been judged already."""

from pathlib import Path

from packaging.version import Version

from adsmtl import outputs, paths


def ledger(preset: str) -> Path | None:
    """The ledger of its newest frozen archive, else of its results folder; else None."""
    frozen = sorted(
        paths.FROZEN.glob(f"*/{preset}/{outputs.CLAIMS[0]}"),
        key=lambda path: Version(path.parents[1].name),
    )
    own = outputs.claims(paths.RESULTS / preset)[0]
    return frozen[-1] if frozen else own if own.is_file() else None
