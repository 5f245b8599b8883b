"""Runs that diverged: what `study.json` keeps of them, and how tables and pages name them."""

from collections.abc import Mapping, Sequence
from typing import Any

from adsmtl import outputs
from adsmtl.collected.reading import Collected
from adsmtl.collected.run_folders import DivergedRun

KEY = "diverged"


def described(lost: Sequence[DivergedRun]) -> dict[str, Any]:
    """The key `diverged` of `study.json`, sorted by arm and seed; nothing where no run did.

    Every run is told with its names, traits, reason, the epoch in which it was given up, and the
    training loss of every task by epoch, in nats (null where it was not finite).
    """
    runs = [_one(run.metrics) for run in sorted(lost, key=lambda run: (run.arm, run.seed))]
    return {KEY: runs} if runs else {}


def _one(metrics: Mapping[str, Any]) -> dict[str, Any]:
    arm = metrics["config"]["arm"]
    dropout = arm["dropout"]
    return {
        **{key: metrics[key] for key in ("arm", "label", "seed", "config_hash")},
        **metrics[KEY],
        "traits": {
            **{key: metrics[key] for key in ("group", "group_title", "baseline", "role")},
            "tunable": metrics["tunable"],
            "tasks": arm["tasks"],
            "schedule": dropout.get("schedule"),
            "rate": dropout.get("rate", dropout.get("p0")),
            "train_fraction": arm.get("train_fraction", 1.0),
        },
    }


def joined(studies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The same key of several `study.json`, whose runs are parts of one study."""
    runs = [run for study in studies for run in study.get(KEY, [])]
    runs.sort(key=lambda run: (run["arm"], run["seed"]))
    return {KEY: runs} if runs else {}


def runs(collected: Collected) -> list[dict[str, Any]]:
    """Every run that diverged, as `described`."""
    return collected.study.get(KEY, [])


def attempted(collected: Collected) -> dict[str, list[int]]:
    """The seeds with which every arm was trained, whatever came of it."""
    found = {arm: list(seeds) for arm, seeds in collected.trained.items()}
    for run in runs(collected):
        found.setdefault(run["arm"], []).append(run["seed"])
    return {arm: sorted(seeds) for arm, seeds in found.items()}


def lost_arms(collected: Collected) -> dict[str, str]:
    """Id and label of the arms of which no run was finished."""
    known = set(collected.arms)
    return {run["arm"]: run["label"] for run in runs(collected) if run["arm"] not in known}


def lost_groups(collected: Collected) -> dict[str, str]:
    """Id and title of the groups with a table of their own of which no run was finished."""
    known = set(collected.runs["group"])
    return {
        run["traits"]["group"]: run["traits"]["group_title"]
        for run in runs(collected)
        if run["traits"]["group"] not in known and run["traits"]["baseline"] is not None
    }


def attempted_traits(collected: Collected) -> dict[str, outputs.Traits]:
    """The traits of every arm that was trained, which say what tables and figures there are."""
    found = dict(collected.traits)
    for run in runs(collected):
        own = {key: value for key, value in run["traits"].items() if key != "group_title"}
        found.setdefault(run["arm"], outputs.Traits(**{**own, "tasks": tuple(own["tasks"])}))
    return found


def sentence(collected: Collected) -> str | None:
    """Which runs are left out of every number, and why; None where none diverged."""
    lost = runs(collected)
    if not lost:
        return None
    told = "; ".join(f"{run['label']}, seed {run['seed']} ({_why(run)})" for run in lost)
    count = f"{len(lost)} run{'s' if len(lost) > 1 else ''}"
    return f"Left out of all numbers are {count} that diverged: {told}."


def _why(run: Mapping[str, Any]) -> str:
    return run["reason"] if run["epoch"] == 0 else f"epoch {run['epoch']}: {run['reason']}"
