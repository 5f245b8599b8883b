"""Frozen results: what can be cited, small enough to be kept with the code."""

import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import adsmtl
from adsmtl import outputs, paths
from adsmtl.archive.judge import judge
from adsmtl.collected import collect, diverged, reading
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder, read_json, sha256


def freeze(root: Path, version: str = adsmtl.__version__) -> Path:
    """Copy a finished results folder without its runs to `results/frozen/<version>/<name>`.

    Nothing is taken on trust: every file must be the one that the manifest traces, the collected
    tables must follow from the run folders, and tables, figures and ledger from those. A pooled
    study has no run folders; its blocks were checked when they were kept.

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
    _require_committed(collected, manifest["code"])
    if not collected.study["blocks"]:
        _require_of_runs(collected)
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch)
        _require_equal(root, again, judge(root, again), "does not follow from the collected tables")
    with atomic_folder(target) as temporary:
        for name in (*manifest["files"], outputs.REPORT, outputs.MANIFEST):
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, temporary / name)
    return target


def keep(root: Path, name: str) -> Path:
    """Copy the collected tables of a part of a study to `results/blocks/<preset>/<name>`.

    They are all that `pool` needs: a study goes on elsewhere without runs and checkpoints.

    Raises:
        UserError: the tables do not follow from the run folders, the code that trained was not
            committed, or there is a block of this name.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._=-]*", name):
        raise UserError(f"a block cannot be called {name!r}; use letters, digits, . _ = and -")
    target = paths.BLOCKS / root.name / name
    if target.exists():
        raise UserError(f"{target} exists; give the block another name, or delete that one")
    collected = reading.load(root)
    _require_committed(collected)
    _require_of_runs(collected)
    with atomic_folder(target) as temporary:
        shutil.copytree(root / outputs.COLLECTED, temporary / outputs.COLLECTED)
        if (root / outputs.LISTING).is_file():
            shutil.copyfile(root / outputs.LISTING, temporary / outputs.LISTING)
    return target


def _require_committed(collected: reading.Collected, *analysed_by: dict | None) -> None:
    """Refuse results of code that is in no commit."""
    trained_by = [one["code"] for one in collected.environments.values()]
    if any((one or {}).get("dirty") is not False for one in [*analysed_by, *trained_by]):
        raise UserError(
            f"{collected.root} was made by code that is not committed; commit, then run "
            "snakemake again"
        )


def _require_of_runs(collected: reading.Collected) -> None:
    """Refuse tables that do not follow from the run folders beside them."""
    with tempfile.TemporaryDirectory() as scratch:
        again, root = Path(scratch), collected.root
        written = collect.write(root, diverged.attempted(collected), again, collected.planned)
        _require_equal(root, again, written, "does not follow from the run folders")


def _require_equal(root: Path, again: Path, written: Iterable[Path], fault: str) -> None:
    for path in written:
        own = root / path.relative_to(again)
        if not own.is_file() or sha256(own) != sha256(path):
            raise UserError(f"{own} {fault}; delete it and run snakemake")
