"""Which finished runs are not those that are asked for, by what their files say."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from adsmtl import identity, paths, seals
from adsmtl.dropout.schedules import Fixed
from adsmtl.files import read_json, write_json
from adsmtl.running import measuring, session, stale
from adsmtl.running.names import AFFINITY, METRICS
from adsmtl.study import Arm, Extent, Study

TRAINING = tiny.run(epochs=2).training


def study(**settings: float) -> Study:
    arms = {"fixed": Arm("fixed", "main", dropout=Fixed(0.3))}
    training = replace(TRAINING, **settings)
    return Study("smoke", True, tiny.TASKS, {}, arms, (0,), Extent((0,), training))


@pytest.fixture(scope="module")
def trained(prepared, machine, tmp_path_factory) -> Path:
    """A results folder with the study's run and its affinity; read only."""
    root = tmp_path_factory.mktemp("trained")
    (run,) = study().runs()
    session.train([run], prepared, machine, root, lambda text: None)
    measuring.measure(run, 10, prepared, machine, root, lambda text: None)
    return root


@pytest.fixture
def root(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "results")


def found(root: Path, of: Study | None = None) -> list[str]:
    return [path.name for path in stale.outputs(of or study(), root, ["fixed"])]


def test_what_is_as_asked_for_is_not_stale(root: Path) -> None:
    assert found(root) == []


def test_what_is_missing_is_not_stale(tmp_path: Path) -> None:
    assert found(tmp_path) == []


def test_another_configuration_is(root: Path) -> None:
    assert found(root, study(learning_rate=0.5)) == [METRICS, AFFINITY]


def test_other_code_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = identity.code

    def edited(run, of=identity.TRAINED):
        return {**now(run, of), "adsmtl.edited": "now"} if of == identity.RELATED else now(run, of)

    monkeypatch.setattr(identity, "code", edited)
    assert found(root) == [AFFINITY]


def test_other_data_are(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "PREPARED", tmp_path / "prepared")
    card = tmp_path / "prepared/tiny-images/card.json"
    card.parent.mkdir(parents=True)
    write_json(card, tiny.images().card)
    assert found(root) == []
    write_json(card, {**tiny.images().card, "digest": "other"})
    assert found(root) == [METRICS, AFFINITY]


def test_data_of_another_task_than_the_main_ones_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "PREPARED", tmp_path)
    write_json(tmp_path / "tiny-images/card.json", {"digest": "own"})
    of = study()
    more = replace(
        of, tasks={"speech": of.tasks["speech"]}, more_tasks={"vision": of.tasks["vision"]}
    )
    assert dict(stale._digests(more)) == {"tiny-images": "own"}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"identity": 3, "config_hash": ""}'])
def test_a_file_that_does_not_say_is(root: Path, content: str) -> None:
    for name in (METRICS, AFFINITY):
        (paths.run(root, "fixed", 0) / name).write_text(content)
    assert found(root) == [METRICS, AFFINITY]


def test_metrics_that_were_put_back_are(root: Path) -> None:
    """A training withdraws the seal first, so what is put back afterwards has none."""
    folder = paths.run(root, "fixed", 0)
    seals.update(folder, drop=[METRICS])
    assert found(root) == [METRICS]


def test_metrics_that_differ_from_their_seal_are(root: Path) -> None:
    path = paths.run(root, "fixed", 0) / METRICS
    write_json(path, {**read_json(path), "seconds": None})
    assert found(root) == [METRICS]


def test_metrics_of_a_version_that_sealed_nothing_are_not(root: Path) -> None:
    path = paths.run(root, "fixed", 0) / METRICS
    metrics = read_json(path)
    del metrics["sealed"]
    write_json(path, metrics)
    (path.parent / seals.FILE).unlink()
    assert found(root) == []
