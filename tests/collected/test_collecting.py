"""From run folders to tables and back, and what is said of folders that are not right."""

import json

import pandas as pd
import pytest
from collecting import collected
from synthetic import ORDER, write_results, write_run, write_test_time

from adsmtl import outputs
from adsmtl.collected import collect, reading, run_folders
from adsmtl.errors import UserError
from adsmtl.files import digest, sha256


def test_tables_have_one_row_per_arm_seed_task_and_epoch(results):
    study = reading.load(results)
    # two single-task arms and seven with two tasks, three seeds
    assert len(study.runs) == (2 + 7 * 2) * 3
    assert len(study.epochs) == len(study.runs) * 10
    assert not study.runs.duplicated(["arm", "seed", "task"]).any()
    assert not study.epochs.duplicated(["arm", "seed", "task", "epoch"]).any()
    assert study.arms == ORDER
    assert study.seeds == [0, 1, 2]
    stored = json.loads((results / "runs/adsmtl-0.2/seed=1/metrics.json").read_text())
    row = study.runs.query("arm == 'adsmtl-0.2' and seed == 1 and task == 'speech'").iloc[0]
    assert row["test_accuracy_39"] == stored["tasks"]["speech"]["final"]["test"]["accuracy_39"]
    assert row["schedule"] == "adsmtl"
    assert study.runs.query("task == 'vision'")["test_accuracy_39"].isna().all()


def test_what_is_read_back_is_what_was_collected_to_the_last_bit(tmp_path):
    write_results(tmp_path, 2, ["none", "adsmtl-0.2", "single-vision-none"], epochs=3)
    write_test_time(tmp_path, "adsmtl-0.2", 0, gain=0.01, calibration=0.02)
    study = collected(tmp_path)
    found = run_folders.load(tmp_path)
    for frame, built in (
        (study.runs, collect.runs_frame(found)),
        (study.epochs, collect.epochs_frame(found)),
    ):
        pd.testing.assert_frame_equal(frame, built, check_exact=True, check_dtype=False)
    assert list(study.test_time["policy"]) == [*["off", "on", "on", "on", "on"] * 2]


def test_the_last_epochs_stand_beside_the_last_one(tmp_path):
    folder = write_run(tmp_path, "none", 5, epochs=5)
    path = folder / "history.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        for split, shift in (("val", 0.0), ("test", 1.0)):
            line["tasks"]["vision"][split] = {
                "loss": shift + line["epoch"] / 10,
                "accuracy": shift / 10 + line["epoch"] / 100,
            }
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    row = collected(tmp_path).runs.query("task == 'vision'").iloc[0]
    assert row["val_loss_last3"] == pytest.approx(0.4)  # of epochs 3, 4 and 5
    assert row["test_loss_last3"] == pytest.approx(1.4)
    assert row["val_accuracy_last3"] == pytest.approx(0.04)
    assert row["test_accuracy_last3"] == pytest.approx(0.14)
    assert row["fold"] == 1
    assert row["test_ece_floor"] == 0.03


def test_a_training_of_fewer_epochs_is_averaged_over_all(tmp_path):
    write_run(tmp_path, "none", 0, epochs=2)
    row = collected(tmp_path).runs.iloc[0]
    assert row["test_accuracy_last3"] == pytest.approx(row["test_accuracy"])


def test_a_run_without_test_scores_of_its_last_epochs_is_refused(tmp_path):
    path = write_run(tmp_path, "none", 0, epochs=4) / "history.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    del lines[2]["tasks"]["speech"]["test"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(UserError, match=r"history\.jsonl lacks test scores of the last 3 epochs"):
        collect.write(tmp_path)


def write_affinity(folder, **changes):
    content = {
        "config_hash": json.loads((folder / "metrics.json").read_text())["config_hash"],
        "affinity": {"vision:speech": 0.25},
    }
    (folder / "affinity.json").write_text(json.dumps(content | changes))


def test_the_affinity_of_a_pair_stands_in_the_rows_of_the_first_epoch(tmp_path):
    write_affinity(write_run(tmp_path, "none", 0, epochs=2))
    write_run(tmp_path, "none", 1, epochs=2)  # not measured
    epochs = collected(tmp_path).epochs
    assert list(epochs.query("epoch == 1 and seed == 0")["affinity"]) == [0.25, 0.25]
    assert epochs.query("epoch == 2 or seed == 1")["affinity"].isna().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config_hash": "other"}, "is of another configuration than its run"),
        ({"affinity": {"vision:speech": "high"}}, "affinity.vision:speech is"),
    ],
)
def test_an_affinity_that_is_not_that_of_the_run_is_refused(tmp_path, changes, message):
    write_affinity(write_run(tmp_path, "none", 0, epochs=2), **changes)
    with pytest.raises(UserError, match=rf"affinity\.json:? .*{message}.*`adsmtl affinity`"):
        collect.write(tmp_path)


def test_a_schedule_called_none_is_no_missing_value(tmp_path):
    write_results(tmp_path, 1, ["none"], epochs=1)
    row = collected(tmp_path).runs.iloc[0]
    assert (row["arm"], row["schedule"]) == ("none", "none")
    assert pd.isna(row["family"])


def test_equal_runs_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        write_results(tmp_path / name, 2, ["none", "adsmtl-0.2"], epochs=2)
        collect.write(tmp_path / name)
    for path in outputs.collected(tmp_path / "one"):
        assert path.read_bytes() == (tmp_path / "two/collected" / path.name).read_bytes()


