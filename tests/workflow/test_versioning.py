"""DVC and Snakemake agree, and the data travel through a remote."""

import json
import subprocess

import pytest
import yaml


@pytest.fixture
def versioned(study):
    """The finished study as a git repository whose DVC stages describe it."""
    path = study.folder / "config/versioning.yaml"
    chosen = {"preset": "smoke", "embedded": "always", "results": "smoke-embedded"}
    path.write_text(yaml.safe_dump({**chosen, "datasets": ["digits", "espeak"]}))
    for command in (("init", "-q"), ("add", "-A", "dvc.yaml", "config", ".dvc", "src", "workflow")):
        subprocess.run(["git", *command], cwd=study.folder, check=True)
    return study


def test_dvc_versions_the_study_and_sends_it_to_another_clone(versioned, tmp_path):
    # Snakemake has nothing left to do, so DVC records what is there.
    output = versioned.done("dvc", "repro")
    assert output.count("Nothing to be done") == 3
    assert "up to date" in versioned.done("dvc", "status")
    locked = yaml.safe_load((versioned.folder / "dvc.lock").read_text())["stages"]
    assert locked["data@digits"]["outs"][0]["md5"].endswith(".dir")

    shown = json.loads(versioned.done("dvc", "metrics", "show", "--json"))
    values = shown[""]["data"]["results/smoke-embedded/tables/summary.json"]["data"]
    assert values["adsmtl"]["n"] == 2
    assert 0 <= values["adsmtl"]["vision"] <= 1
    versioned.done("dvc", "plots", "show", "--out", "plots")
    assert "vision_adsmtl" in (versioned.folder / "plots/index.html").read_text()

    remote = tmp_path / "remote"
    versioned.done("dvc", "remote", "add", "--default", "store", str(remote))
    versioned.done("dvc", "push")
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("dvc.yaml", "dvc.lock", "config", ".dvc/config", ".dvcignore"):
        target = clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(versioned.folder / name), str(target)], check=True)
    subprocess.run(["git", "init", "-q"], cwd=clone, check=True)
    pulled = type(versioned)(clone)
    pulled.done("dvc", "pull", "data@digits", "data@espeak")
    card = "data/prepared/digits/card.json"
    assert (clone / card).read_bytes() == (versioned.folder / card).read_bytes()
