"""`affinity.json`: measured once, beside a run that stays as it is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from adsmtl import identity, paths
from adsmtl.errors import UserError
from adsmtl.files import sha256
from adsmtl.running import measuring, session
from adsmtl.study import Run
from adsmtl.training import affinity
from adsmtl.training.device import Machine

RUN = tiny.run(seed=1, arm_id="pair", epochs=3)


class Measure:
    """Measures below a folder, and counts how often something was really measured."""

    def __init__(self, prepared: dict, machine: Machine, root: Path) -> None:
        self.prepared, self.machine, self.root = prepared, machine, root
        self.path = paths.run(root, "pair", 1) / "affinity.json"
        self.said: list[str] = []

    def __call__(self, run: Run = RUN, examples: int = 20, machine: Machine | None = None) -> bool:
        """Whether it was measured, not kept."""
        before = len(self.said)
        how = (examples, self.prepared, machine or self.machine, self.root)
        measuring.measure(run, *how, self.said.append)
        return self.said[before:] != [f"{run.name}: affinity was measured before, kept"]

    @property
    def content(self) -> dict:
        return json.loads(self.path.read_text())


@pytest.fixture
def measure(prepared: dict, machine: Machine, tmp_path: Path) -> Measure:
    return Measure(prepared, machine, tmp_path)


def test_the_file_holds_the_affinity_of_the_run_to_the_last_bit(measure: Measure) -> None:
    measure()
    content = measure.content
    found = affinity.measured(RUN, measure.prepared, measure.machine, 20)
    assert content["affinity"] == found
    assert set(found) == {"vision:speech"}
    assert (content["arm"], content["seed"]) == ("pair", 1)
    assert content["config_hash"] == RUN.config_hash


def test_it_is_measured_once(measure: Measure) -> None:
    assert measure()
    assert not measure()


def test_a_trained_run_stays_finished_and_its_files_as_they_are(measure: Measure) -> None:
    prepared, machine, root = measure.prepared, measure.machine, measure.root
    session.train([RUN], prepared, machine, root, lambda text: None)
    folder = measure.path.parent
    before = {path.name: sha256(path) for path in folder.iterdir()}
    measure()
    after = {path.name: sha256(path) for path in folder.iterdir()}
    assert after.pop("affinity.json")
    assert after.pop("SHA256SUMS") != before.pop("SHA256SUMS")  # which names that file, too
    assert after == before
    assert session.finished(RUN, prepared, machine, root)


def test_training_a_run_leaves_its_affinity_alone(measure: Measure) -> None:
    measure()
    before = measure.path.read_bytes()
    session.train([RUN], measure.prepared, measure.machine, measure.root, lambda text: None)
    assert measure.path.read_bytes() == before


def test_another_configuration_or_way_of_measuring_is_measured_again(measure: Measure) -> None:
    measure()
    other = replace(RUN, training=replace(RUN.training, batch_size=12))
    assert measure(other)
    assert measure(RUN)
    assert measure(examples=19)
    assert not measure(examples=19)


def test_other_code_is_measured_again_and_other_code_of_training_alone_is_not(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure()
    real = identity.code

    def changed(where: str) -> None:
        def code(run: Run, root: str = identity.TRAINED) -> dict[str, str]:
            own = real(run, root)
            return own | {"adsmtl.new": "0"} if root == where else own

        monkeypatch.setattr(identity, "code", code)

    changed(identity.TRAINED)
    assert not measure()
    changed(identity.RELATED)
    assert measure()


def test_the_precision_of_the_machine_does_not_matter(measure: Measure) -> None:
    measure()
    assert not measure(machine=replace(measure.machine, precision="bf16"))
    assert measure.content["identity"]["precision"] == "fp32"


def test_a_task_alone_is_refused(measure: Measure) -> None:
    with pytest.raises(UserError, match="trains vision alone; affinity is that of two tasks"):
        measure(tiny.run(tasks=("vision",), arm_id="pair", seed=1))


def test_of_a_run_that_diverges_it_says_why_there_is_none(measure: Measure) -> None:
    wild = replace(RUN, training=replace(RUN.training, learning_rate=1e30))
    assert measure(wild)
    assert measure.content["affinity"] == {}
    assert "not finite" in measure.content["diverged"]
    assert not measure(wild)
