"""Finished runs as training left them: a folder each; `docs/formats.md` is the contract."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from adsmtl import paths
from adsmtl.collected import whole
from adsmtl.collected.ranges import Accuracy, Cosines, Gap, Loss, Rates, Scores
from adsmtl.collected.whole import HISTORY, METRICS
from adsmtl.data.fetch import progress
from adsmtl.errors import UserError
from adsmtl.files import read_json
from adsmtl.validation import checked

DIVERGED = "diverged"  # a key of `metrics.json`, of a run that was given up
_REMEDY = "delete its folder and train this run again"


# Checked on reading are the keys that the analysis cannot do without; others pass through.
class _Final(BaseModel):
    train: Scores
    val: Scores
    test: Scores
    gap: Gap


class _Task(BaseModel):
    dataset: str
    target: str
    classes: int
    examples: dict[str, int]
    final: _Final
    best_val: Scores


class _Arm(BaseModel):
    dropout: dict[str, Any]


class _Config(BaseModel):
    arm: _Arm


class _Identity(BaseModel):
    code: dict[str, str]


class _Metrics(BaseModel):
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
    fold: int
    preset: str
    config_hash: str
    config: _Config
    identity: _Identity
    epochs: int = Field(ge=1)
    tasks: dict[str, _Task]
    seconds: dict[str, float]
    device: dict[str, Any]
    data: dict[str, dict[str, Any]]
    versions: dict[str, str]
    predictions_sha256: str


class _Divergence(BaseModel):
    epoch: int
    reason: str
    losses: dict[str, list[float | None]]


class _Diverged(BaseModel):
    arm: str
    label: str
    group: str
    group_title: str
    baseline: str | None
    role: str | None
    tunable: float | None
    seed: int
    config: _Config
    diverged: _Divergence


class _EpochTask(BaseModel):
    loss: Loss = None
    accuracy: Accuracy = None
    train: Scores
    val: Scores
    test: Scores | None = None
    rates: Rates


class _Epoch(BaseModel):
    epoch: int = Field(ge=1)
    cosine: Cosines = {}
    tasks: dict[str, _EpochTask]


@dataclass(frozen=True)
class _Run:
    """One run: its folder and its `metrics.json`."""

    folder: Path
    metrics: dict[str, Any]

    @property
    def arm(self) -> str:
        return self.metrics["arm"]

    @property
    def seed(self) -> int:
        return self.metrics["seed"]


class DivergedRun(_Run):
    """One run that was given up; its metrics say why."""


@dataclass(frozen=True)
class FinishedRun(_Run):
    """One finished run, with the lines of its `history.jsonl`."""

    history: list[dict[str, Any]]

    @property
    def dropout(self) -> dict[str, Any]:
        """The arm's dropout settings, of which `schedule` and `rate` are read here."""
        return self.metrics["config"]["arm"]["dropout"]


def load(root: Path, wanted: Mapping[str, Sequence[int]] | None = None) -> list[FinishedRun]:
    """The finished ones of `loaded`."""
    return loaded(root, wanted)[0]


def loaded(
    root: Path, wanted: Mapping[str, Sequence[int]] | None = None
) -> tuple[list[FinishedRun], list[DivergedRun]]:
    """Runs below the results folder `root`, sorted by arm and seed: finished, and given up.

    Args:
        root: a results folder, such as `results/quick`.
        wanted: the seeds of every arm, arms in their order; if None, whatever is there,
            references first.

    Raises:
        UserError: a run that must be there is missing, a file is malformed or not what the run
            wrote, a value is impossible, or there is no finished run at all; names the file, the
            key and what to do.
    """
    if wanted is None:
        folders = sorted(file.parent for file in (root / "runs").glob(f"*/seed=*/{METRICS}"))
    else:
        folders = [
            paths.run(root, arm, seed) for arm, seeds in wanted.items() for seed in sorted(seeds)
        ]
    whole.require(folders)
    runs = [_read(folder) for folder in progress.track(folders, "runs")]
    if wanted is None:
        runs.sort(key=lambda run: (run.metrics["group"] != "reference", run.arm, run.seed))
    finished = [run for run in runs if isinstance(run, FinishedRun)]
    if not finished:
        found = f"all {len(runs)} runs diverged" if runs else "no finished run"
        raise UserError(
            f"{found} below {root / 'runs'}; "
            f"{'lower training.learning_rate' if runs else 'train first: `snakemake`'}"
        )
    return finished, [run for run in runs if isinstance(run, DivergedRun)]


def _read(folder: Path) -> FinishedRun | DivergedRun:
    metrics_path, history_path = folder / METRICS, folder / HISTORY
    if not metrics_path.is_file():
        raise UserError(f"{metrics_path} is missing; train this run first: `snakemake`")
    metrics = read_json(metrics_path)
    lost = isinstance(metrics, dict) and DIVERGED in metrics
    checked(_Diverged if lost else _Metrics, metrics, str(metrics_path), _REMEDY)
    placed = re.fullmatch(r"seed=(\d+)", folder.name)
    if (metrics["arm"], metrics["seed"]) != (folder.parent.name, int(placed[1]) if placed else -1):
        raise UserError(
            f"{metrics_path} belongs to arm {metrics['arm']}, seed {metrics['seed']};"
            " move it to the folder of that name, or delete it and train again"
        )
    if lost:
        return DivergedRun(folder, metrics)
    return FinishedRun(folder, metrics, _read_history(history_path))


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
        checked(_Epoch, epochs[-1], f"{path}, line {number}", _REMEDY)
    return epochs
