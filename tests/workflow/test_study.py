"""The whole workflow at the preset smoke: what it leaves, and what makes it run again."""

import json
import re
from pathlib import Path

import pytest
import yaml
from copies import copy_project

from adsmtl import outputs

RESULTS = Path("results/smoke-embedded")
RUNS = [(arm, seed) for arm in ("none", "adsmtl") for seed in (0, 1)]


def planned(output: str) -> dict[str, int]:
    """Jobs per rule that a dry run lists."""
    table = output.split("Job stats:")[1].split("total")[0]
    return {name: int(n) for name, n in re.findall(r"^([\w.-]+) +(\d+)$", table, re.MULTILINE)}


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
        assert (run / "test-time.json").exists() == (arm == "adsmtl")
    for path in [*outputs.all_products(root), *outputs.claims(root)]:
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
        for arm in ("none", "adsmtl")
    }
    assert rows["none"]["rates"] == {"shared": 0.0, "specific": 0.0}
    assert rows["adsmtl"]["rates"]["shared"] == pytest.approx(0.2, abs=1 / 512)
    assert rows["none"]["loss"] != rows["adsmtl"]["loss"]


def test_the_embedded_data_are_named_in_tables_and_captions(finished):
    root = finished.folder / RESULTS
    for name in ("tables/main.md", "figures/accuracy.caption.txt"):
        text = (root / name).read_text()
        assert "embedded" in text
        assert "n = 2" in text
    assert "estimate" in (finished.folder / "first.log").read_text()


def test_a_second_call_does_nothing(finished):
    assert "Nothing to be done" in finished.snakemake()


def test_a_changed_arm_trains_again_alone(study):
    path = study.folder / "config/arms.yaml"
    arms = yaml.safe_load(path.read_text())
    arms["adsmtl"]["dropout"]["p0"] = 0.25
    path.write_text(yaml.safe_dump(arms, sort_keys=False))
    jobs = planned(study.snakemake("--dry-run"))
    assert {"tables", "figures", "render_report", "manifest", "track"} <= set(jobs)
    assert "prepare" not in jobs
    said = study.snakemake("train")
    assert "none seed=0: finished before, kept" in said
    assert "adsmtl seed=0  epoch 1/2" in said


def test_a_changed_label_is_shown_without_training(study):
    run = study.folder / RESULTS / "runs/adsmtl/seed=0"
    before = json.loads((run / "metrics.json").read_text())
    path = study.folder / "config/arms.yaml"
    path.write_text(path.read_text().replace("label: ADSMTL\n", "label: adaptive\n"))
    said = study.snakemake(str(RESULTS / "tables/main.md"))
    assert "adsmtl seed=0: finished before, kept" in said
    assert json.loads((run / "metrics.json").read_text()) == {**before, "label": "adaptive"}
    assert "adaptive" in (study.folder / RESULTS / "tables/main.md").read_text()


def test_data_prepared_again_to_the_same_bytes_train_nothing(study):
    run = study.folder / RESULTS / "runs/none/seed=1/metrics.json"
    before = run.read_bytes()
    source = study.folder / "src/adsmtl/data/cards.py"
    source.write_text(source.read_text() + "\n# changed\n")
    said = study.snakemake("train")
    assert "localrule prepare" in said
    assert "none seed=1: finished before, kept" in said
    assert run.read_bytes() == before


def test_an_arm_waits_for_the_one_it_follows(tmp_path):
    project = copy_project(tmp_path / "project")
    said = project.snakemake("--dry-run", "train", config=("preset=quick", "embedded=always"))
    job = said.split("rule train_yoked-and-1-more:")[1].split("reason:")[0]
    assert "runs/adsmtl/seed=2/history.jsonl" in job.split("output:")[0]


def test_a_changed_training_source_trains_everything_again(study):
    path = study.folder / "src/adsmtl/training/objective.py"
    path.write_text(path.read_text() + "\nCHANGED = True\n")
    jobs = planned(study.snakemake("--dry-run"))
    assert sum(job.startswith("train_") for job in jobs) == 1  # both arms are one pack
    assert "prepare" not in jobs


@pytest.mark.parametrize(
    ("target", "last"), [("data", "prepare"), ("train", "train_none-and-1-more")]
)
def test_the_targets_stop_where_they_say(tmp_path, target, last):
    jobs = planned(copy_project(tmp_path / "project").snakemake("--dry-run", target))
    assert last in jobs
    assert "tables" not in jobs


def test_two_runs_of_a_seed_give_the_same_bits(study):
    run = study.folder / RESULTS / "runs/adsmtl/seed=1"
    weights = (run / "checkpoint.safetensors").read_bytes()
    metrics = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").unlink()
    study.snakemake(str(RESULTS / "runs/adsmtl/seed=1/metrics.json"))
    assert (run / "checkpoint.safetensors").read_bytes() == weights
    again = json.loads((run / "metrics.json").read_text())
    assert again["tasks"] == metrics["tasks"]


def test_snakemake_writes_its_own_report(study):
    study.snakemake("--report", "workflow-report.html")
    page = (study.folder / "workflow-report.html").read_text()
    assert "main.csv" in page
    assert "accuracy.png" in page


def test_an_unknown_key_ends_with_one_message_and_keeps_results(study):
    result = study.call("snakemake", "--cores", "1", "--config", *("preset=smoke", "thread=2"))
    assert result.returncode != 0
    assert "thread" in result.stderr
    assert "Traceback" not in result.stderr
    assert (study.folder / RESULTS / "report.html").exists()


def test_a_wrong_rate_ends_with_one_message_that_names_the_arm(study):
    path = study.folder / "config/arms.yaml"
    path.write_text(path.read_text().replace("p0: 0.2", "p0: 1.2"))
    result = study.call("snakemake", "--cores", "1", "--config", "preset=smoke", "embedded=always")
    assert result.returncode != 0
    assert "config/arms.yaml: adsmtl: dropout: p0 is 1.2" in result.stderr
    assert "Traceback" not in result.stderr
