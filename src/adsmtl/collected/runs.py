"""Finished runs of a results folder as tidy frames; `docs/formats.md` is the contract."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from adsmtl import outputs, paths
from adsmtl.errors import UserError
from adsmtl.files import read_json

# Checked on reading are the keys that the analysis cannot do without; others pass through.
_OPEN = ConfigDict(extra="allow")
_NAMES = ("group_title", "baseline", "role", "family", "tunable", "zero")
_Scores = dict[str, float | None]


class _Final(BaseModel):
    model_config = _OPEN
    train: _Scores
    val: _Scores
    test: _Scores
    gap: float | None


class _Task(BaseModel):
    model_config = _OPEN
    dataset: str
    classes: int
    final: _Final
    best_val: _Scores


class _Arm(BaseModel):
    model_config = _OPEN
    dropout: dict[str, Any]


class _Config(BaseModel):
    model_config = _OPEN
    arm: _Arm


class _Metrics(BaseModel):
    model_config = _OPEN
    arm: str
    label: str
    group: str
    group_title: str
    baseline: str | None
    role: str | None
    family: str | None
    tunable: float | None
    zero: str | None
    seed: int
    preset: str
    config_hash: str
    config: _Config
    tasks: dict[str, _Task]
    seconds: dict[str, float]
    device: dict[str, Any]
    data: dict[str, dict[str, Any]]
    versions: dict[str, str]


class _EpochTask(BaseModel):
    model_config = _OPEN
    train: _Scores
    val: _Scores
    rates: _Scores


class _Epoch(BaseModel):
    model_config = _OPEN
    epoch: int
    tasks: dict[str, _EpochTask]


@dataclass(frozen=True)
class Run:
    """One finished run: its folder, `metrics.json` and the lines of `history.jsonl`."""

    folder: Path
    metrics: dict[str, Any]
    history: list[dict[str, Any]]

    @property
    def arm(self) -> str:
        return self.metrics["arm"]

    @property
    def seed(self) -> int:
        return self.metrics["seed"]

    @property
    def dropout(self) -> dict[str, Any]:
        """The arm's dropout settings, of which `schedule` and `rate` are read here."""
        return self.metrics["config"]["arm"]["dropout"]


def load(root: Path, wanted: Iterable[tuple[str, int]] | None = None) -> list[Run]:
    """Read runs below the results folder `root`, sorted by arm and seed.

    Args:
        root: a results folder, such as `results/quick`.
        wanted: arms and seeds that must be there; all finished runs if None.

    Raises:
        UserError: a file is missing or malformed, or there is no finished run at all;
            names the file, the key and what to do.
    """
    if wanted is None:
        folders = sorted(file.parent for file in (root / "runs").glob("*/seed=*/metrics.json"))
    else:
        folders = [paths.run(root, arm, seed) for arm, seed in wanted]
    return _load(root, folders)


def select(
    root: Path, order: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Run]:
    """Runs of the arms in `order`, sorted by that order and by seed.

    Args:
        root: a results folder.
        order: arms to read; all arms on disk, references first, if None.
        seeds: seeds that every arm must have; whichever are finished if None.

    Raises:
        UserError: as `load`; also if an arm of `order` has no finished run.
    """
    wanted = None
    if order is not None and seeds is not None:
        wanted = [(arm, seed) for arm in order for seed in seeds]
    runs = load(root, wanted)
    if order is None:
        ranked = sorted(runs, key=lambda run: (run.metrics["group"] != "reference", run.arm))
        order = list(dict.fromkeys(run.arm for run in ranked))
    missing = [arm for arm in order if all(run.arm != arm for run in runs)]
    if missing:
        raise UserError(
            f"no finished run of {', '.join(missing)} below {root / 'runs'};"
            " train them first: `snakemake`"
        )
    rank = {arm: place for place, arm in enumerate(order)}
    kept = [run for run in runs if run.arm in rank and (seeds is None or run.seed in seeds)]
    return sorted(kept, key=lambda run: (rank[run.arm], run.seed))


def traits(runs: Sequence[Run]) -> dict[str, outputs.Traits]:
    """What `products` must know of every arm, by arm and in the order of `runs`."""
    return {
        run.arm: outputs.Traits(
            group=run.metrics["group"],
            baseline=run.metrics["baseline"],
            tasks=tuple(run.metrics["tasks"]),
            schedule=run.dropout["schedule"],
            rate=run.dropout.get("rate"),
            train_fraction=run.metrics["config"]["arm"].get("train_fraction", 1.0),
        )
        for run in runs
    }


def finished(
    root: Path, order: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Run]:
    """Runs of the arms in `order` and of `seeds` that have finished, sorted by arm and seed.

    Unlike with `select`, arms and seeds may be missing; None means all on disk.

    Raises:
        UserError: a file is malformed, or there is no such run at all.
    """
    names = None if seeds is None else {f"seed={seed}" for seed in seeds}
    folders = [
        folder
        for folder in (file.parent for file in (root / "runs").glob("*/seed=*/metrics.json"))
        if (order is None or folder.parent.name in order)
        and (names is None or folder.name in names)
    ]
    return _load(root, folders)


