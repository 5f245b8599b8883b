"""The defects: shown by the installed Keras where there is one, and refuted where they are gone."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from adsmtl.claims.listing import check
from adsmtl.claims.listing.defects import DEFECTS, no_timit

# What Keras 3.15 raises, with either backend.
ERRORS = {
    "no-timit": r"ImportError: cannot import name 'timit' from 'keras\.datasets' \(….*\)",
    "integer-labels": r"ValueError: Arguments `target` and `output` must have the same shape\..*",
    "four-axes": r"ValueError: .* layer 'lstm' .* expected ndim=3, found ndim=4\..*",
    "no-setter": r"AttributeError: property 'dropout' of 'LSTM' object has no setter",
}


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What `check` says about the installed Keras."""
    if importlib.util.find_spec("keras") is None:
        pytest.skip("Keras is not installed")
    result = check(tmp_path_factory.mktemp("listing") / "listing.json")
    assert result["reason"] is None, result["reason"]
    assert "keras" not in sys.modules
    return result


@pytest.mark.slow
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.id)
def test_the_installed_keras_shows_the_defect(listing: dict, defect) -> None:
    (row,) = (row for row in listing["defects"] if row["id"] == defect.id)
    assert row["reproduced"], row["evidence"]
    assert row["stops"] == (defect.id in ERRORS)
    if row["stops"]:
        assert re.fullmatch(ERRORS[defect.id], row["error"], re.DOTALL), row["error"]
    else:
        assert row["error"] is None


@pytest.mark.slow
def test_the_evidence_has_the_numbers_that_decide(listing: dict) -> None:
    evidence = {row["id"]: row["evidence"] for row in listing["defects"]}
    assert "Steps of training: 0, and 1 in the control" in evidence["no-setter"]
    assert "14 of 14 outputs" in evidence["ignored-attribute"]
    assert evidence["nothing-adapts"].count("[[0.2], [0.0], [0.0]]") == 2


@pytest.mark.slow
def test_no_row_names_a_folder_of_this_machine(listing: dict) -> None:
    folder = str(Path(importlib.util.find_spec("keras").origin).parents[1])
    assert folder not in str(listing)


def fake_datasets(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """A Keras whose data sets are `names`."""
    keras, datasets = ModuleType("keras"), ModuleType("keras.datasets")
    for name in names:
        setattr(datasets, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setitem(sys.modules, "keras.datasets", datasets)


def test_a_keras_without_the_defect_does_not_reproduce_it(monkeypatch) -> None:
    fake_datasets(monkeypatch, "cifar10", "timit")
    finding = no_timit()
    assert finding.reproduced is False
    assert finding.error is None
    assert "timit from keras.datasets; it runs." in finding.evidence


def test_nothing_is_decided_where_the_control_fails_too(monkeypatch) -> None:
    fake_datasets(monkeypatch)
    finding = no_timit()
    assert finding.reproduced is None
    assert "Control: import cifar10 from there; it raises ImportError" in finding.evidence


def test_a_missing_data_set_is_reproduced_with_the_error_that_stops_the_listing(monkeypatch):
    fake_datasets(monkeypatch, "cifar10")
    finding = no_timit()
    assert finding.reproduced
    assert finding.error.startswith("ImportError: cannot import name 'timit'")


def test_defects_have_names_of_their_own_and_one_sentence_each() -> None:
    assert len({defect.id for defect in DEFECTS}) == len(DEFECTS)
    assert all(re.fullmatch(r"[A-Z][^.]*\.", defect.what) for defect in DEFECTS)


def test_a_probe_refuses_a_question_it_does_not_know() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "adsmtl.claims.listing.probe", "no-such"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "invalid choice: 'no-such'" in done.stderr
