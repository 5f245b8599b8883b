"""Run folders after `docs/formats.md` with planted means, so that answers are known.

Arms are those of `config/arms.yaml`; their data are drawn, never trained.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from adsmtl.arms import expand
from adsmtl.claims.catalogue import CLAIMS
from adsmtl.claims.evidence import Evidence
from adsmtl.files import digest
from adsmtl.study import LAST, Arm
from adsmtl.yaml_files import check, read_yaml

TASKS = ("vision", "speech")
TESTED = 2000  # test examples
DECLARED = Path(__file__).parents[2] / "config/arms.yaml"
ARMS: dict[str, Arm] = {
    arm_id: check(Arm, arm, arm_id)
    for arm_id, arm in expand(read_yaml(DECLARED), str(DECLARED)).items()
}
# Planted test accuracy by arm and task; arms that say nothing have that of `none`.
NONE = {"vision": 0.52, "speech": 0.42, "superclass": 0.80, "manner": 0.70, "sex": 0.75}
ACCURACY = {
    "single-vision-none": {"vision": 0.50},
    "single-speech-none": {"speech": 0.40},
    "none": {"vision": 0.52, "speech": 0.42},
    "fixed-0.1": {"vision": 0.54, "speech": 0.43},
    "fixed-0.2": {"vision": 0.55, "speech": 0.43},
    "fixed-0.3": {"vision": 0.54, "speech": 0.41},
    "fixed-0.5": {"vision": 0.50, "speech": 0.36},
    "adsmtl-0.2": {"vision": 0.56, "speech": 0.45},
    "listing-intent": {"vision": 0.52, "speech": 0.42},
}
ORDER = list(ACCURACY)
DATASETS = {
    "vision": "cifar10",
    "speech": "timit-sample",
    "superclass": "cifar10",
    "manner": "timit-sample",
    "sex": "timit-sample",
}
CLASSES = {"vision": 10, "speech": 61, "superclass": 2, "manner": 6, "sex": 2}


def facts(arm: str) -> dict:
    """What `collect.runs_frame` says of an arm, whatever the seed and task."""
    declared = ARMS[arm]
    return {
        "arm": arm,
        **declared.names(),
        "tasks": "+".join(declared.tasks or TASKS),
        "schedule": declared.dropout.schedule,
        "rate": getattr(declared.dropout, "rate", getattr(declared.dropout, "p0", None)),
        "l2": declared.l2,
        "train_fraction": declared.train_fraction,
    }


def evidence(arms: Iterable[str] = ARMS) -> Evidence:
    """A study of these arms in which nothing has been measured."""
    nothing = pd.DataFrame()
    return Evidence(pd.DataFrame(map(facts, arms)), nothing, nothing, None, "quick", False)


def claim_arms(*ids: str) -> list[str]:
    """The declared arms that claims need, or that these do."""
    declared = evidence()
    claims = [claim for claim in CLAIMS if not ids or claim.id in ids]
    return list(dict.fromkeys(a for c in claims for a in c.select(declared, c.needs)))


def write_run(
    root: Path,
    arm: str,
    seed: int,
    epochs: int = 10,
    noise: float = 0.01,
    accuracy: Mapping[str, float] | None = None,
    cosine: float = 0.0,
    embedded: bool = False,
    exact: bool = False,
) -> Path:
    """Write one run; equal arguments give equal bytes, and seeds shift all arms alike.

    `accuracy` plants test accuracies by task in place of those above; `cosine` is that of the
    gradients of every two tasks; `exact` gives the run a prediction of every test example, which
    give its scores.
    """
    declared = ARMS[arm]
    tasks, dropout = declared.tasks or TASKS, asdict(declared.dropout)
    accuracy = NONE | ACCURACY.get(arm, {}) | dict(accuracy or {})
    shared = np.random.default_rng(seed).normal(0, 2 * noise)
    own = np.random.default_rng([seed, *arm.encode()])
    history = [
        {"epoch": t, "seconds": 2.9, "penalty": 12.0 + t, "tasks": {}} for t in range(1, epochs + 1)
    ]
    if len(tasks) == 2:
        for line in history:
            line["cosine"] = {":".join(tasks): cosine}
    results = {}
    for task in tasks:
        test = accuracy[task] + shared + own.normal(0, noise)
        test = round(test * TESTED) / TESTED if exact else test
        gap = 0.20 - 0.3 * _rate(dropout) + own.normal(0, noise)
        for line in history:
            line["tasks"][task] = _epoch(line["epoch"], task, test, gap, dropout)
        last = history[-1]["tasks"][task]
        loss = last["val"]["loss"]
        for line in history[-LAST:]:
            line["tasks"][task]["test"] = {"loss": loss + 0.02, "accuracy": test}
        results[task] = {
            "dataset": DATASETS[task],
            "target": {"vision": "label", "speech": "phone"}.get(task, task),
            "classes": CLASSES[task],
            "examples": {"train": 2000, "val": 1000, "test": TESTED},
            "final": {
                "train": {**last["train"], "ece": 0.03},
                "val": {**last["val"], "ece": 0.05},
                "test": {
                    **{"loss": loss + 0.02, "accuracy": test},
                    **{"ece": 0.05 + own.random() / 50, "ece_floor": 0.03},
                }
                | ({"accuracy_39": test + 0.08} if task == "speech" else {}),
                "gap": last["train"]["accuracy"] - test,
            },
            "best_val": {"epoch": epochs, **last["val"]},
        }
    config = {
        "arm": {
            "dropout": dropout,
            "tasks": list(tasks),
            "l2": declared.l2,
            "train_fraction": declared.train_fraction,
        },
        "seed": seed,
        "training": {"epochs": epochs, "batch_size": 64, "learning_rate": 1e-3, "eval_train": 1000},
    }
    scores = {task: one["final"]["test"] for task, one in results.items()}
    predictions = _exact(scores) if exact else _predictions(tasks)
    metrics = {
        "predictions_sha256": hashlib.sha256(predictions).hexdigest(),
        "arm": arm,
        **declared.names(),
        "seed": seed,
        "fold": seed % 4,
        "preset": "quick",
        "config_hash": digest(config),
        "config": config,
        "identity": {"code": {"adsmtl.training.engine": "0123456789ab"}},
        "epochs": epochs,
        "steps_per_epoch": 32,
        "tasks": results,
        "seconds": {"total": 29.0, "per_epoch": 2.9},
        "examples_per_second": 612.0,
        "device": {"type": "cpu", "name": "Test CPU", "threads": 1, "precision": "fp32"},
        "data": {
            DATASETS[task]: {
                "digest": hashlib.sha256(task.encode()).hexdigest(),
                "origin": "mirror",
                "provenance": f"synthetic {task} for tests",
                "embedded": embedded,
            }
            for task in tasks
        },
        "versions": {"adsmtl": "0.1.0", "torch": "2.11.0", "numpy": "2.4.6", "python": "3.12.1"},
    }
    folder = root / "runs" / arm / f"seed={seed}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
    (folder / "predictions.npz").write_bytes(predictions)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def _exact(scores: Mapping[str, Mapping[str, float]]) -> bytes:
    """Predictions of all test examples, as many right as the accuracy says, all equally sure."""
    content, arrays = io.BytesIO(), {}
    for task, own in scores.items():
        wrong = np.arange(TESTED) >= round(own["accuracy"] * TESTED)
        arrays |= {
            f"{task}.numbers": np.arange(TESTED, dtype=np.int32),
            f"{task}.target": np.zeros(TESTED, np.uint8),
            f"{task}.predicted": wrong.astype(np.uint8),
            f"{task}.nll": np.full(TESTED, own["loss"], np.float16),
        }
    np.savez_compressed(content, **arrays)
    return content.getvalue()


@cache
def _predictions(tasks: tuple[str, ...]) -> bytes:
    """A file of predictions; its few examples are not those of the planted scores."""
    parts = {"numbers": np.int32, "target": np.uint8, "predicted": np.uint8, "nll": np.float16}
    content = io.BytesIO()
    np.savez_compressed(
        content,
        **{f"{t}.{part}": np.arange(5, dtype=kind) for t in tasks for part, kind in parts.items()},
    )
    return content.getvalue()


def write_results(
    root: Path,
    seeds: int = 3,
    arms: list[str] = ORDER,
    epochs: int = 10,
    accuracy: Mapping[str, Mapping[str, float]] | None = None,
    cosine: Mapping[str, float] | None = None,
    **options,
) -> Path:
    """Write a results folder of all `arms` with seeds 0, 1, …; accuracies and cosines by arm."""
    for arm in arms:
        planted = {
            "accuracy": (accuracy or {}).get(arm),
            "cosine": (cosine or {}).get(arm, 0.0),
        }
        for seed in range(seeds):
            write_run(root, arm, seed, epochs, **planted, **options)
    return root


def write_test_time(root: Path, arm: str, seed: int, gain: float, calibration: float) -> None:
    """Write `test-time.json`: dropping units changes accuracy by `gain`, ECE by minus
    `calibration`, with an sd of 0.002 over four repeats.
    """
    draw = np.random.default_rng([seed, *arm.encode(), 1])
    tasks = {}
    for task in TASKS:
        on = [
            {"loss": 1.2, "accuracy": 0.5 + gain + step, "ece": 0.05 - calibration}
            for step in 0.002 * np.sqrt(3) / 2 * np.array([1, -1, 1, -1]) + draw.normal(0, 0.001)
        ]
        tasks[task] = {"off": {"loss": 1.3, "accuracy": 0.5, "ece": 0.05}, "on": on}
    text = {"arm": arm, "seed": seed, "rate": 0.2, "passes": 20, "repeats": 4, "tasks": tasks}
    (root / "runs" / arm / f"seed={seed}" / "test-time.json").write_text(json.dumps(text))


def _rate(dropout: Mapping) -> float:
    return dropout.get("rate", dropout.get("p0", 0.0))


def _epoch(t: int, task: str, test: float, gap: float, dropout: dict) -> dict:
    grown = 1 - np.exp(-t / 3)
    ceiling = np.log(CLASSES[task])
    val, train = (test + 0.005) * grown, (test + gap) * grown
    loss = {"train": ceiling * (1 - train), "val": ceiling * (1 - val)}
    rate = _rate(dropout)
    if dropout["schedule"] == "adsmtl":
        rate += (0.1 if task == "vision" else -0.1) * grown
    if dropout["schedule"] == "listing-intent" and t > 1:
        rate = 0.0
    return {
        "loss": loss["train"] + 0.1,
        "accuracy": train - 0.05,
        "train": {"loss": loss["train"], "accuracy": train},
        "val": {"loss": loss["val"], "accuracy": val},
        "gap": train - val,
        "rates": {"shared": rate, "specific": rate},
        "difficulty": loss["train"] / ceiling,
        "smoothed": loss["train"] / ceiling,
    }
