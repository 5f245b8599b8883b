import json
import subprocess

import pytest
from collecting import collected
from synthetic import write_results

from adsmtl import revision
from adsmtl.archive import manifest
from adsmtl.collected import reading
from adsmtl.files import sha256
from adsmtl.tables import build as tables


@pytest.fixture
def results(tmp_path):
    return write_results(tmp_path / "quick", 2, ["none", "adsmtl-0.2"], epochs=2)


def test_manifest_traces_runs_and_products(results):
    tables.write_all(collected(results, ["none", "adsmtl-0.2"]), results)
    path = manifest.write(reading.load(results))
    stored = json.loads(path.read_text())
    assert stored["seeds"] == [0, 1]
    assert list(stored["arms"]) == ["none", "adsmtl-0.2"]
    assert stored["data"]["cifar10"]["provenance"] == "synthetic vision for tests"
    assert stored["runs"] == 4
    assert {"tables/main.csv", "collected/runs.csv"} <= set(stored["files"])
    for name, digest in stored["files"].items():
        assert sha256(results / name) == digest


def test_equal_inputs_give_equal_bytes(results):
    study = collected(results)
    first = manifest.write(study).read_bytes()
    assert manifest.write(study).read_bytes() == first


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_revision_of_a_checkout_says_whether_it_is_clean(tmp_path):
    (tmp_path / "__init__.py").write_text("")
    git(tmp_path, "init")
    git(tmp_path, "add", "__init__.py")
    git(tmp_path, "commit", "-m", "x")
    clean = revision.code(tmp_path)
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    (tmp_path / "__init__.py").write_text("changed")
    assert revision.code(tmp_path)["dirty"] is True
    assert revision.code(tmp_path)["describe"].endswith("-dirty")


def test_what_dvc_writes_makes_no_checkout_dirty(tmp_path):
    package = tmp_path / "src/small"
    for name in ("dvc.lock", ".dvc/config", "src/small/__init__.py", "config.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "x")
    for name in ("dvc.lock", ".dvc/config"):
        (tmp_path / name).write_text("changed")
    assert revision.code(package)["dirty"] is False
    (tmp_path / "config.yaml").write_text("changed")
    assert revision.code(package)["dirty"] is True


def test_a_copy_that_git_does_not_track_has_no_revision(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "__init__.py").write_text("")
    found = revision.code(tmp_path)
    assert found["commit"] is None
    assert "git checkout" in found["reason"]
