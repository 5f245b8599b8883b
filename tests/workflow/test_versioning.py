"""DVC and Snakemake agree, and the data travel through a remote."""

import subprocess

import pytest
import yaml


@pytest.fixture
def versioned(study):
    """The finished study as a git repository whose DVC stages describe it."""
    for key, value in (("preset", "smoke"), ("embedded", "always"), ("folder", "smoke-embedded")):
        study.edit("dvc.yaml", rf"(?m)^(  [- ] {key}:) \S+", rf"\1 {value}")
    for command in (("init", "-q"), ("add", "-A", "dvc.yaml", "config", ".dvc", "src", "workflow")):
        subprocess.run(["git", *command], cwd=study.folder, check=True)
    return study


def test_dvc_versions_the_study_and_sends_it_to_another_clone(versioned, tmp_path):
    # Snakemake has nothing left to do, so DVC records what is there.
    output = versioned.done("bash", "-c", "dvc repro; dvc metrics show; dvc plots show")
    assert output.count("Nothing to be done") == 2
    assert "results/smoke-embedded/tables/summary.json" in output
    assert "vision_adsmtl-0" in (versioned.folder / "dvc_plots/index.html").read_text()
    locked = yaml.safe_load((versioned.folder / "dvc.lock").read_text())["stages"]
    assert [out["path"] for out in locked["data"]["outs"]] == ["data/prepared"]
    assert {out["path"].split("/")[-1] for out in locked["study"]["outs"]} >= {"runs", "collected"}

    remote = tmp_path / "remote"
    versioned.done("dvc", "remote", "add", "--default", "store", str(remote))
    versioned.done("dvc", "push")
    clone = tmp_path / "clone"
    for name in ("dvc.yaml", "dvc.lock", "config", ".dvc/config", ".dvcignore"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(versioned.folder / name), str(clone / name)], check=True)
    subprocess.run(["git", "init", "-q"], cwd=clone, check=True)
    type(versioned)(clone).done("dvc", "pull", "data")
    for card in ("data/prepared/digits/card.json", "data/prepared/espeak/card.json"):
        assert (clone / card).read_bytes() == (versioned.folder / card).read_bytes()
