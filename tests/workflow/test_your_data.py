"""A third and a fourth task by configuration alone, from files to report."""

import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import mine
import pandas as pd
import pytest
import soundfile
from copies import ROOT
from fakes import needs_mirror
from mlflow import MlflowClient

from adsmtl import cli, config, paths, planning
from adsmtl.collected import reading
from adsmtl.data import registry
from adsmtl.data.fetch import mirrors
from adsmtl.errors import UserError
from adsmtl.figures import accuracy
from adsmtl.figures.drawing import Material

DATASETS = """
colours: {kind: image-folder, path: held/pictures}
sounds: {kind: segments, path: held/speech/segments.csv}
"""
TASKS = """
colours: {dataset: colours, target: label, branch: cnn, main: false}
sounds: {dataset: sounds, target: phone, branch: lstm, main: false}
"""
PRESET = """
description: four tasks
seeds: 2
tasks: [vision, speech, colours, sounds]
arms: [single-colours-none, none, adsmtl-0.2]
examples:
  vision: {train: 64, val: 32, test: 32}
  speech: {train: 64, val: 32, test: 32}
  sounds: {train: 64, val: 32, test: 32}
training: {epochs: 2, batch_size: 16, eval_train: 32, eval_val: 32}
beside: {preset: study, reading: Is it so elsewhere?}
fallback: true
"""
MIRROR = os.environ.get(mirrors.MIRROR, "")  # which `project` hides
FOUR = ["vision", "speech", "colours", "sounds"]
SETTINGS = {"preset": "four", "embedded": "always", "device": "cpu"}


def timit_as_a_table(folder: Path) -> None:
    """A sentence of each of eight speakers, as a person would hold it: audio and a CSV file."""
    archive = registry.archive("timit-sample", folder / "raw")
    lines = []
    with zipfile.ZipFile(archive) as pack:
        names = sorted(name for name in pack.namelist() if "/si" in name and name.endswith(".phn"))
        of_speaker = {name.split("/")[1]: name for name in names}
        for speaker, name in sorted(of_speaker.items())[:8]:
            samples, rate = soundfile.read(io.BytesIO(pack.read(name.replace(".phn", ".wav"))))
            path = folder / "speech" / speaker / "one.flac"
            path.parent.mkdir(parents=True)
            soundfile.write(path, samples, rate)
            for line in pack.read(name).decode().splitlines():
                start, end, phone = line.split()
                times = int(start) / rate, min(int(end), len(samples)) / rate
                lines.append([f"{speaker}/one.flac", *times, phone, speaker])
    mine.write_table(folder / "speech/segments.csv", lines)


def call(*arguments: str, **settings: str) -> None:
    chosen = json.dumps(SETTINGS | settings)
    assert cli.main(["--settings", chosen, *arguments]) == 0, arguments


@pytest.fixture
def configured(project: Path) -> Path:
    """A project whose configuration has two more data sets, tasks and a preset."""
    for name, text in {"datasets": DATASETS, "tasks": TASKS}.items():
        with (project / f"config/{name}.yaml").open("a") as stream:
            stream.write(text)
    shutil.copy(ROOT / "CITATION.cff", project)
    (project / "config/presets/four.yaml").write_text(PRESET)
    arms = project / "config/arms.yaml"
    both = "{task: [vision, speech]}"
    arms.write_text(arms.read_text().replace(both, both.replace("]", ", colours]")))
    return project


@needs_mirror
def test_four_tasks_from_files_to_report(configured, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, MIRROR)
    mine.pictures(configured / "held/pictures", per_class=40)
    timit_as_a_table(configured / "held")
    plan = planning.settle(config.settings(SETTINGS))
    assert plan.datasets == ["colours", "digits", "espeak", "sounds"]
    for name in plan.datasets:
        call("prepare", name)
    call("train", "--arms", *plan.study.arms, "--seeds", "0", "1")
    for step in ("collect", "tables", "figures", "listing", "claims", "report", "manifest"):
        call(step)
    call("track", "--only", str(plan.root))

    root = plan.root
    collected = reading.load(root)
    runs = collected.runs
    assert list(runs.loc[runs["arm"] == "none", "task"].unique()) == FOUR
    assert set(runs.loc[runs["task"] == "sounds", "dataset"]) == {"sounds"}
    # two colours are told apart within two epochs; a coin would be right half of the time
    colours = runs[(runs["task"] == "colours") & (runs["arm"] == "single-colours-none")]
    assert (colours["test_accuracy"] > 0.8).all()
    main = pd.read_csv(root / "tables/main.csv")
    assert set(main.loc[main["measure"] == "test_accuracy", "task"]) == set(FOUR)
    panels = [ax.get_title() for ax in accuracy.DRAWING.draw(Material(collected)).axes]
    assert sorted(filter(None, panels)) == sorted(FOUR)
    claims = {row["id"]: row for row in json.loads((root / "claims.json").read_text())}
    assert "arms that train colours or sounds as well are not judged" in claims["C3"]["reason"]
    page = (root / "report.html").read_text()
    for task in FOUR:
        assert f'<td class="left">{task}</td>' in page
    manifest = json.loads((root / "manifest.json").read_text())
    assert set(manifest["data"]) == {"colours", "digits", "espeak", "sounds"}
    client = MlflowClient(f"sqlite:///{paths.TRACKING}")
    (experiment,) = client.search_experiments(filter_string="name LIKE 'adsmtl/%'")
    logged = client.search_runs([experiment.experiment_id], "tags.kind = 'seed'")
    assert len(logged) == 2 * len(plan.study.arms)
    keys = {key for run in logged for key in run.data.metrics}
    assert keys >= {f"values/{task}/best_val_accuracy" for task in FOUR}


def test_a_corpus_of_ones_own_takes_the_place_of_the_sample(configured):
    mine.speech(configured / "held/speech")
    mine.pictures(configured / "held/pictures")
    chosen = {"preset": "study", "speech": "sounds", "embedded": "never"}
    study = config.study(config.settings(chosen))
    assert study.tasks["speech"].dataset == "sounds"
    assert study.tasks["vision"].dataset == "cifar10"
    plan = planning.Plan(config.settings(chosen), study, ())
    assert plan.root == Path("results/study-sounds")


def test_data_that_are_gone_end_with_one_message_whatever_stands_in_for_others(configured):
    message = r"colours: config/datasets\.yaml: colours: path is held/pictures, where nothing is"
    with pytest.raises(UserError, match=message):
        planning.settle(config.settings(SETTINGS))


def test_data_are_prepared_again_when_a_file_or_the_entry_changes(configured):
    mine.pictures(configured / "held/pictures")
    before = config.state("colours")
    assert before == config.state("colours")
    mine.picture(configured / "held/pictures/red/new.png", (200, 0, 0))
    added = config.state("colours")
    path = configured / "config/datasets.yaml"
    path.write_text(
        path.read_text().replace("path: held/pictures", "path: held/pictures, size: 16")
    )
    assert len({before, added, config.state("colours")}) == 3
    assert config.state("cifar10") is None