def test_a_run_can_be_traced_from_its_row(results):
    study = reading.load(results)
    row = study.runs.query("arm == 'adsmtl-0.2' and seed == 2").iloc[0]
    folder = results / "runs/adsmtl-0.2/seed=2"
    assert row["metrics_sha256"] == sha256(folder / "metrics.json")
    assert row["history_sha256"] == sha256(folder / "history.jsonl")
    assert row["predictions_sha256"] == sha256(folder / "predictions.npz")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert {**study.configs["adsmtl-0.2"], "seed": 2} == metrics["config"]
    described = study.environments[row["environment"]]
    assert described["device"] == metrics["device"]
    assert described["data"]["cifar10"]["digest"] == metrics["data"]["cifar10"]["digest"]
    assert row["environment"] == digest(described)[:8]


def test_arms_and_seeds_choose_the_runs(results):
    found = run_folders.load(results, {"adsmtl-0.2": [2, 0], "none": [0, 2]})
    assert [(run.arm, run.seed) for run in found] == [
        ("adsmtl-0.2", 0),
        ("adsmtl-0.2", 2),
        ("none", 0),
        ("none", 2),
    ]


def test_of_whatever_is_there_references_come_first(results):
    arms = list(dict.fromkeys(run.arm for run in run_folders.load(results)))
    assert arms[:2] == ["single-speech-none", "single-vision-none"]


def test_a_run_without_metrics_is_not_finished(tmp_path):
    write_run(tmp_path, "none", 0)
    (write_run(tmp_path, "none", 1) / "metrics.json").unlink()
    assert [run.seed for run in run_folders.load(tmp_path)] == [0]
    with pytest.raises(UserError, match=r"none/seed=1/metrics\.json is missing; train"):
        run_folders.load(tmp_path, {"none": [0, 1]})


def test_no_runs_at_all_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match=r"no finished run below .*snakemake"):
        run_folders.load(tmp_path)


def test_an_arm_that_was_never_trained_is_named(results):
    with pytest.raises(UserError, match=r"borrowed/seed=0/metrics\.json is missing"):
        run_folders.load(results, {"none": [0], "borrowed": [0]})


def test_malformed_metrics_name_file_and_key(tmp_path):
    path = write_run(tmp_path, "none", 0) / "metrics.json"
    metrics = json.loads(path.read_text())
    del metrics["tasks"]["vision"]["final"]["test"]
    path.write_text(json.dumps(metrics))
    with pytest.raises(
        UserError, match=r"metrics\.json: .*tasks\.vision\.final\.test' is missing; del"
    ):
        run_folders.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"), [('{"epoch": 1', "line 1, is not valid"), ('{"epoch": 1}', "tasks")]
)
def test_malformed_history_names_file_and_line(tmp_path, text, message):
    path = write_run(tmp_path, "none", 0) / "history.jsonl"
    path.write_text(text + "\n")
    with pytest.raises(UserError, match=rf"history\.jsonl, line 1.*{message}|{message}"):
        run_folders.load(tmp_path)


def test_a_misplaced_run_is_refused(tmp_path):
    folder = write_run(tmp_path, "none", 0)
    folder.rename(folder.with_name("seed=7"))
    with pytest.raises(UserError, match="belongs to arm none, seed 0"):
        run_folders.load(tmp_path)


@pytest.mark.parametrize(
    ("on", "message"), [([], r"tasks\.vision\.on is \[\]"), ([{}], r".*tasks\.vision\.on\.0")]
)
def test_malformed_evaluations_name_file_and_key(tmp_path, on, message):
    folder = write_run(tmp_path, "none", 0, epochs=1)
    off = {"loss": 1, "accuracy": 1, "ece": 0}
    found = {"rate": 0.2, "passes": 1, "repeats": 1, "tasks": {"vision": {"off": off, "on": on}}}
    (folder / "test-time.json").write_text(json.dumps(found))
    with pytest.raises(UserError, match=rf"test-time\.json: {message}"):
        collect.write(tmp_path)


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("runs.csv", lambda path: path.unlink(), r"runs\.csv is missing; run"),
        ("runs.csv", lambda path: path.write_text("arm,seed\nnone,0\n"), "has no column label"),
        ("epochs.csv.gz", lambda path: path.write_bytes(path.read_bytes()[:99]), "cannot be read"),
        ("epochs.csv.gz", lambda path: path.write_text("no gzip"), "cannot be read"),
        ("configs.json", lambda path: path.write_text("[]"), "must hold an object"),
        ("study.json", lambda path: path.write_text("{}"), r"study\.json lacks 'planned'"),
        (
            "runs.csv",
            lambda path: path.write_text(path.read_text().split("\n")[0] + "\n"),
            r"runs\.csv has no rows",
        ),
        (
            "runs.csv",
            lambda path: path.write_text(path.read_text().replace(",rate,", ",pace,")),
            "has no column rate",
        ),
    ],
)
def test_damaged_tables_are_named(tmp_path, name, damage, message):
    write_results(tmp_path, 1, ["none"], epochs=1)
    collect.write(tmp_path)
    damage(tmp_path / "collected" / name)
    with pytest.raises(UserError, match=message):
        reading.load(tmp_path)
