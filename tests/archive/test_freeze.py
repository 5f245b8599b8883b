import json
import shutil

import pytest
from synthetic import write_results

from adsmtl import paths
from adsmtl.archive import freeze, manifest
from adsmtl.errors import UserError
from adsmtl.figures import build as figures
from adsmtl.report import build as report
from adsmtl.tables import build as tables

ARMS = ["none", "adsmtl"]
CLEAN = {"commit": "a" * 40, "describe": "v1", "dirty": False, "reason": None}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A finished study of committed code, in a project of its own."""
    shutil.copy(paths.CITATION, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("adsmtl.revision.code", lambda: CLEAN)
    root = write_results(paths.RESULTS / "quick", 2, ARMS, epochs=2)
    for path in root.glob("runs/*/*/metrics.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "code": CLEAN}))
        (path.parent / "checkpoint.safetensors").write_bytes(b"weights")
    tables.write_all(root, ARMS)
    figures.write_all(root, ARMS)
    report.write(root, ARMS)
    manifest.write(root, ARMS)
    return root


def test_a_frozen_study_holds_what_its_manifest_traces_and_no_weights(study):
    target = freeze.freeze(study, "1.0")
    assert target == paths.FROZEN / "1.0" / "quick"
    traced = json.loads((target / "manifest.json").read_text())["files"]
    assert all((target / name).read_bytes() == (study / name).read_bytes() for name in traced)
    assert (target / "runs/adsmtl/seed=1/history.jsonl").is_file()
    assert not list(target.rglob("*.safetensors"))
    with pytest.raises(UserError, match="do not change"):
        freeze.freeze(study, "1.0")


def test_a_changed_table_is_not_frozen(study):
    (study / "tables/main.csv").write_text("better numbers")
    with pytest.raises(UserError, match=r"main\.csv"):
        freeze.freeze(study, "1.0")
    assert not (paths.FROZEN / "1.0").exists()


def test_results_of_uncommitted_code_are_not_frozen(study, monkeypatch):
    monkeypatch.setattr("adsmtl.revision.code", lambda: {**CLEAN, "dirty": True})
    manifest.write(study, ARMS)
    with pytest.raises(UserError, match="not committed"):
        freeze.freeze(study, "1.0")
