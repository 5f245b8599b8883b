"""Runs and frames of arms beyond those of `synthetic`, made from its runs by a few changes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from synthetic import ARMS, write_results

from adsmtl.files import sha256

NO_DROPOUT = "no-dropout"
# What the configuration says of every group, by id.
GROUPS = {
    arm.group: {"group": arm.group, "group_title": arm.group_title, "baseline": arm.baseline}
    for arm in ARMS.values()
}
SHIFTS = {0: -0.01, 1: 0.0, 2: 0.01}  # of test accuracy, by seed


def derive(
    root: Path,
    source: str,
    arm: str,
    group: str,
    dropout: dict | None = None,
    role: str | None = None,
    tasks: dict[str, str] | None = None,
    cosine: float | None = None,
    gain: float = 0.0,
    **config: float | str,
) -> None:
    """Write arm `arm` from every seed of `source`, changed as said.

    Args:
        tasks: old name of a task to its new one; others are left out. All stay if None.
        cosine: of the gradients of its two tasks in every epoch.
        gain: added to every test accuracy.
        config: further keys of the arm, such as `train_fraction`.
    """
    for folder in sorted((root / "runs" / source).iterdir()):
        target = root / "runs" / arm / folder.name
        shutil.copytree(folder, target)
        metrics = json.loads((folder / "metrics.json").read_text())
        metrics |= {"arm": arm, "label": arm.replace("-", " "), **GROUPS[group]}
        metrics |= {"role": role, "family": None, "tunable": None, "zero": None}
        metrics["config"]["arm"] |= config | ({"dropout": dropout} if dropout else {})
        names = tasks or {name: name for name in metrics["tasks"]}
        metrics["tasks"] = {new: metrics["tasks"][old] for old, new in names.items()}
        for task in metrics["tasks"].values():
            task["final"]["test"]["accuracy"] += gain
        lines = []
        for line in (folder / "history.jsonl").read_text().splitlines():
            epoch = json.loads(line)
            epoch["tasks"] = {new: epoch["tasks"][old] for old, new in names.items()}
            for task in epoch["tasks"].values():
                if "test" in task:
                    task["test"]["accuracy"] += gain
            if cosine is not None:
                epoch["cosine"] = {":".join(names.values()): cosine}
            lines.append(json.dumps(epoch) + "\n")
        if tasks:
            _rename_predictions(target / "predictions.npz", metrics, tasks)
        (target / "metrics.json").write_text(json.dumps(metrics))
        (target / "history.jsonl").write_text("".join(lines))


def _rename_predictions(path: Path, metrics: dict, tasks: dict[str, str]) -> None:
    with np.load(path) as stored:
        arrays = {
            f"{new}.{part}": stored[f"{old}.{part}"]
            for old, new in tasks.items()
            for part in ("numbers", "target", "predicted", "nll")
        }
    np.savez_compressed(path, **arrays)
    metrics["predictions_sha256"] = sha256(path)


def write_wide(root: Path, seeds: int = 2) -> Path:
    """A results folder with arms of every kind of figure and of several groups."""
    write_results(root, seeds, epochs=2)
    moving = {"schedule": "follow", "arm": "adsmtl-0.2", "keep": "swapped"}
    derive(root, "adsmtl-0.2", "swapped", "controls", moving, "swapped", gain=-0.02)
    derive(root, "fixed-0.3", "fixed-0.3-shared", "multiverse", site="shared")
    kappa = {"schedule": "adsmtl", "p0": 0.2, "kappa": 2.0}
    derive(root, "adsmtl-0.2", "adsmtl-kappa-2", "multiverse", kappa, gain=0.01)
    for number in range(8):
        derive(
            root, "adsmtl-0.2", f"early-{number}", "schedules", {"schedule": "early", "rate": 0.1}
        )
    for part in ("single-vision", "single-speech", "none"):
        source = part if part == "none" else f"{part}-none"
        gain = -0.1 if part == "none" else -0.15
        own = {"train_fraction": 0.1, "gain": gain}
        derive(root, source, f"{part}-10pct", "data", role=NO_DROPOUT, **own)
    sex = {"speech": "sex"}
    derive(root, "single-speech-none", "pair-single-sex", "relatedness", None, "pair-single", sex)
    speech = {"speech": "speech"}
    derive(
        *(root, "single-speech-none", "pair-single-speech", "relatedness", None, "pair-single"),
        speech,
    )
    pair = {"vision": "speech", "speech": "sex"}
    derive(root, "none", "pair-speech-sex", "relatedness", None, "pair", pair, 0.25)
    return root


def write_whole(root: Path, seeds: int = 2) -> Path:
    """`write_wide` and the arms without which claims are not run."""
    write_wide(root, seeds)
    for role in ("borrowed", "matched-mean", "reversed"):
        moving = {"schedule": "follow", "arm": "adsmtl-0.2", "keep": role}
        derive(root, "adsmtl-0.2", role, "controls", moving, role)
    derive(root, "fixed-0.2", "per-task-0.1-0.3", "main", {"schedule": "per-task"}, "per-task")
    derive(root, "none", "l2-1e-5", "lambda", role="l2", l2=1e-5)
    speech = {"speech": "speech"}
    derive(root, "fixed-0.3", "single-speech-fixed-0.3", "reference", None, "fixed", speech)
    return root


def final_row(arm: str, seed: int, task: str, accuracy: float, **changes) -> dict:
    """A row as `collect.runs_frame` has it, of a multi-task main arm without dropout."""
    return {
        "arm": arm,
        "label": arm,
        **GROUPS["main"],
        "role": NO_DROPOUT,
        "family": None,
        "tunable": None,
        "zero": None,
        "seed": seed,
        "fold": 0,
        "task": task,
        "tasks": "vision+speech",
        "dataset": "set",
        "schedule": "none",
        "rate": None,
        "train_fraction": 1.0,
        "l2": 0.0,
        "site": "all",
        "test_accuracy": accuracy + SHIFTS[seed],
    } | changes


def plain_frame() -> pd.DataFrame:
    """Single- and multi-task training on all and on a tenth of the data, three seeds.

    Multi-task gains 2 points on vision and 4 on speech, twice that on a tenth of the data.
    """
    rows = []
    for seed in SHIFTS:
        for share, suffix, factor in ((1.0, "", 1), (0.1, "-10pct", 2)):
            several = {"train_fraction": share, **GROUPS["main" if share == 1 else "data"]}
            alone = several | GROUPS["reference" if share == 1 else "data"]
            for task, level, gain in (("vision", 0.6, 0.02), ("speech", 0.5, 0.04)):
                base = level - (0.1 if share < 1 else 0)
                arm = f"single-{task}{suffix}"
                rows.append(final_row(arm, seed, task, base, **alone, tasks=task))
                rows.append(final_row(f"none{suffix}", seed, task, base + factor * gain, **several))
    return pd.DataFrame(rows)
