"""The whole workflow at the preset smoke: what it leaves, and what it says."""

import json

import pytest
from copies import EMBEDDED, RESULTS, copy_project

from adsmtl import outputs
from adsmtl.collected import reading

RUNS = [(arm, seed) for arm in ("none", "adsmtl-0.2") for seed in (0, 1)]


def test_the_results_follow_the_contract(finished):
    root = finished.folder / RESULTS
    for arm, seed in RUNS:
        run = root / "runs" / arm / f"seed={seed}"
        metrics = json.loads((run / "metrics.json").read_text())
        history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
        assert (metrics["arm"], metrics["seed"]) == (arm, seed)
        assert [record["epoch"] for record in history] == list(range(1, metrics["epochs"] + 1))
        assert set(metrics["tasks"]) == {"vision", "speech"}
        assert all(own["embedded"] for own in metrics["data"].values())
        assert (run / "checkpoint.safetensors").stat().st_size > 1e6
        assert not (run / "resume.safetensors").exists()
        assert (run / "test-time.json").exists() == (arm == "adsmtl-0.2")
        assert (run / "affinity.json").exists() == (arm == "none")
    traits = reading.load(root).traits
    for path in (*outputs.collected(root), *outputs.judged(root, traits)):
        assert path.stat().st_size > 0, path
    claims = json.loads((root / "claims.json").read_text())
    assert [row["id"] for row in claims] == [f"C{number}" for number in range(1, 12)]
    manifest = json.loads((root / "manifest.json").read_text())
    assert manifest["seeds"] == [0, 1]
    assert set(manifest["data"]) == {"digits", "espeak"}


def test_arms_of_a_seed_start_alike_and_then_differ(finished):
    rows = {
        arm: json.loads(
            (finished.folder / RESULTS / "runs" / arm / "seed=0/history.jsonl")
            .read_text()
            .splitlines()[0]
        )["tasks"]["vision"]
        for arm in ("none", "adsmtl-0.2")
    }
    assert rows["none"]["rates"] == {"shared": 0.0, "specific": 0.0}
    assert rows["adsmtl-0.2"]["rates"]["shared"] == pytest.approx(0.2, abs=1 / 512)
    assert rows["none"]["loss"] != rows["adsmtl-0.2"]["loss"]


def test_the_embedded_data_are_named_in_tables_and_captions(finished):
    root = finished.folder / RESULTS
    for name in ("tables/main.md", "figures/accuracy.caption.txt"):
        text = (root / name).read_text()
        assert "embedded" in text
        assert "n = 2" in text


def test_the_time_that_training_takes_is_said_before_it_trains(finished):
    said = (finished.folder / "first.log").read_text()
    estimate = said.index(f"{RESULTS}: 4 runs of 2 epochs to train, processes: 1, on ")
    assert estimate < said.index("epoch 1/2")


def test_no_line_of_the_log_is_too_long_to_read(finished):
    jobs = (finished.folder / "first.log").read_text().split("Select jobs to execute...", 1)[1]
    assert [line for line in jobs.splitlines() if len(line) > 200] == []


def test_the_database_of_mlflow_holds_a_child_per_run(finished):
    import sqlite3

    query = """SELECT count(DISTINCT t.run_uuid) FROM tags t JOIN metrics m USING (run_uuid)
        WHERE t.key = 'mlflow.parentRunId' AND m.key LIKE 'values/%'"""
    with sqlite3.connect(finished.folder / "mlflow.db") as database:
        assert database.execute(query).fetchone() == (len(RUNS),)


def test_an_unknown_key_ends_with_one_message_and_keeps_results(study):
    result = study.call("snakemake", "--cores", "1", "--config", *("preset=smoke", "thread=2"))
    assert result.returncode != 0
    assert "thread" in result.stderr
    assert "Traceback" not in result.stderr
    assert (study.folder / RESULTS / "report.html").exists()


def test_a_wrong_rate_ends_with_one_message_that_names_the_arm(tmp_path):
    project = copy_project(tmp_path / "project")
    path = project.folder / "config/arms.yaml"
    path.write_text(path.read_text().replace("0.3, 0.5]}\n    # What", "0.3, 1.5]}\n    # What"))
    result = project.call("snakemake", "--cores", "1", "--config", *EMBEDDED)
    assert result.returncode != 0
    assert "config/arms.yaml: adsmtl-1.5: dropout: p0 is 1.5" in result.stderr
    assert "Traceback" not in result.stderr
