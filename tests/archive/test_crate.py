"""A frozen study describes itself; who changes a described file or the description is named."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adsmtl.archive import crate
from adsmtl.errors import UserError
from adsmtl.files import sha256

ROOT = Path(__file__).parents[2]
PILOT = ROOT / "results/frozen/0.4.5/pilot"
VERSION = json.loads((PILOT / "manifest.json").read_text())["adsmtl"]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a real archive with its crate, which a test may change."""
    monkeypatch.setattr("adsmtl.__version__", VERSION)
    shutil.copytree(PILOT, tmp_path / "pilot")
    crate.add(tmp_path / "pilot", ROOT)
    return tmp_path / "pilot"


def graph(study: Path) -> dict[str, dict]:
    return {own["@id"]: own for own in json.loads((study / crate.FILE).read_text())["@graph"]}


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        for own in value.values():
            yield from references(own)
    elif isinstance(value, list):
        for own in value:
            yield from references(own)


def test_every_file_is_described_with_its_digest(study):
    found = graph(study)
    files = {path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()}
    described = {name: own["sha256"] for name, own in found.items() if "File" in own["@type"]}
    assert described == {name: sha256(study / name) for name in files - {crate.FILE}}
    assert {own["@id"] for own in found["./"]["hasPart"]} == set(described)


def test_whatever_is_referred_to_is_there(study):
    found = graph(study)
    missing = {name for own in found.values() for name in references(own)} - set(found)
    assert all(name.startswith("https://") for name in missing), missing


def test_the_run_names_workflow_data_licences_devices_and_authors(study):
    found, manifest = graph(study), json.loads((study / "manifest.json").read_text())
    run = found["#study"]
    workflow = found[run["instrument"]["@id"]]
    assert found["./"]["mainEntity"] == run["instrument"]
    assert "ComputationalWorkflow" in workflow["@type"]
    assert workflow["version"] == manifest["code"]["commit"]
    data = [found[name] for name in references(run["object"])]
    assert {own["name"] for own in data} == set(manifest["data"])
    assert {own["identifier"] for own in data} == {
        f"sha256:{own['digest']}" for own in manifest["data"].values()
    }
    assert [own["license"] for own in data] == [
        "not stated by the authors; free for research use",
        "CC BY-NC-SA, (c) 1993 Linguistic Data Consortium",
    ]
    devices = [found[name]["value"] for name in references(run["resourceUsage"])]
    assert devices == manifest["devices"]
    assert [found[name]["name"] for name in references(run["agent"])] == ["The adsmtl maintainers"]
    assert found["./"]["license"]["@id"] == "https://spdx.org/licenses/MIT"


def test_a_person_of_the_citation_is_one_in_the_crate(study):
    path = study / crate.CITATION
    person = 'given-names: Ada\n    family-names: Byron\n    orcid: "https://orcid.org/0000-1"'
    path.write_text(path.read_text().replace('name: "The adsmtl maintainers"', person, 1))
    authors = [own for own in crate.build(study)["@graph"] if own["@type"] == "Person"]
    assert authors == [
        {
            "@id": "https://orcid.org/0000-1",
            "@type": "Person",
            "name": "Ada Byron",
            "givenName": "Ada",
            "familyName": "Byron",
        }
    ]


def test_equal_files_give_equal_bytes(study, tmp_path):
    shutil.copytree(PILOT, tmp_path / "again/another")
    crate.add(tmp_path / "again/another", ROOT)
    assert (tmp_path / "again/another" / crate.FILE).read_bytes() == (
        study / crate.FILE
    ).read_bytes()


def edited(change: Callable[[dict[str, dict]], object]) -> Callable[[Path], None]:
    def tamper(study: Path) -> None:
        content = json.loads((study / crate.FILE).read_text())
        change({own["@id"]: own for own in content["@graph"]})
        (study / crate.FILE).write_text(json.dumps(content))

    return tamper


def appended(name: str) -> Callable[[Path], None]:
    return lambda study: (study / name).write_text((study / name).read_text() + "\n# more\n")


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "the workflow edited": (appended(crate.MAIN), crate.MAIN),
    "a rule edited": (appended("workflow/rules/train.smk"), "workflow/rules/train.smk"),
    "a rule deleted": (
        lambda study: (study / "workflow/rules/data.smk").unlink(),
        "workflow/rules/data.smk",
    ),
    "a rule added": (
        lambda study: (study / "workflow/rules/more.smk").write_text(""),
        "workflow/rules/more.smk",
    ),
    "the citation edited": (appended(crate.CITATION), crate.CITATION),
    "a table edited": (appended("tables/main.csv"), "tables/main.csv"),
    "another author": (edited(lambda own: own["#author-1"].update(name="X")), crate.FILE),
    "another device": (edited(lambda own: own["#device-1"].update(value="X")), crate.FILE),
    "another licence": (edited(lambda own: own["#data-cifar10"].update(license="X")), crate.FILE),
    "no crate": (lambda study: (study / crate.FILE).write_text("[]"), crate.FILE),
}


def test_an_untouched_crate_is_right(study):
    assert list(crate.faults(study, VERSION)) == []
    assert list(crate.faults(PILOT, VERSION)) == []  # frozen before there were crates


@pytest.mark.faults("tamperings with crates")
@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_tampered_with_is_named(name, study):
    tamper, expected = TAMPERED[name]
    tamper(study)
    assert expected in dict(crate.faults(study, VERSION))


def test_a_crate_of_another_version_is_compared_by_digests_alone(study):
    TAMPERED["another author"][0](study)
    assert list(crate.faults(study, "0.0.1")) == []
    appended(crate.MAIN)(study)
    assert [name for name, _ in crate.faults(study, "0.0.1")] == [crate.MAIN]


def test_a_study_without_an_author_is_no_crate(study):
    (study / crate.CITATION).write_text("title: x\n")
    with pytest.raises(UserError, match="lacks title, authors, license or date-released"):
        crate.build(study)
