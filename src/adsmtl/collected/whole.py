"""Whether the files of run folders are those that their runs wrote; `adsmtl.seals`."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from adsmtl import seals
from adsmtl.errors import UserError
from adsmtl.files import read_json

METRICS, HISTORY, PREDICTIONS = "metrics.json", "history.jsonl", "predictions.npz"
CHECKPOINT = "checkpoint.safetensors"
TEST_TIME, AFFINITY = "test-time.json", "affinity.json"  # of runs that have them
_SHOWN = 10  # damaged files that a message names


def faults(folder: Path) -> dict[str, str]:
    """By file name, what is wrong with the files of a finished run, beside what is in them.

    A run whose metrics say that it is sealed must be, and so must all that is made from it. The
    runs of older versions are not, and have nothing to differ from. Parameters may be missing: an
    archive does without them.
    """
    found = seals.differing(folder)
    if found.get(CHECKPOINT) == "is missing":
        del found[CHECKPOINT]
    if seals.FILE in found or found.get(METRICS) or not (folder / METRICS).is_file():
        return found
    sealed, metrics = seals.read(folder) or {}, _json(folder / METRICS)
    if metrics is None:
        return found | {METRICS: "cannot be read"}
    if metrics.get("sealed"):
        named = (METRICS, HISTORY, PREDICTIONS, TEST_TIME, AFFINITY)
        open_ = [name for name in named if (folder / name).is_file() and name not in sealed]
        found |= dict.fromkeys(open_, f"is not in {seals.FILE}")
    if TEST_TIME not in found and CHECKPOINT in sealed and (folder / TEST_TIME).is_file():
        identity = (_json(folder / TEST_TIME) or {}).get("identity", {})
        if identity.get("checkpoint", sealed[CHECKPOINT]) != sealed[CHECKPOINT]:
            found[TEST_TIME] = "evaluates other parameters than those of the run"
    return found


def require(folders: Iterable[Path]) -> None:
    """Refuse runs with files that are not those that they wrote.

    Raises:
        UserError: names the files, and the command that mends them.
    """
    damaged = {folder: found for folder in folders if (found := faults(folder))}
    if not damaged:
        return
    lines = [f"{folder / name} {own}" for folder, of in damaged.items() for name, own in of.items()]
    shown = lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"and {len(lines) - _SHOWN} more"]
    if {name for found in damaged.values() for name in found} <= {TEST_TIME, AFFINITY}:
        remedy = "delete these files and run snakemake"
    else:
        arms = " ".join(sorted({folder.parent.name for folder in damaged}))
        seeds = " ".join(sorted({folder.name.removeprefix("seed=") for folder in damaged}))
        remedy = (
            f"`adsmtl train --arms {arms} --seeds {seeds}` trains again what is damaged; or delete "
            "these folders and run snakemake"
        )
    raise UserError("\n".join([f"damaged runs: {len(damaged)}; {remedy}", *shown]))


def seal(folders: Sequence[Path]) -> int:
    """Seal the runs that an older version left unsealed, as they are; how many there were."""
    unsealed = {
        folder: own for folder in folders if METRICS not in (own := seals.read(folder) or {})
    }
    for folder, sealed in unsealed.items():
        names = {METRICS, HISTORY, PREDICTIONS, CHECKPOINT, TEST_TIME, AFFINITY} - set(sealed)
        seals.update(folder, [name for name in names if (folder / name).is_file()])
    return len(unsealed)


def _json(path: Path) -> dict | None:
    try:
        content = read_json(path)
    except UserError:
        return None
    return content if isinstance(content, dict) else None
