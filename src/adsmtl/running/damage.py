"""Whether the files of a finished run are those that were written."""

import json
from collections.abc import Collection
from pathlib import Path

from adsmtl import seals
from adsmtl.errors import UserError
from adsmtl.files import read_json, sha256
from adsmtl.running import checkpoint
from adsmtl.running.names import CHECKPOINT, HISTORY, METRICS, OWN, PREDICTIONS


def found(folder: Path, needed: Collection[str]) -> str | None:
    """What is damaged of a run, in words; None where nothing is, or where it is not finished.

    Runs of this version are sealed (`adsmtl.seals`), and every byte is compared. Older ones are
    not; of these it is seen whether metrics and history can be read, and whether predictions and
    parameters are whole.

    Args:
        folder: of the run.
        needed: the files without which it is not finished; others may be missing.
    """
    if not (folder / METRICS).is_file():
        return None
    lost = [name for name in OWN if name in needed and not (folder / name).is_file()]
    if lost:
        return _said(dict.fromkeys(lost, "is missing"))
    try:
        metrics = read_json(folder / METRICS)
        sealed = seals.read(folder)
    except UserError as error:
        return str(error)
    if not isinstance(metrics, dict):
        return f"{METRICS} holds no object"
    wrong = {
        name: fault
        for name, fault in seals.differing(folder).items()
        if name in OWN and (fault != "is missing" or name in needed)
    }
    if metrics.get("sealed"):
        wrong |= {name: f"is not in {seals.FILE}" for name in OWN if name not in (sealed or {})}
    elif METRICS not in (sealed or {}):
        wrong |= _unsealed(folder, metrics, needed)
    return _said(wrong) if wrong else None


def _unsealed(folder: Path, metrics: dict, needed: Collection[str]) -> dict[str, str]:
    """What is wrong with a run of a version that sealed none."""
    wrong = {}
    try:
        lines = (folder / HISTORY).read_text(encoding="utf-8").splitlines()
        if [json.loads(line)["epoch"] for line in lines] != [*range(1, metrics["epochs"] + 1)]:
            wrong[HISTORY] = "does not have the epochs of the run"
    except (ValueError, KeyError, TypeError):
        wrong[HISTORY] = "cannot be read"
    if sha256(folder / PREDICTIONS) != metrics.get("predictions_sha256"):
        wrong[PREDICTIONS] = "was changed"
    if CHECKPOINT in needed and checkpoint.load(folder / CHECKPOINT) is None:
        wrong[CHECKPOINT] = "cannot be read"
    return wrong


def _said(wrong: dict[str, str]) -> str:
    return ", ".join(f"{name} {fault}" for name, fault in wrong.items())
