"""Frozen results: what can be cited, small enough to be kept with the code."""

import re
import shutil
import tempfile
from pathlib import Path

import adsmtl
from adsmtl import outputs, paths
from adsmtl.archive import crate, newest
from adsmtl.archive.pool import ONE_MACHINE
from adsmtl.archive.verify import verify
from adsmtl.collected import collect, diverged, provenance, reading
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder, read_json, sha256


def freeze(root: Path) -> Path:
    """Copy a finished results folder without its runs to `results/frozen/<version>/<name>`, and
    make it an RO-Crate there (`adsmtl.archive.crate`).

    Nothing is taken on trust: everything that `verify` checks must hold. A pooled study has no run
    folders; its blocks were checked when they were kept.

    Raises:
        UserError: a file is not what it must be (names all of them), the code that trained or
            analysed was not committed, or this version is frozen already.
    """
    target = paths.FROZEN / adsmtl.__version__ / root.name
    if target.exists():
        raise UserError(
            f"{target} exists, and frozen results do not change; raise the version in "
            "src/adsmtl/__init__.py"
        )
    found = verify(root)
    if found.wrong:
        lines = [f"{root / name}: {fault}" for name, fault in sorted(found.wrong.items())]
        raise UserError(
            "\n".join(
                ["these files are not what they must be; delete them and run snakemake", *lines]
            )
        )
    manifest, collected = read_json(root / outputs.MANIFEST), reading.load(root)
    _require_committed(collected, manifest["code"])
    if not collected.study["blocks"] and not (root / "runs").is_dir():
        raise UserError(
            f"{root} has no runs, so nobody can see whether its tables follow from them"
        )
    with atomic_folder(target) as temporary:
        for name in (*manifest["files"], outputs.REPORT, outputs.MANIFEST):
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, temporary / name)
        crate.add(temporary, Path())
    newest.write_headlines()
    return target


def keep(root: Path, name: str) -> Path:
    """Copy the collected tables of a part of a study to `results/blocks/<preset>/<name>`.

    They are all that `pool` needs: a study goes on elsewhere without runs and checkpoints.

    Raises:
        UserError: the tables do not follow from the run folders, the code that trained was not
            committed, a seed was trained on two kinds of machine, or there is a block of this name.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._=-]*", name):
        raise UserError(f"a block cannot be called {name!r}; use letters, digits, . _ = and -")
    target = paths.BLOCKS / root.name / name
    if target.exists():
        raise UserError(f"{target} exists; give the block another name, or delete that one")
    collected = reading.load(root)
    _require_committed(collected)
    if (mixed := provenance.mixed(collected)) is not None:
        raise UserError(f"{mixed}; {ONE_MACHINE}")
    _require_of_runs(collected)
    with atomic_folder(target) as temporary:
        shutil.copytree(root / outputs.COLLECTED, temporary / outputs.COLLECTED)
        if (root / outputs.LISTING).is_file():
            shutil.copyfile(root / outputs.LISTING, temporary / outputs.LISTING)
    return target


def _require_committed(collected: reading.Collected, *analysed_by: dict | None) -> None:
    """Refuse results of code that is in no commit."""
    trained_by = [one["code"] for one in collected.environments.values()]
    states = [one or {} for one in [*analysed_by, *trained_by]]
    if reasons := [own["reason"] for own in states if own.get("reason")]:
        raise UserError(f"{collected.root} cannot be traced to a commit: {reasons[0]}; use a clone")
    if any(own.get("dirty") is not False for own in states):
        raise UserError(
            f"{collected.root} was made by code that is not committed; commit, then run "
            "snakemake again"
        )


def _require_of_runs(collected: reading.Collected) -> None:
    """Refuse tables that do not follow from the run folders beside them."""
    with tempfile.TemporaryDirectory() as scratch:
        again, root = Path(scratch), collected.root
        wanted = diverged.attempted(collected)
        for path in collect.write(root, wanted, again, collected.planned):
            own = root / path.relative_to(again)
            if not own.is_file() or sha256(own) != sha256(path):
                raise UserError(
                    f"{own} does not follow from the run folders; delete it and run snakemake"
                )
