"""What `check` writes, with and without Keras; the probes are replaced here."""

import json
import os
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from adsmtl.claims.listing import check, checking
from adsmtl.claims.listing.defects import DEFECTS
from adsmtl.errors import UserError
from adsmtl.isolated import NoAnswer

VERSIONS = {"keras": "3.15.1", "backend": "torch 2.11.0"}
FINDING = {"reproduced": True, "error": None, "evidence": "seen"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of the packages that seem to be installed; Keras alone to begin with."""
    names = {"keras"}
    monkeypatch.setattr(
        checking.importlib.util,
        "find_spec",
        lambda name: ModuleSpec(name, None) if name in names else None,
    )
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    return names


@pytest.fixture
def asked(installed: set[str], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """Every question to a probe, with its environment; the probes answer well."""
    questions = []

    def run(module, question, limit_s, environment):
        questions.append((question, environment))
        return "noise\n" + json.dumps(VERSIONS if question == "environment" else FINDING) + "\n"

    monkeypatch.setattr(checking.isolated, "run", run)
    return questions


def test_every_defect_gets_a_row_with_the_code_that_shows_it(asked, tmp_path: Path) -> None:
    result = check(tmp_path / "listing.json")
    assert json.loads((tmp_path / "listing.json").read_text()) == result
    assert {k: result[k] for k in ("keras", "backend", "reason")} == {**VERSIONS, "reason": None}
    assert [row["id"] for row in result["defects"]] == [defect.id for defect in DEFECTS]
    keys = ["id", "what", "stops", "reproduced", "error", "evidence", "code"]
    for row, defect in zip(result["defects"], DEFECTS, strict=True):
        assert list(row) == keys
        assert row["code"].startswith(f"def {defect.reproduce.__name__}(")
    assert [question for question, _ in asked] == ["environment", *(d.id for d in DEFECTS)]


def test_without_keras_the_reason_names_the_extra(
    asked, installed: set[str], tmp_path: Path
) -> None:
    installed.clear()
    result = check(tmp_path / "listing.json")
    assert result == {
        "keras": None,
        "backend": None,
        "reason": "Keras is not installed; install the extra: pip install -e '.[listing]'",
        "defects": [],
    }
    assert json.loads((tmp_path / "listing.json").read_text()) == result
    assert not asked


def test_a_keras_that_does_not_start_is_said_to_be_installed(
    installed: set[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*_, **__):
        raise NoAnswer("the process ended with SIGILL: no message")

    monkeypatch.setattr(checking.isolated, "run", run)
    result = check(tmp_path / "listing.json")
    assert result["keras"] is None
    assert result["defects"] == []
    assert result["reason"] == (
        "Keras is installed but does not start with KERAS_BACKEND=torch: "
        "the process ended with SIGILL: no message"
    )


def test_a_probe_without_an_answer_decides_nothing_and_stops_no_other(
    asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    healthy = checking.isolated.run

    def run(module, question, **rest):
        if question == "four-axes":
            raise NoAnswer("the process took longer than 300 s and was ended")
        return healthy(module, question, **rest)

    monkeypatch.setattr(checking.isolated, "run", run)
    rows = {row["id"]: row for row in check(tmp_path / "listing.json")["defects"]}
    hung = rows.pop("four-axes")
    assert (hung["reproduced"], hung["error"]) == (None, None)
    assert hung["evidence"] == "Not decided: the process took longer than 300 s and was ended"
    assert all(row["reproduced"] for row in rows.values())


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("", "no JSON but ''"),
        ("Segmentation fault", "no JSON but 'Segmentation fault'"),
        ("[1]", "not an object of"),
        ('{"keras": "3"}', "not an object of"),
        ('{"keras": "3", "backend": "b", "more": 1}', "not an object of"),
    ],
)
def test_a_malformed_answer_is_quoted(installed, monkeypatch, tmp_path, printed, message) -> None:
    monkeypatch.setattr(checking.isolated, "run", lambda *_, **__: printed)
    assert message in check(tmp_path / "listing.json")["reason"]


def test_the_backend_is_the_one_asked_for_else_tensorflow_else_torch(
    asked, installed: set[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def backend() -> str:
        asked.clear()
        check(tmp_path / "listing.json")
        (name,) = {environment["KERAS_BACKEND"] for _, environment in asked}
        return name

    assert backend() == "torch"
    installed.add("tensorflow")
    assert backend() == "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert backend() == "torch"


def test_probes_see_no_settings_of_keras_and_no_accelerator(
    asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    monkeypatch.setenv("KERAS_HOME", "/settings")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    check(tmp_path / "listing.json")
    for _, environment in asked:
        assert "KERAS_MAX_EPOCHS" not in environment
        assert environment["KERAS_HOME"] != "/settings"
        assert environment["CUDA_VISIBLE_DEVICES"] == "-1"
        assert environment["PATH"] == os.environ["PATH"]


def test_a_file_that_cannot_be_written_is_named(asked, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file/listing\.json"):
        check(tmp_path / "file" / "listing.json")
