"""Run folders after `docs/formats.md` with planted means, so that answers are known."""

import hashlib
import json
from pathlib import Path

import numpy as np

TASKS = ("vision", "speech")
# arm: (label, group, tasks, dropout, planted test accuracy by task)
ARMS = {
    "single-vision-none": (
        "Single-task vision, no dropout",
        "reference",
        ("vision",),
        {"schedule": "none", "rate": 0.0},
        {"vision": 0.50},
    ),
    "single-speech-none": (
        "Single-task speech, no dropout",
        "reference",
        ("speech",),
        {"schedule": "none", "rate": 0.0},
        {"speech": 0.40},
    ),
    "none": (
        "No dropout",
        "main",
        TASKS,
        {"schedule": "none", "rate": 0.0},
        {"vision": 0.52, "speech": 0.42},
    ),
    "fixed-0.1": (
        "Fixed 0.1",
        "main",
        TASKS,
        {"schedule": "fixed", "rate": 0.1},
        {"vision": 0.54, "speech": 0.43},
    ),
    "fixed-0.2": (
        "Fixed 0.2",
        "main",
        TASKS,
        {"schedule": "fixed", "rate": 0.2},
        {"vision": 0.55, "speech": 0.43},
    ),
    "fixed-0.3": (
        "Fixed 0.3",
        "main",
        TASKS,
        {"schedule": "fixed", "rate": 0.3},
        {"vision": 0.54, "speech": 0.41},
    ),
    "fixed-0.5": (
        "Fixed 0.5",
        "main",
        TASKS,
        {"schedule": "fixed", "rate": 0.5},
        {"vision": 0.50, "speech": 0.36},
    ),
    "adsmtl": (
        "ADSMTL",
        "main",
        TASKS,
        {"schedule": "adsmtl", "rate": 0.2},
        {"vision": 0.56, "speech": 0.45},
    ),
    "listing-intent": (
        "Listing intent",
        "main",
        TASKS,
        {"schedule": "listing-intent", "rate": 0.2},
        {"vision": 0.52, "speech": 0.42},
    ),
}
ORDER = list(ARMS)
DATASETS = {"vision": "cifar10", "speech": "timit-sample"}
CLASSES = {"vision": 10, "speech": 61}


def write_run(root: Path, arm: str, seed: int, epochs: int = 10, noise: float = 0.01) -> Path:
    """Write one run; equal arguments give equal bytes, and seeds shift all arms alike."""
    label, group, tasks, dropout, accuracy = ARMS[arm]
    shared = np.random.default_rng(seed).normal(0, 2 * noise)
    own = np.random.default_rng([seed, *arm.encode()])
    history = [
        {"epoch": t, "seconds": 2.9, "penalty": 12.0 + t, "tasks": {}} for t in range(1, epochs + 1)
    ]
    results = {}
    for task in tasks:
        test = accuracy[task] + shared + own.normal(0, noise)
        gap = 0.20 - 0.3 * dropout["rate"] + own.normal(0, noise)
        for line in history:
            line["tasks"][task] = _epoch(line["epoch"], task, test, gap, dropout)
        last = history[-1]["tasks"][task]
        loss = last["val"]["loss"]
        results[task] = {
            "dataset": DATASETS[task],
            "target": "label" if task == "vision" else "phone",
            "classes": CLASSES[task],
            "examples": {"train": 2000, "val": 1000, "test": 2000},
            "final": {
                "train": {**last["train"], "ece": 0.03},
                "val": {**last["val"], "ece": 0.05},
                "test": {"loss": loss + 0.02, "accuracy": test, "ece": 0.05 + own.random() / 50}
                | ({"accuracy_39": test + 0.08} if task == "speech" else {}),
                "gap": last["train"]["accuracy"] - test,
            },
            "best_val": {"epoch": epochs, **last["val"]},
        }
    config = {
        "arm": {"dropout": dropout, "tasks": list(tasks), "l2": 0.0},
        "seed": seed,
        "training": {"epochs": epochs, "batch_size": 64, "learning_rate": 1e-3},
    }
    text = json.dumps([arm, config], sort_keys=True)
    metrics = {
        "arm": arm,
        "label": label,
        "group": group,
        "seed": seed,
        "preset": "quick",
        "config_hash": hashlib.sha256(text.encode()).hexdigest(),
        "config": config,
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
                "embedded": False,
            }
            for task in tasks
        },
        "versions": {"adsmtl": "0.1.0", "torch": "2.11.0", "numpy": "2.4.6", "python": "3.12.1"},
    }
    folder = root / "runs" / arm / f"seed={seed}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def write_results(root: Path, seeds: int = 3, arms: list[str] = ORDER, epochs: int = 10) -> Path:
    """Write a results folder of all `arms` with seeds 0, 1, …"""
    for arm in arms:
        for seed in range(seeds):
            write_run(root, arm, seed, epochs)
    return root


def _epoch(t: int, task: str, test: float, gap: float, dropout: dict) -> dict:
    grown = 1 - np.exp(-t / 3)
    ceiling = np.log(CLASSES[task])
    val, train = (test + 0.005) * grown, (test + gap) * grown
    loss = {"train": ceiling * (1 - train), "val": ceiling * (1 - val)}
    rate = dropout["rate"]
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
