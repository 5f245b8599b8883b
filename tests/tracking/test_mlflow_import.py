import dataclasses
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlparse

import pandas as pd
import pytest
from collecting import collected
from synthetic import write_results, write_run

from adsmtl.archive import manifest
from adsmtl.collected import collect, reading, run_folders
from adsmtl.tables import build as tables
from adsmtl.tracking import mlflow_import, records, words

ARMS = ["single-vision-none", "none", "adsmtl-0.2"]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A database with its tables, which take MLflow seconds to make."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    mlflow_import.connect(f"sqlite:///{path}")
    return path


@pytest.fixture
def study(tmp_path, empty_database):
    """A results folder of three arms and two seeds, and a place to import it to."""
    root = write_results(tmp_path / "quick", 2, ARMS, epochs=3)
    tables.write_all(collected(root, ARMS), root)
    manifest.write(reading.load(root))
    database = tmp_path / "mlflow.db"
    shutil.copy(empty_database, database)
    uri = f"sqlite:///{database}"
    return SimpleNamespace(
        root=root,
        artifacts=tmp_path / "artifacts",
        client=mlflow_import.connect(uri),
        sync=lambda: mlflow_import.sync(root, uri, tmp_path / "artifacts"),
        collect=lambda: collect.write(root),
    )


def stored(study):
    experiment = study.client.get_experiment_by_name("adsmtl/quick")
    found = study.client.search_runs([experiment.experiment_id], max_results=1000)
    return {(run.data.tags["kind"], run.info.run_name): run for run in found}


def ids(study):
    return {identity: run.info.run_id for identity, run in stored(study).items()}


def content(study):
    """All that an import stores, without the ids that MLflow draws."""
    names = {run_id: identity for identity, run_id in ids(study).items()}
    result = {}
    for identity, run in stored(study).items():
        tags = {k: names.get(v, v) for k, v in run.data.tags.items()}
        inputs = [(i.dataset.name, i.dataset.digest) for i in run.inputs.dataset_inputs]
        result[identity] = (
            tags,
            run.data.params,
            run.data.metrics,
            sorted(inputs),
            run.info.start_time,
            run.info.end_time,
        )
    return result


def test_every_arm_has_a_summary_and_a_child_per_seed(study):
    assert study.sync() == mlflow_import.Changes(created=10, deleted=0, kept=0)
    found = stored(study)
    assert len(found) == 3 + 6 + 1
    for arm in ARMS:
        parent = found["summary", arm].info.run_id
        for seed in (0, 1):
            child = found["seed", f"{arm} seed={seed}"]
            assert child.data.tags["mlflow.parentRunId"] == parent


def test_every_run_carries_every_grouping_tag(study):
    study.sync()
    names = {
        "arm",
        "group",
        "seed",
        "preset",
        "schedule",
        "config_hash",
        "data_origin",
        "code_revision",
    }
    for run in stored(study).values():
        assert names <= set(run.data.tags)
        assert all(run.data.tags[name] for name in names)


def test_a_second_import_changes_nothing(study):
    study.sync()
    before, content_before = ids(study), content(study)
    assert study.sync() == mlflow_import.Changes(created=0, deleted=0, kept=10)
    assert ids(study) == before
    assert content(study) == content_before


def test_curves_final_and_best_values_are_those_of_the_run(study):
    study.sync()
    run = stored(study)["seed", "adsmtl-0.2 seed=1"]
    source = run_folders.load(study.root, {"adsmtl-0.2": [1]})[0]
    curve = study.client.get_metric_history(run.info.run_id, "training/speech/val_accuracy")
    expected = [line["tasks"]["speech"]["val"]["accuracy"] for line in source.history]
    assert [(m.step, m.value) for m in curve] == list(enumerate(expected, start=1))
    task = source.metrics["tasks"]["speech"]
    metrics = run.data.metrics
    assert metrics["values/speech/test_accuracy_39"] == task["final"]["test"]["accuracy_39"]
    assert metrics["values/speech/gap"] == task["final"]["gap"]
    assert metrics["values/speech/best_val_accuracy"] == task["best_val"]["accuracy"]
    assert run.data.params["arm.dropout.schedule"] == "adsmtl"
    assert run.data.params["training.batch_size"] == "64"


