"""`manifest.json`: what every number of a results folder came from."""

import platform
from pathlib import Path
from typing import Any

import adsmtl
from adsmtl import outputs, revision
from adsmtl.collected import diverged, provenance
from adsmtl.collected.reading import Collected
from adsmtl.files import digest, sha256, write_json

LIBRARIES = (
    *("torch", "torchaudio", "torchvision", "numpy", "safetensors", "pydantic", "soundfile"),
    *("scikit-learn", "pandas", "scipy", "matplotlib", "jinja2", "snakemake"),
    *("dvc", "mlflow"),
)


def write(collected: Collected) -> Path:
    """Write `manifest.json` beside the collected tables; equal inputs give equal bytes.

    Raises:
        UserError: the folder cannot be written.
    """
    path = collected.root / outputs.MANIFEST
    write_json(path, build(collected))
    return path


def build(collected: Collected) -> dict[str, Any]:
    """The manifest as JSON-able values; file names are relative to the folder.

    `config_hash` is the digest of the configuration hashes of all runs. `code` and `libraries`
    are those that analysed the runs; what trained a run is in `collected/environments.json`,
    and the digests of its own files are in `collected/runs.csv`. `report` is the digest of the
    page, None where it was not written yet.
    """
    root, runs = collected.root, collected.per_run
    page = root / outputs.REPORT
    files = [path for path in _evidence(collected) if path.is_file()]
    return {
        "adsmtl": adsmtl.__version__,
        "code": revision.code(),
        "preset": provenance.preset(collected),
        "embedded": provenance.embedded(collected),
        "config_hash": digest(sorted(runs["config_hash"])),
        "arms": collected.labels,
        "seeds": collected.seeds,
        "runs": len(runs),
        "unfinished": provenance.interim(collected),
        "blocks": collected.study["blocks"],
        "devices": provenance.devices(collected),
        "data": provenance.data_sets(collected),
        "libraries": {"python": platform.python_version()}
        | {name: revision.installed(name) for name in LIBRARIES},
        "files": {path.relative_to(root).as_posix(): sha256(path) for path in files},
        "report": sha256(page) if page.is_file() else None,
    }


def _evidence(collected: Collected) -> list[Path]:
    """The files whose digests the manifest holds."""
    root = collected.root
    judged = outputs.judged(root, diverged.attempted_traits(collected))
    return [*outputs.collected(root), *judged, root / outputs.LISTING]
