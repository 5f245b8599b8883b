"""What is reported of trained runs: scores and predictions after the last epoch."""

from typing import Any

from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import Predictions, calibration_floor, ordered, predictions


def outcomes(engine: Engine) -> list[dict[str, dict[str, Any]]]:
    """Per run and task, the object `tasks.<task>` of `metrics.json` (see docs/formats.md).

    They are the scores that the engine recorded after its last epoch. The gap is training minus
    test. The best epoch is the one of the highest validation metric, the first of equals, among
    those after which all validation examples were evaluated.
    """
    return [
        {name: _outcome(engine, r, name) for name in engine.tasks} for r in range(len(engine.runs))
    ]


def predicted(engine: Engine) -> list[dict[str, Predictions]]:
    """Per run and task, the predictions on the test split after the last epoch."""
    found: list[dict[str, Predictions]] = [{} for _ in engine.runs]
    for name, task in engine.tasks.items():
        data = engine.data[name]
        positions = ordered(data, engine.positions(name, "test"))
        of_runs = zip(found, positions, *engine.tested(name), strict=True)
        for of_run, own, logits, targets in of_runs:
            of_run[name] = predictions(task, data, own, logits, targets)
    return found


def _outcome(engine: Engine, r: int, name: str) -> dict[str, Any]:
    task, data, history = engine.tasks[name], engine.data[name], engine.history[r]
    last = history[-1]["tasks"][name]
    full = history[-engine.training.full_epochs :]
    best = max(full, key=lambda record: record["tasks"][name]["val"][task.metric])
    confidence = engine.tested(name)[0][r].softmax(dim=1).amax(dim=1)
    return {
        "dataset": task.dataset,
        "target": task.target,
        "classes": data.classes,
        "examples": {split: len(positions[r]) for split, positions in data.splits.items()},
        "final": {
            "train": last["train"],
            "val": last["val"],
            "test": {**last["test"], "ece_floor": calibration_floor(confidence)},
            "gap": last["train"][task.metric] - last["test"][task.metric],
        },
        "best_val": {"epoch": best["epoch"], **best["tasks"][name]["val"]},
    }
