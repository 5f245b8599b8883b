"""`manifest.json`: what every number of a results folder came from."""

import importlib.metadata
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import adsmtl
from adsmtl.analysis import products, provenance, runs
from adsmtl.files import digest, sha256, write_json

LIBRARIES = (
    *("torch", "torchaudio", "torchvision", "numpy", "safetensors", "pydantic", "soundfile"),
    *("scikit-learn", "pandas", "scipy", "statsmodels", "matplotlib", "jinja2", "snakemake"),
    *("dvc", "mlflow"),
)


def write(
    root: Path, order: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> Path:
    """Write `root/manifest.json`; without dates, so equal inputs give equal bytes.

    Args:
        root: a results folder, such as `results/quick`.
        order: arms that belong to it; all arms on disk if None.
        seeds: seeds that every arm must have; whichever are finished if None.

    Raises:
        UserError: runs are missing or malformed, or the folder cannot be written.
    """
    path = root / products.MANIFEST
    write_json(path, build(root, runs.select(root, order, seeds)))
    return path


def build(root: Path, loaded: Sequence[runs.Run]) -> dict[str, Any]:
    """The manifest as JSON-able values; file names are relative to `root`.

    `config_hash` is the digest of the configuration hashes of all runs. `libraries` are those
    that analysed the runs; those that trained a run are in its own entry.
    """
    files = [path for path in _evidence(root) if path.is_file()]
    return {
        "adsmtl": adsmtl.__version__,
        "code": code_revision(),
        "preset": provenance.preset(loaded),
        "embedded": provenance.embedded(loaded),
        "config_hash": digest(sorted(run.metrics["config_hash"] for run in loaded)),
        "arms": {run.arm: run.metrics["label"] for run in loaded},
        "seeds": sorted({run.seed for run in loaded}),
        "devices": provenance.devices(loaded),
        "data": provenance.data_sets(loaded),
        "libraries": {"python": platform.python_version()} | _versions(),
        "runs": [_run(root, run) for run in loaded],
        "files": {path.relative_to(root).as_posix(): sha256(path) for path in files},
    }


def code_revision(package: Path | None = None) -> dict[str, Any]:
    """Which state of the code is running.

    Args:
        package: folder of the package; the running one by default.

    Returns:
        commit, describe, dirty (tracked files differ from the commit) and reason; the first
        three are None, with the reason in words, where this is not a git checkout.
    """
    package = package or Path(adsmtl.__file__).parent
    try:
        # An installed copy may lie inside someone else's checkout; only a tracked file counts.
        _git(package, "ls-files", "--error-unmatch", "__init__.py")
        return {
            "commit": _git(package, "rev-parse", "HEAD"),
            "describe": _git(package, "describe", "--always", "--tags", "--dirty"),
            "dirty": bool(_git(package, "status", "--porcelain", "--untracked-files=no")),
            "reason": None,
        }
    except FileNotFoundError:
        reason = "git is not installed"
    except subprocess.CalledProcessError as error:
        first = (error.stderr.strip().splitlines() or ["git failed"])[0]
        reason = f"the package does not run from a git checkout of its own ({first})"
    return {"commit": None, "describe": None, "dirty": None, "reason": reason}


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def _evidence(root: Path) -> list[Path]:
    """The files whose digests the manifest holds, besides the runs' own."""
    return [*products.all_products(root), root / "claims.json", root / "claims.md"]


def _run(root: Path, run: runs.Run) -> dict[str, Any]:
    metrics = run.metrics
    return {
        "arm": run.arm,
        "seed": run.seed,
        "config_hash": metrics["config_hash"],
        "data": {name: data.get("digest") for name, data in sorted(metrics["data"].items())},
        "device": metrics["device"],
        "versions": metrics["versions"],
        "files": {
            (run.folder / name).relative_to(root).as_posix(): sha256(run.folder / name)
            for name in ("metrics.json", "history.jsonl")
        },
    }


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found
