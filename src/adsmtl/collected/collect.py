"""From run folders to tables: everything that is judged, drawn or reported, in seven files."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from adsmtl import outputs
from adsmtl.collected import affinity, chance, diverged, predictions, run_folders, test_time
from adsmtl.collected.reading import Collected
from adsmtl.collected.run_folders import FinishedRun
from adsmtl.errors import UserError
from adsmtl.files import atomic, digest, sha256, write_json
from adsmtl.study import LAST

_NAMES = (
    *("arm", "label", "group", "group_title", "baseline", "role", "family", "tunable", "zero"),
)
_ENVIRONMENT = ("device", "versions", "code", "data")


def write(
    root: Path,
    wanted: Mapping[str, Sequence[int]] | None = None,
    target: Path | None = None,
    planned: Mapping[str, Sequence[int]] | None = None,
) -> list[Path]:
    """Write the files of `outputs.collected` from the run folders below `root`.

    Runs that diverged are named in `study.json`, and are in no other file. Those that came out at
    chance are named there too.

    Args:
        root: a results folder, such as `results/quick`.
        wanted: as for `run_folders.loaded`; the order of all tables.
        target: the folder to write below; `root` if None.
        planned: the seeds of every arm of the whole study; those found if None.

    Raises:
        UserError: runs are missing or malformed, or the folder cannot be written.
    """
    target = target or root
    found, lost = run_folders.loaded(root, wanted)
    own: dict[str, list[int]] = {}
    for run in found:
        own.setdefault(run.arm, []).append(run.seed)
    planned = own if planned is None else {arm: list(seeds) for arm, seeds in planned.items()}
    told = diverged.described(lost) | chance.described(found)
    predictions.write(target / outputs.COLLECTED / outputs.PREDICTIONS, found)
    return save(
        Collected(
            root=target,
            runs=runs_frame(found),
            epochs=epochs_frame(found),
            test_time=test_time.frame(found),
            configs={run.arm: _config(run) for run in found},
            environments={_environment(run): _described(run) for run in found},
            study={"planned": planned, "blocks": [], **told},
        )
    )


def save(collected: Collected) -> list[Path]:
    """Write all but the predictions below `collected.root`; equal values give equal bytes."""
    folder = collected.root / outputs.COLLECTED
    _write_table(folder / "runs.csv", collected.runs)
    _write_table(folder / "epochs.csv.gz", collected.epochs)
    _write_table(folder / "test_time.csv", collected.test_time)
    write_json(folder / "configs.json", collected.configs)
    write_json(folder / "environments.json", dict(sorted(collected.environments.items())))
    write_json(folder / "study.json", collected.study)
    return outputs.collected(collected.root)


def runs_frame(found: Sequence[FinishedRun]) -> pd.DataFrame:
    """One row per arm, seed and task after the last epoch, in the order of `found`.

    Columns that the tasks of a run share: the names of `adsmtl.study.Arm` (arm, label, group,
    group_title, baseline, role, family, zero, and tunable, the value in which trials differ),
    seed, fold (of its data; 0 where they have none), preset, tasks (names of all its tasks,
    joined by "+"), schedule, rate (`rate`, or `p0` of the adaptive schedule), train_fraction, l2,
    site, epochs, seconds_total, seconds_per_epoch, examples_per_second, environment (its key in
    `environments.json`), config_hash, code (digest of the modules that decided its numbers), and
    metrics_sha256, history_sha256 and predictions_sha256 (of the run's files).

    Columns of each task: task, dataset, target, classes, `examples_<split>`,
    `<split>_<metric>` for every metric found (accuracies as fractions, losses in nats),
    test_ece_floor (the calibration error expected of a perfectly calibrated model), gap (train
    minus test accuracy), best_val_epoch, best_val_accuracy, and `<split>_<metric>_last3` of the
    validation and test split: accuracy and loss as means over the last `LAST` epochs.
    """
    rows = []
    for run in found:
        metrics, arm = run.metrics, run.metrics["config"]["arm"]
        of_run = {key: metrics[key] for key in _NAMES} | {
            "seed": run.seed,
            "fold": metrics["fold"],
            "preset": metrics["preset"],
            "tasks": "+".join(metrics["tasks"]),
            "schedule": run.dropout.get("schedule"),
            "rate": run.dropout.get("rate", run.dropout.get("p0")),
            "train_fraction": arm.get("train_fraction", 1.0),
            "l2": arm.get("l2", 0.0),
            "site": arm.get("site", "all"),
            "epochs": metrics["epochs"],
            "seconds_total": metrics["seconds"].get("total"),
            "seconds_per_epoch": metrics["seconds"].get("per_epoch"),
            "examples_per_second": metrics.get("examples_per_second"),
            "environment": _environment(run),
            "config_hash": metrics["config_hash"],
            "code": _code(run),
            "metrics_sha256": sha256(run.folder / run_folders.METRICS),
            "history_sha256": sha256(run.folder / run_folders.HISTORY),
            "predictions_sha256": metrics["predictions_sha256"],
        }
        rows += [
            of_run | _after_training(name, task) | _last(run, name)
            for name, task in metrics["tasks"].items()
        ]
    return pd.DataFrame(rows)


def _after_training(name: str, task: dict[str, Any]) -> dict[str, Any]:
    row = {"task": name} | {key: task[key] for key in ("dataset", "target", "classes")}
    row |= {f"examples_{split}": count for split, count in task["examples"].items()}
    for split in ("train", "val", "test"):
        row |= {f"{split}_{key}": value for key, value in task["final"][split].items()}
    best = task["best_val"]
    return row | {
        "gap": task["final"]["gap"],
        "best_val_epoch": best.get("epoch"),
        "best_val_accuracy": best.get("accuracy"),
    }


def _last(run: FinishedRun, name: str) -> dict[str, float]:
    """Means over the last epochs; over all of a training that has fewer."""
    epochs = [epoch["tasks"][name] for epoch in run.history[-LAST:]]
    if any("test" not in epoch for epoch in epochs):
        raise UserError(
            f"{run.folder / run_folders.HISTORY} lacks test scores of the last {LAST} epochs; "
            "delete its folder and train this run again"
        )
    return {
        f"{split}_{key}_last{LAST}": sum(epoch[split][key] for epoch in epochs) / len(epochs)
        for split in ("val", "test")
        for key in ("accuracy", "loss")
    }


def epochs_frame(found: Sequence[FinishedRun]) -> pd.DataFrame:
    """One row per arm, seed, epoch and task, in the order of `found`.

    Columns: arm, seed, epoch (from 1), seconds (of the epoch), penalty (half the squared L2
    norm of the weights), task, loss and accuracy (while training, units dropped),
    `train_<metric>`, `val_<metric>` and, after the last epochs, `test_<metric>` (evaluated with
    all units on; of validation a part but after the last epochs), gap (train minus
    validation accuracy), `rate_<site>` (probability that a unit is dropped), weight (of the
    task's loss), difficulty, smoothed, gradient (norm on the shared layer, mean over steps),
    cosine (between the tasks' gradients on the shared layer, mean over steps and over the pairs
    that the task is part of; NaN for a single task), affinity (the same of gradients on many
    examples, measured in the first epoch apart from training, and only in its rows; NaN where it
    was not measured).
    """
    rows = []
    for run in found:
        affinities = affinity.read(run)
        for epoch in run.history:
            of_epoch = {"arm": run.arm, "seed": run.seed, "epoch": epoch["epoch"]}
            of_epoch |= {key: epoch.get(key) for key in ("seconds", "penalty")}
            for name, task in epoch["tasks"].items():
                row = of_epoch | {"task": name}
                row |= {key: task.get(key) for key in ("loss", "accuracy")}
                for split in ("train", "val", "test"):
                    scores = task.get(split, {})
                    row |= {f"{split}_{key}": value for key, value in scores.items()}
                row["gap"] = task.get("gap")
                row |= {f"rate_{site}": value for site, value in task["rates"].items()}
                row |= {
                    key: task.get(key) for key in ("weight", "difficulty", "smoothed", "gradient")
                }
                row["cosine"] = _of_pairs(epoch.get("cosine", {}), name)
                row["affinity"] = _of_pairs(affinities if epoch["epoch"] == 1 else {}, name)
                rows.append(row)
    return pd.DataFrame(rows)


def _of_pairs(values: Mapping[str, float], task: str) -> float | None:
    """The mean over the pairs of tasks that a task is part of."""
    own = [value for pair, value in values.items() if task in pair.split(":")]
    return sum(own) / len(own) if own else None


def _described(run: FinishedRun) -> dict[str, Any]:
    """Device, libraries, code and data of a run."""
    return {key: run.metrics.get(key) for key in _ENVIRONMENT}


def _code(run: FinishedRun) -> str:
    return digest(run.metrics["identity"]["code"])[:12]


def _environment(run: FinishedRun) -> str:
    return digest(_described(run))[:8]


def _config(run: FinishedRun) -> dict[str, Any]:
    """A run's configuration without what the runs of an arm differ in: the seeds."""
    own = ("seed", "lender")
    return {key: value for key, value in run.metrics["config"].items() if key not in own}


def _write_table(path: Path, frame: pd.DataFrame) -> None:
    """CSV at full precision, so that a reader gets the same numbers bit by bit."""
    content = frame.to_csv(index=False, lineterminator="\n").encode()
    if path.suffix == ".gz":
        # A gzip file states the time of its making; without it, equal tables give equal bytes.
        content = gzip.compress(content, mtime=0)
    with atomic(path) as temporary:
        temporary.write_bytes(content)
