"""What MLflow is to hold of a results folder, as plain values that know nothing of MLflow.

A record's key is the digest of all that cannot be edited once it is in MLflow. Tags can, and so
a new code revision or relabelled arm does not make every run anew.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from adsmtl import outputs
from adsmtl.analysis import summary
from adsmtl.collected import diverged, provenance
from adsmtl.collected.reading import Collected
from adsmtl.figures import learning_curves
from adsmtl.figures.lazy import Figure
from adsmtl.files import digest, read_json, sha256
from adsmtl.running.difference import leaves
from adsmtl.tracking import words

DIVERGED = "diverged"  # the kind of a run that was given up
MAX_PARAM = 6000  # characters that MLflow stores of a parameter
NOTE = "mlflow.note.content"  # the tag that MLflow shows as description
_DATA = ("digest", "origin", "provenance")  # of a data set


@dataclass(frozen=True)
class Record:
    """One MLflow run to be.

    Attributes:
        kind: `seed`, `summary` (of an arm), `report`, or `DIVERGED`.
        name: shown in MLflow; unique among the records of one kind.
        tags, params: text by name.
        metrics: (name, value, step) in the order of logging.
        datasets: (name, digest, origin, provenance).
        files: files to attach, by their folder below the run's artifacts.
        texts: text to attach, by the name of its file.
        draw: what draws the figure to attach, if any; not part of the key, as it shows metrics.
        parent: name of the `summary` record that it belongs to.
        started, ended: milliseconds since 1970; not part of the key.
    """

    kind: str
    name: str
    tags: Mapping[str, str]
    started: int
    ended: int
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[tuple[str, float, int]] = ()
    datasets: Sequence[tuple[str, str, str, str]] = ()
    files: Sequence[tuple[str, Path]] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    draw: Callable[[], "Figure"] | None = None
    parent: str | None = None

    @cached_property
    def key(self) -> str:
        """Digest of all but tags and times, with the contents of the files."""
        editable = ("tags", "started", "ended", "draw")
        content = {name: value for name, value in vars(self).items() if name not in editable}
        files = [(folder, path.name, sha256(path)) for folder, path in self.files]
        return digest(content | {"files": files})


def build(collected: Collected) -> list[Record]:
    """Every record of a study: summaries, seeds, runs that diverged, and the report."""
    manifest = collected.root / outputs.MANIFEST
    revision = read_json(manifest)["code"]["describe"] if manifest.is_file() else None
    written = outputs.collected(collected.root)[0].stat().st_mtime
    study = _Study(collected, revision or "unknown", round(written * 1000))
    estimates = summary.per_arm(collected.runs)
    runs = collected.per_run
    summaries = [
        study.summary(arm, own, estimates[estimates["arm"] == arm])
        for arm, own in runs.groupby("arm", sort=False)
    ]
    epochs = dict(list(collected.epochs.groupby(["arm", "seed"])))
    scores = dict(list(collected.runs.groupby(["arm", "seed"])))
    seeds = [
        study.seed(row, scores[row["arm"], row["seed"]], epochs[row["arm"], row["seed"]])
        for row in runs.to_dict("records")
    ]
    lost = [study.diverged(run, set(runs["arm"])) for run in diverged.runs(collected)]
    return [*summaries, *seeds, *lost, study.report(runs)]


@dataclass(frozen=True)
class _Study:
    """What the records of one study share; `written` is when it was collected, in ms."""

    collected: Collected
    revision: str
    written: int

    def seed(self, run: dict[str, Any], scores: pd.DataFrame, epochs: pd.DataFrame) -> Record:
        """One run: its scores by epoch, and after the last one."""
        environment = self.collected.environments[run["environment"]]
        config = {**self.collected.configs[run["arm"]], "seed": run["seed"]}
        params = dict(leaves(config)) | {
            f"{group}.{name}": value
            for group in ("device", "versions")
            for name, value in environment[group].items()
        }
        own = pd.DataFrame([run])
        return Record(
            kind="seed",
            name=f"{run['arm']} seed={run['seed']}",
            tags=self._tags(own) | {"label": run["label"], "config_hash": run["config_hash"]},
            params={name: str(value)[:MAX_PARAM] for name, value in params.items()},
            metrics=_finite([*_by_epoch(epochs), *_after_last(run, scores)]),
            datasets=_datasets([environment], scores),
            texts={"config.json": _json(config)},
            parent=run["arm"],
            started=self.written - round(1000 * run["seconds_total"]),
            ended=self.written,
        )

    def summary(self, arm: str, runs: pd.DataFrame, estimates: pd.DataFrame) -> Record:
        """One arm: means and intervals over its seeds."""
        values: list[tuple[str, float | None, int]] = []
        for row in estimates.to_dict("records"):
            task, measure = row["task"], row["measure"]
            if name := _headline(task, measure):
                values.append((name, row["mean"], 0))
            name = f"with_interval/{measure if task == summary.ALL else f'{task}/{measure}'}"
            values += [(f"{name}/{key}", row[key], 0) for key in ("mean", "ci_low", "ci_high", "n")]
        config = self.collected.configs[arm]
        epochs = self.collected.named(self.collected.epochs.query("arm == @arm"))
        return Record(
            kind="summary",
            name=arm,
            tags=self._tags(runs)
            | {"label": runs["label"].iloc[0], NOTE: words.of_arm(runs)}
            | _config_hash(runs),
            params={name: str(value)[:MAX_PARAM] for name, value in leaves({"arm": config["arm"]})},
            metrics=_finite(values),
            datasets=_datasets(self._environments(runs), self.collected.runs.query("arm == @arm")),
            texts={"config.json": _json(config)},
            draw=partial(learning_curves.draw_epochs, epochs),
            started=self.written - round(1000 * runs["seconds_total"].sum()),
            ended=self.written,
        )

    def diverged(self, run: dict[str, Any], summaries: set[str]) -> Record:
        """A run that was given up: why, and its losses until then."""
        traits = run["traits"]
        tags = {name: str(run[name]) for name in ("arm", "seed", "label", "config_hash")}
        tags |= {"group": traits["group"], "schedule": str(traits["schedule"])}
        tags |= {"preset": provenance.preset(self.collected), "code_revision": self.revision}
        return Record(
            kind=DIVERGED,
            name=f"{run['arm']} seed={run['seed']}",
            tags=tags | {"diverged": f"epoch {run['epoch']}: {run['reason']}"},
            metrics=_finite(
                [
                    (f"training/{task}/loss", loss, epoch)
                    for task, losses in run["losses"].items()
                    for epoch, loss in enumerate(losses, start=1)
                ]
            ),
            parent=run["arm"] if run["arm"] in summaries else None,
            started=self.written,
            ended=self.written,
        )

    def report(self, runs: pd.DataFrame) -> Record:
        """The files that people read."""
        root, arms = self.collected.root, diverged.attempted_traits(self.collected)
        files = [("tables", path) for path in outputs.tables(root, arms)]
        files += [("figures", path) for path in outputs.figures(root, arms)]
        files += [("", root / name) for name in (outputs.REPORT, outputs.MANIFEST)]
        files += [("", path) for path in outputs.claims(root)]
        return Record(
            kind="report",
            name="report",
            tags=self._tags(runs) | _config_hash(runs),
            files=[(folder, path) for folder, path in files if path.is_file()],
            started=self.written,
            ended=self.written,
        )

    def _environments(self, runs: pd.DataFrame) -> list[dict[str, Any]]:
        return [self.collected.environments[key] for key in runs["environment"].unique()]

    def _tags(self, runs: pd.DataFrame) -> dict[str, str]:
        """Tags to group by, the same names on every record; several values are listed."""

        def listed(values: Iterable) -> str:
            return ", ".join(str(value) for value in sorted(set(values)))

        environments = self._environments(runs)
        tags = {name: listed(runs[name]) for name in ("arm", "group", "seed", "preset", "schedule")}
        return tags | {
            "data_origin": listed(
                str(data.get("origin")) for one in environments for data in one["data"].values()
            ),
            "code_revision": self.revision,
        }


def _datasets(
    environments: Iterable[Mapping[str, Any]], scores: pd.DataFrame
) -> list[tuple[str, str, str, str]]:
    """Name, digest, origin and provenance of the data sets of the tasks of runs, each once."""
    found = {
        (name, *(str(environment["data"][name].get(key)) for key in _DATA))
        for environment in environments
        for name in set(scores["dataset"]) & environment["data"].keys()
    }
    return sorted(found)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


# MLflow sorts charts by name: what a study is about comes first, then the course of the training,
# then all other values.
def _headline(task: str, measure: str) -> str | None:
    """The name of a measure that a person looks for first; None of any other."""
    if (task, measure) == (summary.ALL, summary.MEAN_ACCURACY):
        return words.MEAN
    return f"{measure}/{task}" if measure in words.HEADLINES and task != summary.ALL else None


def _by_epoch(epochs: pd.DataFrame) -> Iterator[tuple[str, float, int]]:
    """Every measure of every epoch, as (name, value, epoch)."""
    of_run = ["seconds", "penalty"]
    if epochs["task"].nunique() == 2:
        of_run.append("cosine")  # of the only pair
    for row in epochs.drop_duplicates("epoch").to_dict("records"):
        for name in of_run:
            yield f"training/{name}", row[name], row["epoch"]
    for row in epochs.to_dict("records"):
        for column, value in row.items():
            if column not in ("arm", "seed", "epoch", "task", *of_run):
                yield f"training/{row['task']}/{column}", value, row["epoch"]


def _after_last(run: dict[str, Any], scores: pd.DataFrame) -> Iterator[tuple[str, float, int]]:
    """What a run came to, as (name, value, its last epoch)."""
    last = run["epochs"]
    if len(scores) > 1:
        yield words.MEAN, scores["test_accuracy"].mean(), last
    for row in scores.to_dict("records"):
        task = row["task"]
        for column, value in row.items():
            if name := _headline(task, column):
                yield name, value, last
            elif column.startswith(("train_", "val_", "test_")) and column != "train_fraction":
                yield f"values/{task}/{column}", value, last
        yield f"values/{task}/gap", row["gap"], last
        for name in ("best_val_epoch", "best_val_accuracy"):
            yield f"values/{task}/{name}", row[name], last
    for name in ("seconds_total", "seconds_per_epoch", "examples_per_second"):
        yield f"values/{name}", run[name], last


def _config_hash(runs: pd.DataFrame) -> dict[str, str]:
    return {"config_hash": digest(sorted(runs["config_hash"]))}


def _finite(values: list[tuple[str, Any, int]]) -> list[tuple[str, float, int]]:
    """Metrics that MLflow can hold: numbers, not text, null or NaN."""
    return [
        (name, float(value), step)
        for name, value, step in values
        if isinstance(value, (int, float)) and math.isfinite(value)
    ]
