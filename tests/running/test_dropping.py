"""Evaluation with units dropped at test time."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
import torch

from adsmtl import identity, paths
from adsmtl.dropout.masks import Rates
from adsmtl.dropout.schedules import Fixed
from adsmtl.errors import UserError
from adsmtl.files import sha256
from adsmtl.running import dropping, names, session
from adsmtl.study import TestTime
from adsmtl.training import monte_carlo
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from adsmtl.training.evaluation import predict
from adsmtl.training.model import StepDropout

RUN = tiny.run(Fixed(0.3), seed=1, arm_id="fixed", epochs=4)
POLICY = TestTime(("fixed",), rate=0.3, passes=4, repeats=3)


@pytest.fixture(scope="module")
def root(prepared: dict, machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    session.train([RUN], prepared, machine, folder, lambda text: None)
    return folder


def evaluated(policy: TestTime, prepared: dict, machine: Machine, root: Path) -> dict:
    return json.loads(dropping.evaluate(RUN, policy, prepared, machine, root).read_text())


def test_units_off_are_the_scores_of_the_run(prepared: dict, machine: Machine, root: Path) -> None:
    found = evaluated(POLICY, prepared, machine, root)
    metrics = json.loads((paths.run(root, "fixed", 1) / "metrics.json").read_text())
    for task, own in found["tasks"].items():
        test = metrics["tasks"][task]["final"]["test"]
        assert set(test) - set(own["off"]) == {"ece_floor"}
        for key, value in own["off"].items():
            assert test[key] == pytest.approx(value, rel=1e-6)
    assert found["examples"] == {"vision": 24, "speech": 20}


def test_repeats_differ_and_more_passes_agree_better(
    prepared: dict, machine: Machine, root: Path
) -> None:
    def spread(passes: int) -> float:
        policy = replace(POLICY, passes=passes, repeats=6)
        on = evaluated(policy, prepared, machine, root)["tasks"]["vision"]["on"]
        losses = [own["loss"] for own in on]
        assert len(set(losses)) == 6
        return max(losses) - min(losses)

    assert spread(16) < spread(1)


def test_a_rate_near_zero_changes_little(prepared: dict, machine: Machine, root: Path) -> None:
    tiny_rate = replace(POLICY, rate=0.5 / 256, passes=1, repeats=1)  # quantised to 0
    found = evaluated(tiny_rate, prepared, machine, root)["tasks"]["speech"]
    assert found["on"][0]["loss"] == pytest.approx(found["off"]["loss"], rel=1e-5)


def test_the_same_twice(prepared: dict, machine: Machine, root: Path) -> None:
    first = evaluated(POLICY, prepared, machine, root)
    assert evaluated(POLICY, prepared, machine, root) == first


def test_a_limit_on_examples(prepared: dict, machine: Machine, root: Path) -> None:
    found = evaluated(replace(POLICY, examples=7), prepared, machine, root)
    assert found["examples"] == {"vision": 7, "speech": 7}


def test_its_identity_is_the_checkpoint_the_code_and_the_kind_of_machine(
    prepared: dict, machine: Machine, root: Path
) -> None:
    found = evaluated(POLICY, prepared, machine, root)["identity"]
    assert found["code"] == identity.code(RUN, identity.DROPPED)
    assert found["checkpoint"] == sha256(paths.run(root, "fixed", 1) / names.CHECKPOINT)
    assert {key: found[key] for key in identity.kind(machine)} == identity.kind(machine)
    assert set(found) == {"code", "checkpoint", *identity.kind(machine)}


def test_another_configuration_is_refused(prepared: dict, machine: Machine, root: Path) -> None:
    other = replace(RUN, training=replace(RUN.training, epochs=9))
    with pytest.raises(UserError, match=r"\.safetensors is missing, damaged or of another"):
        dropping.evaluate(other, POLICY, prepared, machine, root)


def test_passes_taken_together_are_those_taken_one_by_one(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With masks that depend on example, repeat and pass alone, against whole forward passes."""
    engine = Engine([RUN], prepared, machine)
    passes: list[StepDropout] = []

    def drop(engine: Engine, run: object, task: str, policy: TestTime, *rest: int) -> StepDropout:
        keys = torch.arange(policy.passes) + 100 * rest[0]
        rates = Rates.quantised(torch.full((policy.passes,), policy.rate))
        passes.extend(
            StepDropout({"shared": Rates.quantised(torch.tensor([policy.rate]))}, {"shared": key})
            for key in keys[:, None]
        )
        return StepDropout({"shared": rates}, {"shared": keys})

    monkeypatch.setattr(monte_carlo, "_drop", drop)
    monkeypatch.setattr(monte_carlo, "ROWS", 1000)  # all examples are one chunk
    for task in engine.tasks:
        passes.clear()
        found = monte_carlo.on(engine, RUN, task, POLICY)
        positions = engine.positions(task, "test")
        for repeat, own in enumerate(found):
            drops = passes[POLICY.passes * repeat : POLICY.passes * (repeat + 1)]
            each = [predict(engine.model, task, engine.data[task], positions, d) for d in drops]
            mean = torch.stack([logits[0].softmax(dim=1) for logits, _ in each]).mean(dim=0)
            targets = each[0][1][0]
            assert own["loss"] == pytest.approx(
                float(-mean[torch.arange(len(targets)), targets].log().mean()), rel=1e-5
            )
        assert found[0]["loss"] != found[1]["loss"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_compiled_loops_change_no_score(prepared: dict, precision: str) -> None:
    scores = []
    for fused in (False, True):
        engine = Engine([RUN], prepared, Machine(torch.device("cpu"), precision, 1, fused))
        scores.append([monte_carlo.on(engine, RUN, task, POLICY) for task in engine.tasks])
    assert scores[0] == scores[1]
