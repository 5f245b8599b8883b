"""What is said of a run: kept, trained again and why, or not trained yet."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from adsmtl import identity, paths
from adsmtl.dropout.schedules import Follow
from adsmtl.errors import UserError
from adsmtl.running import names, session, why
from adsmtl.study import Arm, Extent, Study
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine

ARMS = {
    "adsmtl": Arm("ADSMTL", "main", dropout=tiny.ADSMTL),
    "swapped": Arm("swapped", "controls", dropout=Follow("adsmtl", "swapped")),
}
TRAINING = tiny.run(epochs=2).training


def study(**arms: Arm) -> Study:
    return Study("smoke", True, tiny.TASKS, {}, ARMS | arms, (0,), Extent((0,), TRAINING))


Explain = Callable[..., list[str]]


@pytest.fixture
def explain(prepared: dict, machine: Machine, tmp_path: Path) -> Explain:
    """Train both arms; then a function from arm, study, data and machine to the lines said."""
    session.train(study().runs(), prepared, machine, tmp_path, lambda text: None)

    def call(
        arm: str, of: Study | None = None, data: dict = prepared, on: Machine = machine
    ) -> list[str]:
        of = of or study()
        return why.explain(of, of.run(arm, 0), data, on, tmp_path).splitlines()

    return call


def test_a_run_that_would_not_change_would_be_kept(explain: Explain) -> None:
    assert explain("adsmtl") == ["adsmtl seed=0: would be kept"]
    assert explain("swapped") == ["swapped seed=0: would be kept"]


def test_the_reasons_are_listed_below(
    explain: Explain, prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = study(adsmtl=replace(ARMS["adsmtl"], dropout=replace(tiny.ADSMTL, p0=0.3)))
    assert explain("adsmtl", other) == [
        "adsmtl seed=0: would be trained again",
        "  configuration: arm.dropout.p0: 0.2 -> 0.3",
    ]
    card = {**prepared["vision"].card, "digest": "other"}
    data = {**prepared, "vision": replace(prepared["vision"], card=card)}
    said = explain("adsmtl", data=data, on=replace(machine, threads=4))
    assert said[1].startswith("  the data of task vision differ: digest ")
    assert said[2:] == ["  threads: 1 -> 4"]
    now = identity.code(study().run("adsmtl", 0))
    monkeypatch.setattr(identity, "code", lambda run: {**now, "adsmtl.rng": "other"})
    assert explain("adsmtl")[1:] == ["  code: adsmtl.rng was changed"]


def test_a_missing_file_is_a_reason(explain: Explain, tmp_path: Path) -> None:
    path = paths.run(tmp_path, "adsmtl", 0) / names.PREDICTIONS
    path.unlink()
    fault = f"  {path.parent} is damaged: predictions.npz is missing"
    assert explain("adsmtl") == ["adsmtl seed=0: would be trained again", fault]


def test_a_run_comes_after_the_one_it_follows(explain: Explain) -> None:
    other = study(adsmtl=replace(ARMS["adsmtl"], dropout=replace(tiny.ADSMTL, p0=0.3)))
    assert explain("swapped", other) == [
        "swapped seed=0: would be trained again",
        "  adsmtl seed=0, which it follows, would be trained first; see adsmtl why adsmtl/seed=0",
        "  configuration: leader.dropout.p0: 0.2 -> 0.3",
    ]


def test_what_is_said_is_what_training_does(
    explain: Explain, prepared: dict, machine: Machine, tmp_path: Path
) -> None:
    changed = study(adsmtl=replace(ARMS["adsmtl"], l2=0.1))
    for own, kept in ((study(), True), (changed, False)):
        assert explain("adsmtl", own)[0].endswith("would be kept") is kept
        said: list[str] = []
        session.train([own.run("adsmtl", 0)], prepared, machine, tmp_path, said.append)
        assert said[0].endswith("finished before, kept") is kept


def test_an_interrupted_run_would_continue_or_start_anew(
    prepared: dict, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Engine.run_epoch

    def run_epoch(self: Engine, progress: object = None) -> None:
        if self.epoch == 1:
            raise KeyboardInterrupt
        original(self, progress)

    monkeypatch.setattr(Engine, "run_epoch", run_epoch)
    run = study().run("adsmtl", 0)
    assert not why.begun(run, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        session.train([run], prepared, machine, tmp_path, lambda text: None)
    assert why.begun(run, tmp_path)
    said = why.explain(study(), run, prepared, machine, tmp_path)
    assert said == "adsmtl seed=0: interrupted after epoch 1, would continue"
    on = replace(machine, precision="bf16")
    assert why.explain(study(), run, prepared, on, tmp_path).splitlines() == [
        "adsmtl seed=0: interrupted after epoch 1, would start anew",
        "  precision: fp32 -> bf16",
    ]


def test_a_run_is_named_by_arm_and_seed_or_by_its_folder(tmp_path: Path) -> None:
    for text in (
        "a-0.1/seed=12",
        f"{tmp_path}/runs/a-0.1/seed=12",
        f"{tmp_path}/runs/a-0.1/seed=12/",
    ):
        assert why.named(text, tmp_path) == ("a-0.1", 12)


@pytest.mark.parametrize("text", ["adsmtl", "adsmtl/0", "adsmtl/seed=x", "results/quick", ""])
def test_another_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match=r"names no run; give <arm>/seed=<number>, such as"):
        why.named(text, Path("results/quick"))


def test_a_folder_of_other_results_is_refused() -> None:
    with pytest.raises(UserError, match=r"lies in results/paper, but the settings describe"):
        why.named("results/paper/runs/adsmtl/seed=0", Path("results/quick"))
