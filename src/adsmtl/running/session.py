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
from adsmtl.files import digest, read_json, write_json, write_text
from adsmtl.running import checkpoint, trajectories
from adsmtl.running.progress import ProgressLine
from adsmtl.study import Run
from adsmtl.training import capacity
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine, alike

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
    replicas: int | None = None,
) -> None:
    """Train runs and write `metrics.json`, `history.jsonl` and a checkpoint for each.

    Runs that are finished already, with the same configuration, data, code and kind of machine,
    are kept; only the names that people see are brought up to date. Runs that follow another
    arm come after it. After every epoch the state is kept in `resume.safetensors`, from which an
    interrupted run continues to the same bits. It is removed when all are done, so a failed
    run costs the others nothing.

    Args:
        prepared: by task, for every task of the runs.
        root: the preset's results folder.
        say: takes one line of progress at a time.
        replicas: how many runs to train at once, at most; by default the machine decides
            (`adsmtl.training.capacity`).

    Raises:
        UserError: a run's loss stopped being finite (the others are written first), or a run
            follows an arm that is not finished.
    """
    failed = []
    for wave in ([r for r in runs if r.follows is None], [r for r in runs if r.follows]):
        ready = [trajectories.attached(run, root) for run in wave]
        pending = [run for run in ready if not _kept(run, prepared, machine, root, say)]
        for group in _groups(pending, prepared, machine, replicas):
            failed += _train_group(group, prepared, machine, root, say)
    if failed:
        raise UserError(
            f"the loss of {', '.join(run.name for run in failed)} is not finite; lower "
            "training.learning_rate or the dropout rate. Finished runs were kept"
        )
    for run in runs:
        (paths.run(root, run.arm_id, run.seed) / RESUME).unlink(missing_ok=True)


def _kept(
    run: Run,
    prepared: Mapping[str, Prepared],
    machine: Machine,
    root: Path,
    say: Callable[[str], None],
) -> bool:
    """Whether a run is finished as it would be trained now; then its names are brought up."""
    if not finished(run, prepared, machine, root):
        return False
    path = paths.run(root, run.arm_id, run.seed) / METRICS
    metrics = read_json(path)
    if any(metrics.get(key) != name for key, name in run.arm.names().items()):
        write_json(path, {**metrics, **run.arm.names()})
    say(f"{run.name}: finished before, kept")
    return True


def finished(run: Run, prepared: Mapping[str, Prepared], machine: Machine, root: Path) -> bool:
    """Whether the files of a run are all there and are those that training it now would give.

    Args:
        run: with the trajectory of the arm that it follows, if any.
        prepared: by task, for every task of the run's study.
        root: the preset's results folder.
    """
    folder = paths.run(root, run.arm_id, run.seed)
    if any(not (folder / name).is_file() for name in (METRICS, HISTORY, CHECKPOINT)):
        return False
    return read_json(folder / METRICS).get("identity") == identity(run, prepared, machine)


def _groups(
    runs: Sequence[Run],
    prepared: Mapping[str, Prepared],
    machine: Machine,
    replicas: int | None,
) -> list[list[Run]]:
    """Runs that one engine trains: alike, and as many as fit."""
    groups: list[tuple[tuple, list[Run]]] = []
    for run in runs:
        own = alike(run, prepared)
        group = next((members for key, members in groups if key == own), None)
        if group is None:
            groups.append((own, [run]))
        else:
            group.append(run)
    result = []
    for _, members in groups:
        size = capacity.replicas(members, prepared, machine, replicas)
        result += [members[start : start + size] for start in range(0, len(members), size)]
    return result


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
    identities = [identity(run, prepared, machine) for run in runs]
    for folder in folders:  # of an earlier training; none is finished until this one is
        (folder / METRICS).unlink(missing_ok=True)
    _resume(engine, folders, identities, say)
    line = ProgressLine(engine, say)
    while engine.epoch < engine.training.epochs:
        engine.run_epoch(line.step)
        line.epoch_done()
        for r, folder in enumerate(folders):
            facts = {"identity": identities[r], "history": engine.history[r]}
            checkpoint.save(folder / RESUME, engine.state(r), facts)
    return _finish(engine, folders, prepared)


def identity(run: Run, prepared: Mapping[str, Prepared], machine: Machine) -> dict[str, Any]:
    """What decides a run's numbers: two runs of equal identity need not both be trained."""
    return {
        "config_hash": run.config_hash,
        "data": {name: prepared[name].card["digest"] for name in run.study_tasks},
        "trajectory": None if run.trajectory is None else digest(list(run.trajectory)),
        "code": revision.training(),
        "torch": torch.__version__,
        "device": machine.device.type,
        "precision": machine.precision,
        "threads": machine.threads,
    }


def _resume(
    engine: Engine, folders: Sequence[Path], identities: Sequence[dict], say: Callable[[str], None]
) -> None:
    found = [checkpoint.load(folder / RESUME) for folder in folders]
    if any(
        state is None or state[1]["identity"] != own
        for state, own in zip(found, identities, strict=True)
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
    tested = {name: engine.scores(name, "test") for name in engine.tasks}
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
        last = history[-1]["tasks"]
        own = {
            name: {"train": last[name]["train"], "val": last[name]["val"], "test": scores[r]}
            for name, scores in tested.items()
        }
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
        **run.arm.names(),
        "seed": run.seed,
        "preset": run.preset,
        "config_hash": run.config_hash,
        "config": run.config(),
        "identity": identity(run, prepared, engine.machine),
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
