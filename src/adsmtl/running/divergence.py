"""Training that diverged: what counts as that, and what is kept of such a run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsmtl import paths
from adsmtl.files import read_json
from adsmtl.running.names import METRICS
from adsmtl.study import Run

# Nats. Guessing among 61 phones costs ln 61 = 4.1, so a mean loss of so much is no model's.
LIMIT = 1000.0
KEY = "diverged"  # of `metrics.json`, where a run did

Record = Mapping[str, Any]  # of an epoch, a line of `history.jsonl`


@dataclass(frozen=True)
class Divergence:
    """Why a run was given up, and after how many epochs."""

    epoch: int
    reason: str

    def facts(self, history: Sequence[Record]) -> dict[str, Any]:
        """The object `diverged` of `metrics.json`, JSON-able."""
        losses: dict[str, list[float | None]] = {}
        for record in history:
            for task, own in record["tasks"].items():
                losses.setdefault(task, []).append(_known(own["loss"]))
        return {"epoch": self.epoch, "reason": self.reason, "losses": losses}


def of(history: Sequence[Record]) -> Divergence | None:
    """The divergence that the last epoch of a history shows; None where all is well."""
    if not history:
        return None
    record = history[-1]
    for name, value in _judged(record):
        if not math.isfinite(value):
            return Divergence(record["epoch"], f"{name} is not finite")
        if "loss" in name and value > LIMIT:
            return Divergence(
                record["epoch"], f"{name} is {value:.3g} nats; more than {LIMIT:g} counts as lost"
            )
    return None


def _judged(record: Record) -> list[tuple[str, float]]:
    named = [("half the squared norm of the weights", record["penalty"])]
    for task, own in record["tasks"].items():
        named.append((f"the loss of {task} while training", own["loss"]))
        named += [
            (f"the {words} loss of {task}", own[split]["loss"])
            for split, words in (("train", "training"), ("val", "validation"), ("test", "test"))
            if split in own
        ]
    return named


def finite(value: Any) -> Any:
    """JSON-able values with null in place of numbers that JSON has no word for."""
    if isinstance(value, Mapping):
        return {key: finite(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [finite(own) for own in value]
    return _known(value) if isinstance(value, float) else value


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def of_leader(run: Run, root: Path) -> Divergence | None:
    """Why a run cannot be trained because the one that it follows diverged; None if it can."""
    if run.follows is None:
        return None
    path = paths.run(root, run.follows, run.followed_seed) / METRICS
    if not path.is_file() or KEY not in read_json(path):
        return None
    reason = f"it follows {run.follows} seed={run.followed_seed}, which diverged"
    return Divergence(0, reason)