def test_data_sets_carry_their_digest(study):
    study.sync()
    inputs = stored(study)["seed", "none seed=0"].inputs.dataset_inputs
    assert sorted(i.dataset.name for i in inputs) == ["cifar10", "timit-sample"]
    source = run_folders.load(study.root, {"none": [0]})[0]
    for i in inputs:
        digest = source.metrics["data"][i.dataset.name]["digest"]
        assert {tag.key: tag.value for tag in i.tags}["sha256"] == digest
        assert digest.startswith(i.dataset.digest)


def test_a_run_of_one_task_names_the_data_of_that_task(study):
    runs = reading.load(study.root).runs
    study.sync()
    own = {arm: set(rows["dataset"]) for arm, rows in runs.groupby("arm")}
    assert {len(names) for names in own.values()} == {1, 2}
    for (kind, name), run in stored(study).items():
        if kind in ("seed", "summary"):
            read = {i.dataset.name for i in run.inputs.dataset_inputs}
            assert read == own[name.partition(" ")[0]]


def test_summary_equals_the_mean_over_seeds(study):
    study.sync()
    frame = collected(study.root).runs.query("arm == 'adsmtl-0.2' and task == 'vision'")
    metrics = stored(study)["summary", "adsmtl-0.2"].data.metrics
    name = "with_interval/vision/test_accuracy"
    assert metrics["test_accuracy/vision"] == metrics[f"{name}/mean"]
    assert metrics[f"{name}/mean"] == pytest.approx(frame["test_accuracy"].mean(), rel=1e-12)
    assert metrics[f"{name}/n"] == 2
    assert metrics[f"{name}/ci_low"] < metrics[f"{name}/mean"] < metrics[f"{name}/ci_high"]


def test_a_changed_run_replaces_the_old_one(study):
    study.sync()
    before = ids(study)
    path = study.root / "runs/none/seed=0/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["tasks"]["vision"]["final"]["test"]["accuracy"] = 0.99
    path.write_text(json.dumps(metrics))
    study.collect()
    assert study.sync() == mlflow_import.Changes(created=2, deleted=2, kept=8)
    after, found = ids(study), stored(study)
    changed = {identity for identity in after if after[identity] != before[identity]}
    assert changed == {("seed", "none seed=0"), ("summary", "none")}
    assert found["seed", "none seed=0"].data.metrics["test_accuracy/vision"] == 0.99
    sibling = found["seed", "none seed=1"]
    assert sibling.data.tags["mlflow.parentRunId"] == after["summary", "none"]


def test_a_vanished_run_is_removed_and_a_new_one_added(study):
    study.sync()
    shutil.rmtree(study.root / "runs/single-vision-none")
    write_run(study.root, "none", 2, epochs=3)
    study.collect()
    study.sync()
    found = stored(study)
    assert ("summary", "single-vision-none") not in found
    assert found["summary", "none"].data.metrics["with_interval/vision/test_accuracy/n"] == 3