def final_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per arm, seed and task after the last epoch, in the order of `runs`.

    Columns: arm, label, group, seed, task; group_title and baseline (of its group), role,
    family, tunable (its value of what trials of its family differ in) and zero (the arm that is
    one more trial, at 0), see `adsmtl.study.Arm`, each None where there is none; tasks (names
    of all tasks of the run, joined by "+"), dataset, schedule, rate (`rate`, or `p0` of the
    adaptive schedule; NaN where there is none), train_fraction, l2, site, `<split>_<metric>` for
    every metric found (accuracies as fractions, losses in nats), gap (train minus test
    accuracy), best_val_epoch, best_val_accuracy, seconds_per_epoch.
    """
    rows = []
    for run in runs:
        arm = run.metrics["config"]["arm"]
        for name, task in run.metrics["tasks"].items():
            row = _identity(run, name) | {key: run.metrics[key] for key in _NAMES}
            row |= {
                "dataset": task["dataset"],
                "schedule": run.dropout.get("schedule"),
                "rate": run.dropout.get("rate", run.dropout.get("p0")),
                "tasks": "+".join(run.metrics["tasks"]),
                "train_fraction": arm.get("train_fraction", 1.0),
                "l2": arm.get("l2", 0.0),
                "site": arm.get("site", "all"),
                "gap": task["final"]["gap"],
                "best_val_epoch": task["best_val"].get("epoch"),
                "best_val_accuracy": task["best_val"].get("accuracy"),
                "seconds_per_epoch": run.metrics["seconds"].get("per_epoch"),
            }
            for split in ("train", "val", "test"):
                row |= {f"{split}_{key}": value for key, value in task["final"][split].items()}
            rows.append(row)
    return pd.DataFrame(rows)


def history_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per arm, seed, epoch and task, in the order of `runs`.

    Columns: arm, label, group, seed, task, schedule, epoch (from 1), `train_<metric>` and
    `val_<metric>` evaluated with all units on, `rate_<site>` (probability that a unit is
    dropped), difficulty, smoothed, weight (of the task's loss), gradient (norm on the shared
    layer, mean over steps), cosine (between the tasks' gradients on the shared layer, mean over
    steps and over the pairs that the task is part of; NaN for a single task).
    """
    rows = []
    for run in runs:
        for epoch in run.history:
            for name, task in epoch["tasks"].items():
                row = _identity(run, name) | {
                    "schedule": run.dropout.get("schedule"),
                    "epoch": epoch["epoch"],
                    "difficulty": task.get("difficulty"),
                    "smoothed": task.get("smoothed"),
                    "weight": task.get("weight"),
                    "gradient": task.get("gradient"),
                    "cosine": _cosine(epoch, name),
                }
                for split in ("train", "val"):
                    row |= {f"{split}_{key}": value for key, value in task[split].items()}
                row |= {f"rate_{site}": value for site, value in task["rates"].items()}
                rows.append(row)
    return pd.DataFrame(rows)


def _load(root: Path, folders: Sequence[Path]) -> list[Run]:
    if not folders:
        raise UserError(f"no finished run below {root / 'runs'}; train first: `snakemake`")
    runs = [_read(folder) for folder in folders]
    return sorted(runs, key=lambda run: (run.arm, run.seed))


def _cosine(epoch: dict[str, Any], task: str) -> float | None:
    own = [value for pair, value in epoch.get("cosine", {}).items() if task in pair.split(":")]
    return sum(own) / len(own) if own else None


def _identity(run: Run, task: str) -> dict[str, Any]:
    metrics = run.metrics
    return {key: metrics[key] for key in ("arm", "label", "group", "seed")} | {"task": task}


def _read(folder: Path) -> Run:
    metrics_path, history_path = folder / "metrics.json", folder / "history.jsonl"
    if not metrics_path.is_file():
        raise UserError(f"{metrics_path} is missing; train this run first: `snakemake`")
    metrics = read_json(metrics_path)
    _check(_Metrics, metrics, str(metrics_path))
    placed = re.fullmatch(r"seed=(\d+)", folder.name)
    if (metrics["arm"], metrics["seed"]) != (folder.parent.name, int(placed[1]) if placed else -1):
        raise UserError(
            f"{metrics_path} belongs to arm {metrics['arm']}, seed {metrics['seed']};"
            " move it to the folder of that name, or delete it and train again"
        )
    return Run(folder, metrics, _read_history(history_path))


def _read_history(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise UserError(f"{path} is missing; delete its folder and train this run again")
    epochs = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            epochs.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise UserError(
                f"{path}, line {number}, is not valid JSON ({error});"
                " delete its folder and train this run again"
            ) from error
        _check(_Epoch, epochs[-1], f"{path}, line {number}")
    return epochs


def _check(model: type[BaseModel], value: Any, where: str) -> None:
    try:
        model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"{where}: {key}: {first['msg']}; delete its folder and train this run again"
        ) from error
