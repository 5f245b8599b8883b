"""What a finished run leaves in its folder, and the names of the files."""

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

import adsmtl
from adsmtl import revision
from adsmtl.data.prepared import Prepared
from adsmtl.files import write_json, write_text
from adsmtl.running import checkpoint
from adsmtl.training.engine import Engine

CHECKPOINT = "checkpoint.safetensors"
HISTORY = "history.jsonl"
METRICS = "metrics.json"
RESUME = "resume.safetensors"


def write(folder: Path, engine: Engine, r: int, metrics: Mapping[str, Any]) -> None:
    """Write the history and the parameters of replica `r`, and last `metrics.json`."""
    run, history = engine.runs[r], engine.history[r]
    write_text(folder / HISTORY, "".join(json.dumps(record) + "\n" for record in history))
    params = {
        name.removeprefix("param."): value
        for name, value in engine.state(r).items()
        if name.startswith("param.")
    }
    facts = {"arm": run.arm_id, "seed": run.seed, "config_hash": run.config_hash}
    checkpoint.save(folder / CHECKPOINT, params, facts)
    write_json(folder / METRICS, metrics)


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
        evaluation: seconds that the evaluation on test data took.
        prepared: by task, for every task of the run's study.
        identity: of the run.
    """
    run, history = engine.runs[r], engine.history[r]
    seconds = sum(record["seconds"] for record in history)
    seen = sum(task["examples"]["train"] for task in tasks.values()) * len(history)
    return {
        "arm": run.arm_id,
        **run.arm.names(),
        "seed": run.seed,
        "preset": run.preset,
        "config_hash": run.config_hash,
        "config": run.config(),
        "identity": identity,
        "epochs": engine.epoch,
        "steps_per_epoch": engine.steps,
        "tasks": tasks,
        "seconds": {"total": seconds + evaluation, "per_epoch": seconds / len(history)},
        "examples_per_second": seen / seconds,
        "device": engine.machine.describe(),
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