def test_an_interrupted_import_is_repaired(study, monkeypatch):
    log_inputs, calls = type(study.client).log_inputs, []

    def stop_at_the_third(*arguments, **named):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return log_inputs(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(type(study.client), "log_inputs", stop_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            study.sync()
    changes = study.sync()
    assert (changes.deleted, changes.kept) == (1, 2)
    assert len(stored(study)) == 10
    assert all(run.info.status == "FINISHED" for run in stored(study).values())


def test_a_database_rebuilt_from_scratch_is_equal(study, empty_database, tmp_path):
    study.sync()
    before = content(study)
    shutil.copy(empty_database, tmp_path / "again.db")
    uri = f"sqlite:///{tmp_path / 'again.db'}"
    mlflow_import.sync(study.root, uri, tmp_path / "again")
    again = SimpleNamespace(client=mlflow_import.connect(uri))
    assert content(again) == before


def test_artifacts_follow_the_report(study):
    study.sync()

    def listing():
        report = ids(study)["report", "report"]
        return {i.path for i in study.client.list_artifacts(report, "tables")}

    assert "tables/main.csv" in listing()
    (study.root / "tables/main.csv").write_text("changed")
    assert study.sync().created == 1
    assert len(list(study.artifacts.glob("*/*/artifacts"))) == 10  # the old ones are gone


def test_a_new_code_revision_only_edits_tags(study):
    study.sync()
    before = ids(study)
    path = study.root / "manifest.json"
    changed = json.loads(path.read_text())
    changed["code"]["describe"] = "v9"
    path.write_text(json.dumps(changed))
    assert study.sync().created == 1  # the report holds the manifest itself
    after = ids(study)
    assert {k for k in after if after[k] != before[k]} == {("report", "report")}
    assert {run.data.tags["code_revision"] for run in stored(study).values()} == {"v9"}


def test_the_first_metrics_are_those_that_a_person_looks_for(study):
    study.sync()
    found = stored(study)
    frame = collected(study.root).runs.query("arm == 'none'")
    for identity in (("summary", "none"), ("seed", "none seed=0")):
        metrics = found[identity].data.metrics
        assert sorted(metrics)[:5] == [
            "test_accuracy",
            *(f"{measure}/{task}" for measure in words.HEADLINES for task in ("speech", "vision")),
        ]
        runs = frame if identity[0] == "summary" else frame.query("seed == 0")
        assert metrics["test_accuracy"] == pytest.approx(runs["test_accuracy"].mean())
    alone = found["summary", "single-vision-none"].data.metrics
    assert "test_accuracy" not in alone  # a mean over tasks would be no mean
    assert "test_accuracy/vision" in alone


def test_a_cosine_is_that_of_the_run_only_where_the_run_has_one_pair(study):
    def named(tasks):
        epochs = pd.concat([read.epochs.assign(task=task) for task in tasks])
        found = records.build(dataclasses.replace(read, epochs=epochs))
        seed = next(own for own in found if (own.kind, own.name) == ("seed", "adsmtl-0.2 seed=1"))
        return {name for name, _, _ in seed.metrics if "cosine" in name}

    read = reading.load(study.root)
    read.epochs["cosine"] = 0.1
    assert named(["vision", "speech"]) == {"training/cosine"}
    three = ["vision", "speech", "third"]
    assert named(three) == {f"training/{task}/cosine" for task in three}


def test_an_arm_has_its_data_its_configuration_and_its_curves(study):
    study.sync()
    run = stored(study)["summary", "adsmtl-0.2"]
    assert sorted(i.dataset.name for i in run.inputs.dataset_inputs) == ["cifar10", "timit-sample"]
    assert run.info.end_time > run.info.start_time
    names = [one.path for one in study.client.list_artifacts(run.info.run_id)]
    assert names == ["config.json", "learning-curves.png"]
    folder = Path(urlparse(run.info.artifact_uri).path)
    assert json.loads((folder / "config.json").read_text())["arm"]["dropout"]["p0"] == 0.2
    assert (folder / "learning-curves.png").read_bytes().startswith(b"\x89PNG")


def test_every_experiment_and_arm_is_described(study):
    study.sync()
    experiment = study.client.get_experiment_by_name("adsmtl/quick")
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert "Preset quick" in experiment.tags[records.NOTE]
    assert "3 arms" in experiment.tags[records.NOTE]
    note = stored(study)["summary", "none"].data.tags[records.NOTE]
    assert "2 seeds" in note
    # the filter that it names finds the children
    (query,) = re.findall(r"filter by `([^`]+)`", note)
    found = study.client.search_runs([experiment.experiment_id], query)
    assert {run.info.run_name for run in found} == {"none seed=0", "none seed=1"}


def test_a_folder_that_was_moved_has_its_artifacts(study, tmp_path):
    study.sync()
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("quick", "artifacts", "mlflow.db"):
        shutil.move(tmp_path / name, moved / name)
    uri = f"sqlite:///{moved / 'mlflow.db'}"
    changes = mlflow_import.sync(moved / "quick", uri, moved / "artifacts")
    assert changes == mlflow_import.Changes(created=10, deleted=0, kept=0)
    client = mlflow_import.connect(uri)
    (experiment,) = client.search_experiments(filter_string="name LIKE 'adsmtl/%'")
    for run in client.search_runs([experiment.experiment_id]):
        assert Path(urlparse(run.info.artifact_uri).path).is_relative_to(moved)


def test_a_frozen_study_is_called_one(tmp_path):
    name = mlflow_import.name_of(tmp_path / "results/frozen/1.2.3/study")
    assert name == "adsmtl/study 1.2.3 (frozen, read-only)"
