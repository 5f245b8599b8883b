"""Trains runs and writes their folders: resume, record, finish."""

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import adsmtl
from adsmtl import paths, revision
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.files import write_json, write_text
from adsmtl.spec import Run
from adsmtl.training import checkpoint
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine, steps_per_epoch
from adsmtl.training.progress import ProgressLine

CHECKPOINT = "checkpoint.safetensors"
HISTORY = "history.jsonl"
METRICS = "metrics.json"
RESUME = "resume.safetensors"


def train(
    runs: Sequence[Run],
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
) -> None:
    """Train runs and write `metrics.json`, `history.jsonl` and a checkpoint for each.

    On a CUDA device runs that fit together are trained at once; on a CPU, where that gains
    nothing, one after the other. After every epoch the state is kept in `resume.safetensors`,
    from which an interrupted run continues to the same bits. It is removed when all are done, so
    a failed run costs the others nothing.

    Args:
        prepared: by task, for every task of the study.
        root: the preset's results folder.
        say: takes one line of progress at a time.

    Raises:
        UserError: a run's loss stopped being finite; the others are written first.
    """
    failed = []
    for group in _groups(runs, prepared, machine):
        failed += _train_group(group, prepared, machine, root, say)
    if failed:
        raise UserError(
            f"the loss of {', '.join(run.name for run in failed)} is not finite; lower "
            "training.learning_rate or the dropout rate. Finished runs were kept"
        )
    for run in runs:
        (paths.run(root, run.arm_id, run.seed) / RESUME).unlink(missing_ok=True)


def _groups(
    runs: Sequence[Run], prepared: Mapping[str, Prepared], machine: Machine
) -> list[list[Run]]:
    """Runs that one engine trains: with the same tasks, settings and number of steps."""
    if machine.device.type == "cpu":
        return [[run] for run in runs]
    groups: dict[str, list[Run]] = {}
    for run in runs:
        config = run.config()
        alike = (run.tasks, config["tasks"], config["training"], steps_per_epoch(run, prepared))
        groups.setdefault(repr(alike), []).append(run)
    return list(groups.values())


def _train_group(
    runs: Sequence[Run],
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
) -> list[Run]:
    """Train runs at once; the ones whose loss stopped being finite."""
    engine = Engine(runs, prepared, machine)
    folders = [paths.run(root, run.arm_id, run.seed) for run in runs]
    identity = _identity(engine, prepared)
    for folder in folders:  # of an earlier training; none is finished until this one is
        (folder / METRICS).unlink(missing_ok=True)
    _resume(engine, folders, identity, say)
    line = ProgressLine(engine, say)
    while engine.epoch < engine.training.epochs:
        engine.run_epoch(line.step)
        line.epoch_done()
        for r, folder in enumerate(folders):
            facts = {"identity": identity[r], "history": engine.history[r]}
            checkpoint.save(folder / RESUME, engine.state(r), facts)
    return _finish(engine, folders, prepared)


def _identity(engine: Engine, prepared: Mapping[str, Prepared]) -> list[dict[str, Any]]:
    """What has to agree for a state to be continued, per run."""
    digests = {name: data.card["digest"] for name, data in prepared.items()}
    return [
        {
            "config_hash": run.config_hash,
            "data": digests,
            "device": engine.machine.device.type,
            "precision": engine.machine.precision,
            "threads": engine.machine.threads,
            "version": adsmtl.__version__,
        }
        for run in engine.runs
    ]


def _resume(
    engine: Engine, folders: Sequence[Path], identity: Sequence[dict], say: Callable[[str], None]
) -> None:
    found = [checkpoint.load(folder / RESUME) for folder in folders]
    if any(
        state is None or state[1]["identity"] != own
        for state, own in zip(found, identity, strict=True)
    ):
        return
    histories = [facts["history"] for _, facts in found]
    if len({len(history) for history in histories}) > 1:
        return
    engine.load_state([tensors for tensors, _ in found], histories)
    say(f"{_names(engine.runs)}: continues after epoch {engine.epoch}")


def _names(runs: Sequence[Run]) -> str:
    return runs[0].name if len(runs) == 1 else f"{len(runs)} runs"


def _finish(engine: Engine, folders: Sequence[Path], prepared: Mapping[str, Prepared]) -> list[Run]:
    """Evaluate and write every run that did not fail; the ones that did."""
    began = time.perf_counter()
    limits = {"train": engine.training.eval_train, "val": None, "test": None}
    scores = {
        name: {split: engine.scores(name, split, limit) for split, limit in limits.items()}
        for name in engine.tasks
    }
    evaluation = time.perf_counter() - began
    failed = [r for r in range(len(engine.runs)) if engine.failed(r)]
    for r, folder in enumerate(folders):
        if r in failed:
            continue
        history = engine.history[r]
        write_text(folder / HISTORY, "".join(json.dumps(record) + "\n" for record in history))
        params = {
            name.removeprefix("param."): value
            for name, value in engine.state(r).items()
            if name.startswith("param.")
        }
        run = engine.runs[r]
        facts = {"arm": run.arm_id, "seed": run.seed, "config_hash": run.config_hash}
        checkpoint.save(folder / CHECKPOINT, params, facts)
        own = {name: {s: values[r] for s, values in scores[name].items()} for name in scores}
        write_json(folder / METRICS, _metrics(engine, r, own, evaluation, prepared))
    return [engine.runs[r] for r in failed]


def _metrics(
    engine: Engine,
    r: int,
    scores: Mapping[str, dict[str, dict[str, float]]],
    evaluation: float,
    prepared: Mapping[str, Prepared],
) -> dict[str, Any]:
    """The content of `metrics.json`; see docs/formats.md."""
    run, history = engine.runs[r], engine.history[r]
    tasks = {}
    for name, task in engine.tasks.items():
        best = max(history, key=lambda record: record["tasks"][name]["val"][task.metric])
        splits = engine.data[name].splits
        final = scores[name]
        tasks[name] = {
            "dataset": task.dataset,
            "target": task.target,
            "classes": engine.data[name].classes,
            "examples": {split: len(positions[r]) for split, positions in splits.items()},
            "final": {**final, "gap": final["train"][task.metric] - final["test"][task.metric]},
            "best_val": {"epoch": best["epoch"], **best["tasks"][name]["val"]},
        }
    seconds = sum(record["seconds"] for record in history)
    seen = sum(task["examples"]["train"] for task in tasks.values()) * len(history)
    return {
        "arm": run.arm_id,
        "label": run.arm.label,
        "group": run.arm.group,
        "seed": run.seed,
        "preset": run.preset,
        "config_hash": run.config_hash,
        "config": run.config(),
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
            for data in prepared.values()
        },
        "versions": {
            "adsmtl": adsmtl.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
