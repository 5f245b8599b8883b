"""A run whose files are not those that it wrote is named, and trained again to the same bits."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny

from adsmtl import paths, seals
from adsmtl.collected import run_folders, whole
from adsmtl.dropout.schedules import Fixed, Follow
from adsmtl.errors import UserError
from adsmtl.running import damage, dropping, estimate, records, session
from adsmtl.running.names import CHECKPOINT, HISTORY, METRICS, OWN, PREDICTIONS
from adsmtl.study import TestTime

pytestmark = pytest.mark.faults("damages of runs")
RUN = tiny.run(Fixed(0.3), seed=1, arm_id="fixed")
FOLLOWER = tiny.run(Follow("fixed", "swapped"), seed=1, arm_id="swapped")


@pytest.fixture(scope="module")
def trained(prepared, machine, tmp_path_factory) -> Path:
    """A results folder with `RUN`; read only."""
    root = tmp_path_factory.mktemp("trained")
    session.train([RUN], prepared, machine, root, lambda text: None)
    return root


@pytest.fixture
def root(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "results")


@pytest.fixture
def train(root: Path, prepared, machine) -> Callable[..., list[str]]:
    def call(*runs) -> list[str]:
        said: list[str] = []
        session.train(runs, prepared, machine, root, said.append)
        return said

    return call


def folder_of(root: Path) -> Path:
    return paths.run(root, RUN.arm_id, RUN.seed)


def flip(name: str) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return tamper


def cut(name: str, to: int = -10) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:to])


def delete(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def old(*tampers: Callable[[Path], None]) -> Callable[[Path], None]:
    """Make it a run of a version that sealed none, then tamper with it."""

    def tamper(folder: Path) -> None:
        (folder / seals.FILE).unlink()
        metrics = json.loads((folder / METRICS).read_text())
        del metrics["sealed"]
        (folder / METRICS).write_text(json.dumps(metrics))
        for own in tampers:
            own(folder)

    return tamper


DAMAGED = {
    **{f"a bit of {name}": (flip(name), f"{name} was changed") for name in OWN if name != METRICS},
    "a bit of the metrics": (
        lambda folder: (folder / METRICS).write_text(
            (folder / METRICS).read_text().replace('"seed": 1', '"seed": 2')
        ),
        f"{METRICS} was changed",
    ),
    "metrics cut": (cut(METRICS), "is not valid JSON"),
    "metrics of no object": (lambda folder: (folder / METRICS).write_text("[]"), "no object"),
    "history cut": (cut(HISTORY), f"{HISTORY} was changed"),
    "parameters cut": (cut(CHECKPOINT), f"{CHECKPOINT} was changed"),
    "predictions missing": (delete(PREDICTIONS), f"{PREDICTIONS} is missing"),
    "the seal missing": (delete(seals.FILE), f"{METRICS} is not in {seals.FILE}"),
    "a seal that is none": (cut(seals.FILE, 20), "line 1 is no digest and name"),
    "old, history cut": (old(cut(HISTORY)), f"{HISTORY} cannot be read"),
    "old, an epoch missing": (
        old(
            lambda folder: (folder / HISTORY).write_text(
                (folder / HISTORY).read_text().splitlines(keepends=True)[0]
            )
        ),
        f"{HISTORY} does not have the epochs",
    ),
    "old, predictions changed": (old(flip(PREDICTIONS)), f"{PREDICTIONS} was changed"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_run_is_named_once_and_trained_again_to_the_same_bits(
    name: str, root: Path, trained: Path, train: Callable, prepared, machine
) -> None:
    tamper, fault = DAMAGED[name]
    tamper(folder_of(root))
    assert fault in damage.found(folder_of(root), records.needed(RUN))
    estimate.remaining([RUN], prepared, machine, root)  # goes on, whatever is damaged
    said = train(RUN)
    assert [text for text in said if "damaged" in text] == [said[0]]
    assert said[0].startswith("fixed seed=1: damaged, so it is trained again: ")
    for own in (CHECKPOINT, PREDICTIONS):
        assert (folder_of(root) / own).read_bytes() == (folder_of(trained) / own).read_bytes()
    assert seals.differing(folder_of(root)) == {}
    assert train(RUN) == ["fixed seed=1: finished before, kept"]
    assert [run.arm for run in run_folders.load(root)] == ["fixed"]


def test_a_whole_run_of_an_older_version_is_kept_and_sealed_when_it_is_collected(
    root: Path, train: Callable
) -> None:
    old()(folder_of(root))
    assert train(RUN) == ["fixed seed=1: finished before, kept"]
    assert whole.seal([folder_of(root)]) == 1
    assert whole.seal([folder_of(root)]) == 0
    flip(HISTORY)(folder_of(root))
    assert "damaged" in train(RUN)[0]


def test_collecting_names_all_that_is_damaged_and_the_command_that_mends_it(
    root: Path, train: Callable
) -> None:
    flip(CHECKPOINT)(folder_of(root))
    flip(HISTORY)(folder_of(root))
    with pytest.raises(UserError) as refused:
        run_folders.load(root)
    for text in (f"{CHECKPOINT} was changed", f"{HISTORY} was changed"):
        assert f"{folder_of(root)}/{text}" in str(refused.value)
    assert "`adsmtl train --arms fixed --seeds 1`" in str(refused.value)
    train(RUN)
    run_folders.load(root)


def test_parameters_that_nobody_loads_may_be_missing(root: Path, train: Callable) -> None:
    delete(CHECKPOINT)(folder_of(root))
    assert train(RUN) == ["fixed seed=1: finished before, kept"]
    run_folders.load(root)


def test_no_run_follows_a_damaged_one_and_it_is_said_how_to_go_on(
    root: Path, train: Callable
) -> None:
    cut(HISTORY)(folder_of(root))
    with pytest.raises(UserError, match=r"history\.jsonl was changed.*`adsmtl train --arms fixed"):
        train(FOLLOWER)
    said = train(RUN, FOLLOWER)
    assert "fixed seed=1: damaged" in said[0]
    assert not any("swapped seed=1: damaged" in text for text in said)


def test_an_evaluation_is_of_the_parameters_that_the_run_has(
    root: Path, train: Callable, prepared, machine
) -> None:
    policy = TestTime(("fixed",), passes=2, repeats=1)
    path = dropping.evaluate(RUN, policy, prepared, machine, root)
    assert path.name in seals.read(folder_of(root))
    assert whole.faults(folder_of(root)) == {}
    flip(CHECKPOINT)(folder_of(root))
    with pytest.raises(UserError, match="is missing, damaged or of another configuration"):
        dropping.evaluate(RUN, policy, prepared, machine, root)
    train(RUN)  # to the same bits, but the evaluation was of a run that is no more
    assert whole.faults(folder_of(root)) == {path.name: f"is not in {seals.FILE}"}
    dropping.evaluate(RUN, policy, prepared, machine, root)
    assert whole.faults(folder_of(root)) == {}
    evaluated = json.loads(path.read_text())
    evaluated["identity"]["checkpoint"] = "0" * 64
    path.write_text(json.dumps(evaluated))
    seals.update(folder_of(root), [path.name])
    assert "evaluates other parameters" in whole.faults(folder_of(root))[path.name]
