"""Where the data come from: a mirror, its damage, and the fall-back."""

import json
import os
from pathlib import Path

import pytest
from copies import copy_project

MIRROR = os.environ.get("ADSMTL_MIRROR", "")
# Nothing answers on port 9 of this machine: upstream is as good as absent.
NO_NETWORK = {"https_proxy": "http://127.0.0.1:9"}


def test_without_any_source_the_study_falls_back_in_plain_sight(tmp_path):
    project = copy_project(tmp_path / "project")
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror/manifest.json").write_text('{"files": {}}')
    blocked = {"ADSMTL_MIRROR": str(tmp_path / "mirror"), **NO_NETWORK}
    output = project.done("adsmtl", "--settings", '{"preset": "smoke"}', "show", **blocked)
    assert "results/smoke-embedded" in output
    assert "EMBEDDED DATA" in output
    assert "cifar10: upstream" in output
    result = project.call("adsmtl", "--settings", '{"preset": "paper"}', "show", **blocked)
    assert result.returncode == 2
    assert "nothing may stand in" in result.stderr


def test_a_corrupt_archive_ends_with_one_message_and_is_not_used(tmp_path):
    project = copy_project(tmp_path / "project")
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "timit.zip").write_bytes(b"not a corpus")
    entry = {"sha256": "0" * 64, "provenance": "a test", "bytes": 12}
    (mirror / "manifest.json").write_text(json.dumps({"files": {"timit.zip": entry}}))
    sources = {"ADSMTL_MIRROR": str(mirror), **NO_NETWORK}
    result = project.call("adsmtl", "prepare", "timit-sample", **sources)
    assert result.returncode == 2
    assert "timit.zip from mirror" in result.stderr
    assert "put it into data/raw/timit-sample as timit.zip" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list((project.folder / "data").glob("raw/*/timit.zip"))


@pytest.mark.skipif(not MIRROR, reason="ADSMTL_MIRROR is not set")
def test_a_run_trains_on_real_data_from_the_mirror(tmp_path):
    project = copy_project(tmp_path / "project")
    path = Path("results/smoke/runs/adsmtl-0.2/seed=0/metrics.json")
    project.snakemake("--cores", "2", str(path), config=("preset=smoke",))
    metrics = json.loads((project.folder / path).read_text())
    assert {own["origin"] for own in metrics["data"].values()} == {"mirror"}
    assert "JPEG" in metrics["data"]["cifar10"]["provenance"]
    assert metrics["tasks"]["speech"]["classes"] == 61
    assert "accuracy_39" in metrics["tasks"]["speech"]["final"]["test"]
