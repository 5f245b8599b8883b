"""DVC and Snakemake agree, and the data travel through a remote."""

import re
import shutil
import subprocess

import pytest
import yaml
from copies import ROOT


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
    page = (versioned.folder / "dvc_plots/index.html").read_text()
    pictures = re.findall(r'<img src="(static/[^"]+)"', page)
    assert [name.split("figures_")[1] for name in pictures] == [
        "accuracy.png",
        "learning-curves.png",
    ]
    assert all((versioned.folder / "dvc_plots" / name).is_file() for name in pictures)
    locked = yaml.safe_load((versioned.folder / "dvc.lock").read_text())["stages"]
    assert [out["path"] for out in locked["data"]["outs"]] == ["data/prepared"]
    assert [out["path"] for out in locked["study"]["outs"]] == ["results/smoke-embedded"]

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


def test_in_a_fresh_clone_dvc_says_something_short_and_true(study, tmp_path):
    """No lock and no data yet: what is missing, and the numbers of the frozen studies."""
    for name in ("dvc.yaml", ".dvc/config", ".dvc/.gitignore", ".dvcignore", "config"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, target)
    shutil.copytree(ROOT / "results/frozen", tmp_path / "results/frozen")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    clone = type(study)(tmp_path)
    status = clone.done("dvc", "status").splitlines()
    assert len(status) < 12
    assert any("data/prepared" in line and "deleted" in line for line in status)
    shown = clone.done("dvc", "metrics", "show")
    assert "results/frozen/headlines.json" in shown
    assert "pilot.adsmtl-0.2.vision" in shown
    assert not {"data", "results"} & {path.name for path in tmp_path.rglob(".gitignore")}
