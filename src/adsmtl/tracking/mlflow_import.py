"""One-way, repeatable import of a results folder into MLflow.

Training writes files and knows nothing of MLflow; this one serial step copies them, so several
writers never race for the database, and the database can be deleted and rebuilt at any time.
"""

import json
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from adsmtl import paths
from adsmtl.claims.wanted import MAIN
from adsmtl.collected import reading
from adsmtl.figures import style
from adsmtl.figures.lazy import Figure
from adsmtl.tracking import records, view, words
from adsmtl.tracking.records import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

# Limits of one `log_batch` call: mlflow.utils.validation.
METRICS_PER_CALL = 1000
PARAMS_PER_CALL = 100
DIGEST_LENGTH = 36

KEY, KIND = "adsmtl.key", "kind"
PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class Changes:
    """How many MLflow runs an import made, removed and left as they were."""

    created: int
    deleted: int
    kept: int


def sync(results_root: Path, tracking_uri: str, artifact_root: Path) -> Changes:
    """Make the experiment of a results folder equal to it.

    Every arm becomes a summary run, every seed a child of it, and the tables, figures and
    the report become the artifacts of a run called `report`. Runs are recognised by a digest
    of all that they hold: equal ones stay, others are deleted and made anew, and those
    without a source, duplicates and half-imported ones are deleted.

    Args:
        results_root: a results folder with collected tables, such as `results/quick`, or a frozen
            archive.
        tracking_uri: such as `sqlite:///mlflow.db`; the database is made if need be.
        artifact_root: folder for artifacts of new experiments.

    Raises:
        UserError: a collected table is missing or damaged.
    """
    collected = reading.load(results_root)
    wanted = records.build(collected)
    client = connect(tracking_uri)
    experiment = _experiment(client, name_of(results_root), artifact_root)
    tasks = [task for task in collected.runs["task"].unique() if task in MAIN]
    described = view.tags(tasks) | {records.NOTE: words.of_study(collected)}
    for tag in described.items():
        client.set_experiment_tag(experiment, *tag)
    kept, stale = _sort_out(_all_runs(client, experiment), wanted)
    for run in stale:
        _delete(client, run, artifact_root)

    ids = {identity: run.info.run_id for identity, run in kept.items()}
    for record in wanted:
        tags = _tags(record, ids)
        identity = (record.kind, record.name)
        if identity not in kept:
            ids[identity] = _create(client, experiment, record, tags)
        else:
            present = kept[identity].data.tags
            for tag in tags.items() - present.items():
                client.set_tag(ids[identity], *tag)
    return Changes(created=len(wanted) - len(kept), deleted=len(stale), kept=len(kept))


def name_of(results_root: Path) -> str:
    """The name of the experiment of a results folder; a frozen study says that it is one."""
    root = results_root.resolve()
    if root.parent.parent.name == paths.FROZEN.name:
        return f"adsmtl/{root.name} {root.parent.name} (frozen, read-only)"
    return f"adsmtl/{root.name}"


def connect(tracking_uri: str) -> "MlflowClient":
    """A client that reports no usage and logs no migrations."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It logs a fault of the database with a traceback, and then raises it.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    return MlflowClient(tracking_uri=tracking_uri)


def _experiment(client: "MlflowClient", name: str, artifact_root: Path) -> str:
    folder = (artifact_root.resolve() / re.sub(r"[^\w.-]+", "-", name)).as_uri()
    found = client.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage == "deleted":  # its name stays taken
        client.restore_experiment(found.experiment_id)
    if found is not None and found.artifact_location != folder:
        # The project was moved, and MLflow would look for files where it was.
        client.rename_experiment(found.experiment_id, f"{name} before {time.time_ns()}")
        client.delete_experiment(found.experiment_id)
        found = None
    return found.experiment_id if found else client.create_experiment(name, folder)


def _all_runs(client: "MlflowClient", experiment: str) -> list["Run"]:
    found, token = [], None
    while True:
        page = client.search_runs([experiment], max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _sort_out(
    present: Sequence["Run"], wanted: Sequence[Record]
) -> tuple[dict[tuple[str, str], "Run"], list["Run"]]:
    """The runs to keep by kind and name, and the runs to delete."""
    keys = {record.key: (record.kind, record.name) for record in wanted}
    kept: dict[tuple[str, str], Run] = {}
    stale = []
    for run in present:
        identity = keys.get(run.data.tags.get(KEY, ""))
        # Its status is set last; any other is that of an interrupted import.
        if identity is None or run.info.status != _status(identity[0]) or identity in kept:
            stale.append(run)
        else:
            kept[identity] = run
    return kept, stale


def _tags(record: Record, ids: dict[tuple[str, str], str]) -> dict[str, str]:
    """All tags of a run; summaries are made first, so a child finds its parent in `ids`."""
    tags = {**record.tags, KEY: record.key, KIND: record.kind}
    if record.parent:
        tags[PARENT] = ids["summary", record.parent]
    return tags


def _delete(client: "MlflowClient", run: "Run", artifact_root: Path) -> None:
    client.delete_run(run.info.run_id)
    # MLflow keeps the files of deleted runs. They are copies, so they can go.
    folder = Path(unquote(urlparse(run.info.artifact_uri).path))
    if folder.is_relative_to(artifact_root.resolve()):
        shutil.rmtree(folder.parent, ignore_errors=True)


def _create(client: "MlflowClient", experiment: str, record: Record, tags: dict[str, str]) -> str:
    from mlflow.entities import Metric, Param

    run = client.create_run(
        experiment, start_time=record.started, tags=tags, run_name=record.name
    ).info.run_id
    params = [Param(name, value) for name, value in record.params.items()]
    for start in range(0, len(params), PARAMS_PER_CALL):
        client.log_batch(run, params=params[start : start + PARAMS_PER_CALL])
    metrics = [Metric(name, value, record.ended, step) for name, value, step in record.metrics]
    for start in range(0, len(metrics), METRICS_PER_CALL):
        client.log_batch(run, metrics=metrics[start : start + METRICS_PER_CALL])
    if record.datasets:
        client.log_inputs(run, [_dataset(*data) for data in record.datasets])
    for folder, path in record.files:
        client.log_artifact(run, str(path), folder or None)
    for name, text in record.texts.items():
        client.log_text(run, text, name)
    if record.draw is not None:
        _log_figure(client, run, record.draw)
    client.set_terminated(run, _status(record.kind), record.ended)
    return run


def _log_figure(client: "MlflowClient", run: str, draw: Callable[[], Figure]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        client.log_artifact(run, str(style.picture(Path(scratch) / "learning-curves.png", draw)))


def _status(kind: str) -> str:
    return "FAILED" if kind == records.DIVERGED else "FINISHED"


def _dataset(name: str, digest: str, origin: str, provenance: str):
    """A data set as MLflow's input; its column for digests is short, a tag holds all of it."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"origin": origin, "provenance": provenance})
    tags = [InputTag("mlflow.data.context", "training"), InputTag("sha256", digest)]
    return DatasetInput(Dataset(name, digest[:DIGEST_LENGTH], origin, source), tags)
