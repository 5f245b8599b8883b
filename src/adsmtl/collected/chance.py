"""Runs that came out no better than a guess: they finished, and their numbers count."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adsmtl.collected import predictions
from adsmtl.collected.reading import Collected
from adsmtl.collected.run_folders import FinishedRun

KEY = "at_chance"


def described(runs: Sequence[FinishedRun]) -> dict[str, Any]:
    """The key `at_chance` of `study.json`: which runs are no more often right on a task's test
    examples than whoever always names the most frequent class. Nothing where none is so."""
    found = [one for run in runs for one in _of_run(run)]
    found.sort(key=lambda one: (one["arm"], one["seed"], one["task"]))
    return {KEY: found} if found else {}


def _of_run(run: FinishedRun) -> list[dict[str, Any]]:
    stored = predictions.of_run(run)
    found = []
    for task in run.metrics["tasks"]:
        target = stored[f"{task}.target"]
        frequent = float(np.bincount(target).max() / len(target))
        right = float((stored[f"{task}.predicted"] == target).mean())
        if right <= frequent:
            names = {"arm": run.arm, "label": run.metrics["label"], "seed": run.seed}
            found.append(names | {"task": task, "accuracy": right, "chance": frequent})
    return found


def joined(studies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The same key of several `study.json`, whose runs are parts of one study."""
    found = [one for study in studies for one in study.get(KEY, [])]
    found.sort(key=lambda one: (one["arm"], one["seed"], one["task"]))
    return {KEY: found} if found else {}


def sentence(collected: Collected) -> str | None:
    """Which arms came out at chance, on which task and with which seeds; None where none did."""
    seeds: dict[tuple[str, str], list[str]] = {}
    for one in collected.study.get(KEY, []):
        seeds.setdefault((one["label"], one["task"]), []).append(str(one["seed"]))
    if not seeds:
        return None
    told = "; ".join(
        f"{label} on {task}, seed{'s' if len(own) > 1 else ''} {', '.join(own)}"
        for (label, task), own in seeds.items()
    )
    return (
        "At chance level, no more often right than whoever always names the most frequent class, "
        f"came out: {told}."
    )
