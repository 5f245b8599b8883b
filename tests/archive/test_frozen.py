"""What is frozen in the repository can be judged again by anyone, and README quotes it rightly."""

import json
import re
import shutil
from pathlib import Path

import pytest

from adsmtl import cli
from adsmtl.archive import crate, newest, page
from adsmtl.archive.judge import judge
from adsmtl.archive.verify import verify
from adsmtl.collected import reading
from adsmtl.files import read_json, sha256
from adsmtl.tables import numbers

ROOT = Path(__file__).parents[2]
STUDIES = sorted(path.parent for path in (ROOT / "results/frozen").glob("*/*/manifest.json"))
README = (ROOT / "README.md").read_text()
IDS = [path.relative_to(ROOT / "results/frozen").as_posix() for path in STUDIES]
BLOCKS = sorted(path.parent for path in (ROOT / "results/blocks").glob("*/*/collected"))
BLOCK_IDS = [path.relative_to(ROOT / "results").as_posix() for path in BLOCKS]


def test_a_frozen_study_is_not_judged_in_its_own_place(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    (study, *_) = STUDIES
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*")}
    assert cli.main(["judge", str(study)]) == 2
    assert "is frozen and does not change; say --out FOLDER" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in study.rglob("*")} == before


def test_another_citation_of_the_software_leaves_a_frozen_report_true(tmp_path, monkeypatch):
    """A release gets its DOI after its studies were frozen."""
    for name in ("config", "CITATION.cff"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    with (tmp_path / "CITATION.cff").open("a") as stream:
        stream.write("doi: 10.5281/zenodo.1\n")
    monkeypatch.chdir(tmp_path)
    assert page.follows(reading.load(STUDIES[-1]))


@pytest.mark.parametrize("study", STUDIES, ids=IDS)
def test_a_frozen_study_gives_the_same_bytes_when_judged_again(study, tmp_path, monkeypatch):
    judged = judge(study, tmp_path)
    for path in judged:
        own = study / path.relative_to(tmp_path)
        assert own.read_bytes() == path.read_bytes(), own

    def copied(_: Path, target: Path) -> list[Path]:
        shutil.copytree(tmp_path, target, dirs_exist_ok=True)
        return [target / path.relative_to(tmp_path) for path in judged]

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("adsmtl.archive.verify.judge", copied)  # it would take as long again
    assert verify(study).wrong == {}


@pytest.mark.parametrize("study", STUDIES, ids=IDS)
def test_every_frozen_file_is_the_one_that_the_manifest_traces(study):
    traced = json.loads((study / "manifest.json").read_text())["files"]
    assert {name: sha256(study / name) for name in traced} == traced
    own = {path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()}
    described = {path.relative_to(study).as_posix() for path in crate.beside(study)}
    crated = described if "ro-crate-metadata.json" in own else set()
    assert own == {*traced, "manifest.json", "report.html", *crated}
    assert len(own - crated) < 100


@pytest.mark.parametrize("block", BLOCKS, ids=BLOCK_IDS)
def test_a_block_in_the_repository_is_verified(block, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert verify(block).wrong == {}


def test_the_headlines_are_those_of_the_newest_archives(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert newest.headlines()
    assert read_json(newest.HEADLINES) == newest.headlines()


LINKED = sorted(set(re.findall(r"\((results/frozen/[^)]*/)claims\.md\)", README)))


@pytest.mark.parametrize("linked", LINKED)
def test_the_readme_quotes_the_ledger_of_the_study_that_it_links(linked):
    ledger = json.loads((ROOT / linked / "claims.json").read_text())
    quoted = {}
    for line in README.splitlines():
        if found := re.match(r"\| (C\d+) [^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|$", line):
            quoted[found[1]] = [found[i].strip() for i in (2, 3, 4)]
    for row in ledger:
        verdict, effect, p_holm = quoted.pop(row["id"])
        assert verdict == row["verdict"]
        if row["p_holm"] is not None:
            shown = numbers.estimate(row["effect"], row["ci_low"], row["ci_high"])
            assert (effect, p_holm) == (shown, numbers.p_value(row["p_holm"]))
    assert not quoted
