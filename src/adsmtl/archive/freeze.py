"""Frozen results: what can be cited, small enough to be kept with the code."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import adsmtl
from adsmtl import outputs, paths
from adsmtl.archive.judge import judge
from adsmtl.collected import collect, reading
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder, read_json, sha256


def freeze(root: Path, version: str = adsmtl.__version__) -> Path:
    """Copy a finished results folder without its runs to `results/frozen/<version>/<name>`.

    Nothing is taken on trust: every file must be the one that the manifest traces, the collected
    tables must follow from the run folders, and tables, figures and ledger from those.

    Raises:
        UserError: a file does not fit (names it; run snakemake), the code that trained or
            analysed was not committed, or this version is frozen already.
    """
    target = paths.FROZEN / version / root.name
    if target.exists():
        raise UserError(
            f"{target} exists, and frozen results do not change; raise the version in "
            "src/adsmtl/__init__.py"
        )
    manifest = read_json(root / outputs.MANIFEST)
    for name, digest in manifest["files"].items():
        if not (root / name).is_file() or sha256(root / name) != digest:
            raise UserError(
                f"{root / name} is not the file that the manifest traces; run snakemake"
            )
    collected = reading.load(root)
    trained_by = [one["code"] or {} for one in collected.environments.values()]
    if any(one.get("dirty") is not False for one in [manifest["code"], *trained_by]):
        raise UserError(
            f"{root} was made by code that is not committed; commit, then run snakemake again"
        )
    _follows(root, collected)
    with atomic_folder(target) as temporary:
        for name in (*manifest["files"], outputs.REPORT, outputs.MANIFEST):
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, temporary / name)
    return target


def _follows(root: Path, collected: reading.Collected) -> None:
    """Refuse a folder whose tables do not follow from its runs, or its ledger from its tables."""
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch)
        written = collect.write(root, collected.trained, target=again)
        _require_equal(root, again, written, "does not follow from the run folders")
        written = judge(root, again)
        _require_equal(root, again, written, "does not follow from the collected tables")


def _require_equal(root: Path, again: Path, written: Iterable[Path], fault: str) -> None:
    for path in written:
        own = root / path.relative_to(again)
        if not own.is_file() or sha256(own) != sha256(path):
            raise UserError(f"{own} {fault}; delete it and run snakemake")
