"""The newest frozen study of each preset: where it is judged, and its numbers in one small file."""

from pathlib import Path

from packaging.version import InvalidVersion, Version

from adsmtl import outputs, paths
from adsmtl.files import read_json, write_json

HEADLINES = paths.FROZEN / "headlines.json"


def archive(preset: str) -> Path | None:
    """The newest frozen archive of a preset, None where there is none."""
    return max(
        (own for own in _archives() if own.name == preset),
        key=lambda own: Version(own.parent.name),
        default=None,
    )


def _archives() -> list[Path]:
    """Every frozen archive; folders of other names, such as those of a freeze that was killed, are
    none."""
    found = [path.parent for path in paths.FROZEN.glob(f"*/*/{outputs.CLAIMS[0]}")]
    return [own for own in found if own.name[0] != "." and _is_version(own.parent.name)]


def _is_version(name: str) -> bool:
    try:
        Version(name)
    except InvalidVersion:
        return False
    return True


def ledger(preset: str) -> Path | None:
    """Where a study is judged: its newest frozen archive, else its results folder; else None."""
    frozen, own = archive(preset), paths.RESULTS / preset
    judged = outputs.claims(own if frozen is None else frozen)[0]
    return judged if judged.is_file() else None


def headlines() -> dict[str, dict]:
    """By preset, the headline numbers of every arm in its newest archive."""
    presets = sorted({own.name for own in _archives()})
    return {name: read_json(archive(name) / outputs.SUMMARY) for name in presets}


def write_headlines() -> Path:
    """Write them to one path that stays, so that `dvc metrics diff` compares two revisions."""
    write_json(HEADLINES, headlines())
    return HEADLINES
