"""Frozen results: what can be cited, small enough to be kept with the code."""

import shutil
from pathlib import Path

import adsmtl
from adsmtl import outputs, paths
from adsmtl.collected import runs
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder, read_json, sha256

RUN_FILES = ("metrics.json", "history.jsonl")


def freeze(root: Path, version: str = adsmtl.__version__) -> Path:
    """Copy a finished results folder without checkpoints to `results/frozen/<version>/<name>`.

    Raises:
        UserError: the manifest is missing or does not fit the files (run snakemake), the code
            that trained or analysed was not committed, or this version is frozen already.
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
    loaded = runs.select(root, list(manifest["arms"]), manifest["seeds"])
    for revision in [manifest["code"], *(run.metrics.get("code") or {} for run in loaded)]:
        if revision.get("dirty") is not False:
            raise UserError(
                f"{root} was made by code that is not committed; commit, then run snakemake again"
            )
    with atomic_folder(target) as temporary:
        for name in (*manifest["files"], outputs.REPORT, outputs.MANIFEST):
            _copy(root, name, temporary)
        for run in loaded:
            folder = paths.run(Path(), run.arm, run.seed)
            for name in RUN_FILES:
                _copy(root, (folder / name).as_posix(), temporary)
    return target


def _copy(root: Path, name: str, target: Path) -> None:
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / name, target / name)
