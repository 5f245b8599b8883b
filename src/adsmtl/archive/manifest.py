"""`manifest.json`: what every number of a results folder came from."""

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import adsmtl
from adsmtl import outputs, revision
from adsmtl.collected import provenance, runs
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
    path = root / outputs.MANIFEST
    write_json(path, build(root, runs.select(root, order, seeds)))
    return path


def build(root: Path, loaded: Sequence[runs.Run]) -> dict[str, Any]:
    """The manifest as JSON-able values; file names are relative to `root`.

    `config_hash` is the digest of the configuration hashes of all runs. `libraries` are those
    that analysed the runs; those that trained a run are in its own entry.
    """
    files = [path for path in _evidence(root, loaded) if path.is_file()]
    return {
        "adsmtl": adsmtl.__version__,
        "code": revision.code(),
        "preset": provenance.preset(loaded),
        "embedded": provenance.embedded(loaded),
        "config_hash": digest(sorted(run.metrics["config_hash"] for run in loaded)),
        "arms": {run.arm: run.metrics["label"] for run in loaded},
        "seeds": sorted({run.seed for run in loaded}),
        "devices": provenance.devices(loaded),
        "data": provenance.data_sets(loaded),
        "libraries": {"python": platform.python_version()}
        | {name: revision.installed(name) for name in LIBRARIES},
        "runs": [_run(root, run) for run in loaded],
        "files": {path.relative_to(root).as_posix(): sha256(path) for path in files},
    }


def _evidence(root: Path, loaded: Sequence[runs.Run]) -> list[Path]:
    """The files whose digests the manifest holds, besides the runs' own."""
    written = outputs.all_products(root, runs.traits(loaded))
    return [*written, root / outputs.LISTING, *outputs.claims(root)]


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
