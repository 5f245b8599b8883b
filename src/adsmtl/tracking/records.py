"""What MLflow is to hold of a results folder, as plain values that know nothing of MLflow.

A record's key is the digest of all that cannot be edited once it is in MLflow. Tags can, and so
a new code revision or relabelled arm does not make every run anew.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from adsmtl import outputs
from adsmtl.analysis import summary
from adsmtl.collected.runs import Run, final_frame, traits
from adsmtl.files import digest, read_json, sha256

MAX_PARAM = 6000  # characters that MLflow stores of a parameter
_METRIC_NAME = str.maketrans({".": "/"})  # names show as folders at a slash


@dataclass(frozen=True)
class Record:
    """One MLflow run to be.

    Attributes:
        kind: `seed`, `summary` or `report`.
        name: shown in MLflow; unique among the records of one kind.
        tags, params: text by name.
        metrics: (name, value, step) in the order of logging.
        datasets: (name, digest, origin, provenance).
        files: files to attach, by their folder below the run's artifacts.
        parent: name of the `summary` record that it belongs to.
        started, ended: milliseconds since 1970; not part of the key.
        key: digest of all but tags and times.
    """

    kind: str
    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Sequence[tuple[str, float, int]]
    datasets: Sequence[tuple[str, str, str, str]]
    files: Sequence[tuple[str, Path]]
    parent: str | None
    started: int
    ended: int
    key: str


def build(root: Path, runs: Sequence[Run]) -> list[Record]:
    """Every record of a results folder: summaries, then seeds, then the report.

    Args:
        root: a results folder, such as `results/quick`.
        runs: its finished runs.
    """
    manifest = root / outputs.MANIFEST
    revision = read_json(manifest)["code"]["describe"] if manifest.is_file() else None
    seeds = [_seed(run, revision) for run in runs]
    estimates = summary.per_arm(final_frame(runs)) if runs else pd.DataFrame()
    summaries = []
    for arm in dict.fromkeys(run.arm for run in runs):
        own = [run for run in runs if run.arm == arm]
        of_arm = estimates[estimates["arm"] == arm]
        summaries.append(_summary(own, of_arm, revision))
    report = [_report(root, runs, revision)] if runs else []
    return [*summaries, *seeds, *report]


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of nested mappings by their dotted path; lists count as leaves."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flatten(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value


def _seed(run: Run, revision: str | None) -> Record:
    metrics = run.metrics
    values: list[tuple[str, float | None, int]] = []
    for epoch in run.history:
        values += [
            (name.translate(_METRIC_NAME), value, epoch["epoch"])
            for name, value in flatten({k: v for k, v in epoch.items() if k != "epoch"})
        ]
    last = metrics.get("epochs", len(run.history))
    for task, result in metrics["tasks"].items():
        values += [
            (f"final/{task}/{name.replace('.', '/')}", value, last)
            for name, value in flatten(result["final"])
        ]
        values += [
            (f"best_val/{task}/{name}", value, last) for name, value in result["best_val"].items()
        ]
    values += [(f"seconds/{name}", value, last) for name, value in metrics["seconds"].items()]
    values.append(("examples_per_second", metrics.get("examples_per_second"), last))
    data = [
        (name, str(one.get("digest")), str(one.get("origin")), str(one.get("provenance")))
        for name, one in sorted(metrics["data"].items())
    ]
    ended = _ended(run)
    params = dict(flatten(metrics["config"])) | {
        f"{group}.{name}": value
        for group in ("device", "versions")
        for name, value in metrics[group].items()
    }
    return _record(
        kind="seed",
        name=f"{run.arm} seed={run.seed}",
        tags=_tags([run], revision)
        | {"label": metrics["label"], "config_hash": metrics["config_hash"]},
        params={name: str(value)[:MAX_PARAM] for name, value in params.items()},
        metrics=_finite(values),
        datasets=data,
        files=[],
        parent=run.arm,
        started=ended - round(1000 * metrics["seconds"].get("total", 0)),
        ended=ended,
    )


def _summary(runs: Sequence[Run], estimates: pd.DataFrame, revision: str | None) -> Record:
    values: list[tuple[str, float | None, int]] = []
    for row in estimates.to_dict("records"):
        name = _summary_name(row["task"], row["measure"])
        values += [(f"{name}/{key}", row[key], 0) for key in ("mean", "ci_low", "ci_high", "n")]
    first = runs[0].metrics
    return _record(
        kind="summary",
        name=runs[0].arm,
        tags=_tags(runs, revision)
        | {
            "label": first["label"],
            "config_hash": digest(sorted(run.metrics["config_hash"] for run in runs)),
        },
        params={
            name: str(value)[:MAX_PARAM] for name, value in flatten({"arm": first["config"]["arm"]})
        },
        metrics=_finite(values),
        datasets=[],
        files=[],
        parent=None,
        started=min(_ended(run) for run in runs),
        ended=max(_ended(run) for run in runs),
    )


def _report(root: Path, runs: Sequence[Run], revision: str | None) -> Record:
    arms = traits(runs)
    files = [("tables", path) for path in outputs.tables(root, arms)]
    files += [("figures", path) for path in outputs.figures(root, arms)]
    files += [("", root / name) for name in (outputs.REPORT, outputs.MANIFEST, *outputs.CLAIMS)]
    return _record(
        kind="report",
        name="report",
        tags=_tags(runs, revision)
        | {"config_hash": digest(sorted(run.metrics["config_hash"] for run in runs))},
        params={},
        metrics=[],
        datasets=[],
        files=[(folder, path) for folder, path in files if path.is_file()],
        parent=None,
        started=max(_ended(run) for run in runs),
        ended=max(_ended(run) for run in runs),
    )


def _summary_name(task: str, measure: str) -> str:
    if task == summary.ALL:
        return f"final/{measure}"
    if measure == "best_val_accuracy":
        return f"best_val/{task}/accuracy"
    split, _, name = measure.partition("_")
    return f"final/{task}/{split}/{name}" if name else f"final/{task}/{measure}"


def _tags(runs: Sequence[Run], revision: str | None) -> dict[str, str]:
    """Tags to group by, the same names on every record; several values are listed."""

    def listed(values: set) -> str:
        return ", ".join(str(value) for value in sorted(values))

    return {
        "arm": listed({run.arm for run in runs}),
        "group": listed({run.metrics["group"] for run in runs}),
        "seed": listed({run.seed for run in runs}),
        "preset": listed({run.metrics["preset"] for run in runs}),
        "schedule": listed({str(run.dropout.get("schedule")) for run in runs}),
        "data_origin": listed(
            {str(data.get("origin")) for run in runs for data in run.metrics["data"].values()}
        ),
        "code_revision": revision or "unknown",
    }


def _record(**values: Any) -> Record:
    editable = ("tags", "started", "ended")
    content = {name: value for name, value in values.items() if name not in editable}
    content["files"] = [(folder, path.name, sha256(path)) for folder, path in values["files"]]
    return Record(**values, key=digest(content))


def _finite(values: list[tuple[str, Any, int]]) -> list[tuple[str, float, int]]:
    """Metrics that MLflow can hold: numbers, not text, null or NaN."""
    return [
        (name, float(value), step)
        for name, value, step in values
        if isinstance(value, (int, float)) and math.isfinite(value)
    ]


def _ended(run: Run) -> int:
    return round((run.folder / "metrics.json").stat().st_mtime * 1000)
