"""What is reported of trained runs: their scores on every split after the last epoch."""

from typing import Any

from adsmtl.training.engine import Engine


def outcomes(engine: Engine) -> list[dict[str, dict[str, Any]]]:
    """Per run and task, the object `tasks.<task>` of `metrics.json` (see docs/formats.md).

    Test data are evaluated here, once; scores on training and validation data are those that the
    engine recorded after its last epoch. The gap is training minus test, the best epoch the one
    of the highest validation metric, the first of equals.
    """
    tested = {name: engine.scores(name, "test") for name in engine.tasks}
    return [
        {name: _outcome(engine, r, name, scores[r]) for name, scores in tested.items()}
        for r in range(len(engine.runs))
    ]


def _outcome(engine: Engine, r: int, name: str, test: dict[str, float]) -> dict[str, Any]:
    task, data, history = engine.tasks[name], engine.data[name], engine.history[r]
    last = history[-1]["tasks"][name]
    best = max(history, key=lambda record: record["tasks"][name]["val"][task.metric])
    return {
        "dataset": task.dataset,
        "target": task.target,
        "classes": data.classes,
        "examples": {split: len(positions[r]) for split, positions in data.splits.items()},
        "final": {
            "train": last["train"],
            "val": last["val"],
            "test": test,
            "gap": last["train"][task.metric] - test[task.metric],
        },
        "best_val": {"epoch": best["epoch"], **best["tasks"][name]["val"]},
    }
