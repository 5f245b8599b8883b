"""What a finished run leaves in its folder, and the names of the files."""

import json
import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import adsmtl
from adsmtl import revision, seals
from adsmtl.data.prepared import Prepared
from adsmtl.files import sha256, write_json, write_text
from adsmtl.running import checkpoint, predictions
from adsmtl.running.names import AFFINITY, CHECKPOINT, HISTORY, METRICS, OWN, PREDICTIONS, TEST_TIME
from adsmtl.study import Run
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import Predictions


def needed(run: Run) -> tuple[str, ...]:
    """The files without which a run is not finished.

    Its parameters are among them only where they are loaded again, so that an archive may do
    without those of all other runs.
    """
    kept = (METRICS, HISTORY, PREDICTIONS)
    return (*kept, CHECKPOINT) if run.reloaded else kept


def write(
    folder: Path,
    engine: Engine,
    r: int,
    metrics: Mapping[str, Any],
    predicted: Mapping[str, Predictions],
) -> None:
    """Write history, predictions, parameters and `metrics.json` of replica `r`, and seal them.

    The seal comes last: a run whose metrics are newer was interrupted here, and is written again
    from its last epoch.

    Args:
        metrics: what `metrics` returns; the digest of the predictions is added.
        predicted: by task, on the test split.
    """
    run = engine.runs[r]
    params = {
        name.removeprefix("param."): value
        for name, value in engine.state(r).items()
        if name.startswith("param.")
    }
    _write(folder, run, engine.history[r], params, predicted, metrics)


def write_unfinished(
    folder: Path, run: Run, history: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]
) -> None:
    """The same of a run that was given up: parameters and predictions that mean nothing are left
    out, their files are empty.

    Args:
        history: without numbers that JSON has no word for.
        facts: what `started` returns, and why it was given up.
    """
    _write(folder, run, history, {}, {}, facts)


def _write(
    folder: Path,
    run: Run,
    history: Sequence[Mapping[str, Any]],
    params: Mapping[str, Tensor],
    predicted: Mapping[str, Predictions],
    metrics: Mapping[str, Any],
) -> None:
    write_text(folder / HISTORY, "".join(json.dumps(record) + "\n" for record in history))
    facts = {"arm": run.arm_id, "seed": run.seed, "config_hash": run.config_hash}
    checkpoint.save(folder / CHECKPOINT, params, facts)
    predictions.save(folder / PREDICTIONS, predicted)
    digest = sha256(folder / PREDICTIONS)
    write_json(folder / METRICS, {**metrics, "predictions_sha256": digest, "sealed": True})
    # Measured by an older version, which sealed nothing.
    apart = {AFFINITY} - set(seals.read(folder) or {}) if (folder / AFFINITY).is_file() else ()
    seals.update(folder, [*OWN, *apart])


def reopen(folder: Path) -> None:
    """Make a run one that is not finished, before it is trained again.

    An evaluation of its old parameters is no longer sealed, so nobody takes it for one of the new.
    """
    (folder / METRICS).unlink(missing_ok=True)
    seals.update(folder, drop=(*OWN, TEST_TIME))


def metrics(
    engine: Engine,
    r: int,
    tasks: Mapping[str, dict[str, Any]],
    evaluation: float,
    prepared: Mapping[str, Prepared],
    identity: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of `metrics.json` of replica `r`; see docs/formats.md.

    Args:
        tasks: its part of `adsmtl.training.outcome.outcomes`.
        evaluation: seconds that the outcomes took after the last epoch.
        prepared: by task, for every task of the run's study.
        identity: of the run.
    """
    run, history = engine.runs[r], engine.history[r]
    seconds = sum(record["seconds"] for record in history)
    seen = sum(task["examples"]["train"] for task in tasks.values()) * len(history)
    return {
        **started(run, prepared, identity, engine.machine),
        "epochs": engine.epoch,
        "steps_per_epoch": engine.steps,
        "tasks": tasks,
        "seconds": {"total": seconds + evaluation, "per_epoch": seconds / len(history)},
        "examples_per_second": seen / seconds,
    }


def started(
    run: Run, prepared: Mapping[str, Prepared], identity: Mapping[str, Any], machine: Machine
) -> dict[str, Any]:
    """The part of `metrics.json` that is known before a run is trained."""
    return {
        "arm": run.arm_id,
        **run.arm.names(),
        "seed": run.seed,
        "fold": fold(run, prepared),
        "preset": run.preset,
        "config_hash": run.config_hash,
        "config": run.config(),
        "identity": identity,
        "device": machine.describe(),
        "code": revision.code(),
        "data": {
            data.dataset: {
                "digest": data.card["digest"],
                "origin": data.card["source"]["origin"],
                "provenance": data.card["source"]["provenance"],
                "embedded": data.card["embedded"],
            }
            for data in (prepared[name] for name in run.study_tasks)
        },
        "versions": {
            "adsmtl": adsmtl.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def fold(run: Run, prepared: Mapping[str, Prepared]) -> int:
    """The fold of a run: its seed modulo the number of folds of its study's data; 0 without."""
    cards = [prepared[name].card for name in run.study_tasks if prepared[name].split is None]
    return run.seed % math.lcm(*(len(card["folds"]) for card in cards))
