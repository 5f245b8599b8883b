import json
import shutil

import pytest
from collecting import collected
from fewer import draw_few
from synthetic import write_results

from adsmtl import __version__, paths
from adsmtl.archive import crate, freeze, manifest, page
from adsmtl.archive.judge import judge
from adsmtl.archive.verify import verify
from adsmtl.collected import reading
from adsmtl.errors import UserError

ARMS = ["none"]
CLEAN = {"commit": "a" * 40, "describe": "v1", "dirty": False, "reason": None}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study of committed code, in a project of its own; read only."""
    with pytest.MonkeyPatch.context() as patch:
        project = tmp_path_factory.mktemp("project")
        shutil.copy(paths.CITATION, project)
        shutil.copytree("workflow", project / "workflow")
        patch.chdir(project)
        patch.setattr("adsmtl.revision.code", lambda: CLEAN)
        draw_few(patch)
        root = write_results(project / paths.RESULTS / "quick", 2, ARMS, epochs=2, exact=True)
        for path in root.glob("runs/*/*/metrics.json"):
            path.write_text(json.dumps({**json.loads(path.read_text()), "code": CLEAN}))
            (path.parent / "checkpoint.safetensors").write_bytes(b"weights")
        found = collected(root, ARMS)
        judge(root, root)
        page.write(found, root)
        manifest.write(found)
    return project


@pytest.fixture
def study(finished, tmp_path, monkeypatch):
    """A copy of the finished study that a test may change; its project is the working folder."""
    project = tmp_path / "project"
    shutil.copytree(finished, project)
    monkeypatch.chdir(project)
    monkeypatch.setattr("adsmtl.revision.code", lambda: CLEAN)
    draw_few(monkeypatch)
    return paths.RESULTS / "quick"


def test_a_frozen_study_holds_what_its_manifest_traces_and_judges_itself_again(study, tmp_path):
    target = freeze.freeze(study)
    assert target == paths.FROZEN / __version__ / "quick"
    traced = json.loads((target / "manifest.json").read_text())["files"]
    assert all((target / name).read_bytes() == (study / name).read_bytes() for name in traced)
    assert (target / "collected/epochs.csv.gz").is_file()
    assert not (target / "runs").exists()
    assert (target / crate.FILE).is_file()
    assert verify(target).wrong == {}
    with pytest.raises(UserError, match="do not change"):
        freeze.freeze(study)
    shutil.rmtree(study)
    for path in judge(target, tmp_path / "again"):
        assert path.read_bytes() == (target / path.relative_to(tmp_path / "again")).read_bytes()


def test_a_changed_table_is_not_frozen(study):
    (study / "tables/main.csv").write_text("better numbers")
    with pytest.raises(UserError, match=r"main\.csv: was changed"):
        freeze.freeze(study)
    assert not (paths.FROZEN / __version__).exists()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("claims.json", "claims.json: does not follow from the collected tables"),
        ("collected/configs.json", "collected/configs.json: does not follow from the run folders"),
    ],
)
def test_a_change_that_the_manifest_was_made_after_is_not_frozen(study, name, fault):
    text = (study / name).read_bytes()
    (study / name).write_bytes(text + b"\n")
    manifest.write(reading.load(study))
    with pytest.raises(UserError, match=fault):
        freeze.freeze(study)


def test_a_run_changed_after_it_was_collected_is_not_frozen(study):
    path = study / "runs/none/seed=0/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["tasks"]["vision"]["final"]["test"]["accuracy"] += 0.01
    path.write_text(json.dumps(metrics))
    with pytest.raises(UserError, match=r"runs\.csv: does not follow from the run folders"):
        freeze.freeze(study)


def test_results_of_uncommitted_code_are_not_frozen(study, monkeypatch):
    monkeypatch.setattr("adsmtl.revision.code", lambda: {**CLEAN, "dirty": True})
    manifest.write(reading.load(study))
    with pytest.raises(UserError, match="not committed"):
        freeze.freeze(study)
