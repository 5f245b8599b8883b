"""The newest frozen study of each preset: where it is judged, and its numbers in one small file."""

from pathlib import Path

from packaging.version import Version

from adsmtl import outputs, paths
from adsmtl.files import read_json, write_json

HEADLINES = paths.FROZEN / "headlines.json"


def archive(preset: str) -> Path | None:
    """The newest frozen archive of a preset, None where there is none."""
    found = paths.FROZEN.glob(f"*/{preset}/{outputs.CLAIMS[0]}")
    return max(
        (path.parent for path in found), key=lambda own: Version(own.parent.name), default=None
    )


def ledger(preset: str) -> Path | None:
    """Where a study is judged: its newest frozen archive, else its results folder; else None."""
    frozen, own = archive(preset), paths.RESULTS / preset
    judged = outputs.claims(own if frozen is None else frozen)[0]
    return judged if judged.is_file() else None


def headlines() -> dict[str, dict]:
    """By preset, the headline numbers of every arm in its newest archive."""
    presets = sorted({path.parent.name for path in paths.FROZEN.glob(f"*/*/{outputs.CLAIMS[0]}")})
    return {name: read_json(archive(name) / outputs.SUMMARY) for name in presets}


def write_headlines() -> Path:
    """Write them to one path that stays, so that `dvc metrics diff` compares two revisions."""
    write_json(HEADLINES, headlines())
    return HEADLINES
