"""Affinity: the cosine that automatic differentiation gives, and nothing else of a run changes."""

from dataclasses import replace
from typing import Any

import pytest
import tiny
import torch

from adsmtl.data.prepared import Prepared
from adsmtl.dropout.schedules import Fixed
from adsmtl.training import affinity
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from adsmtl.training.model import no_dropout

PAIR = "vision:speech"


def engine(
    prepared: dict[str, Prepared], machine: Machine, seeds: tuple[int, ...] = (0,), **keys: Any
) -> Engine:
    return Engine([tiny.run(Fixed(0.3), seed, **keys) for seed in seeds], prepared, machine)


def expected(made: Engine, replica: int) -> float:
    """The same cosine from one pass over each task's examples, one gradient of one mean loss."""
    gradients = []
    for name, data in made.data.items():
        positions = made.positions(name, "train", affinity.EXAMPLES)[replica]
        row = positions[None].expand(len(made.runs), -1)
        batch = data.gather(row)
        logits = made.model.forward(name, batch, no_dropout)[replica]
        loss = torch.nn.functional.cross_entropy(logits, batch.targets[replica])
        shared = [made.model.params["shared.weight"], made.model.params["shared.bias"]]
        parts = torch.autograd.grad(loss, shared)
        gradients.append(torch.cat([part[replica].flatten() for part in parts]))
    return float(torch.nn.functional.cosine_similarity(*gradients, dim=0))


@pytest.mark.parametrize("batch", [7, 128])
def test_it_is_the_cosine_of_the_gradients_of_the_mean_losses(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(affinity, "BATCH", batch)
    made = engine(prepared, machine, (0, 1))
    made.run_epoch()
    found = affinity.affinities(made)
    for replica in (0, 1):
        assert found[replica][PAIR] == pytest.approx(expected(made, replica), abs=1e-5)


def test_replicas_with_unequal_numbers_of_examples_have_means_of_their_own(
    machine: Machine,
) -> None:
    unequal = tiny.both() | {"speech": tiny.sequences(extra=3)}  # a fold more than another
    made = engine(unequal, machine, (0, 2))
    assert len({len(own) for own in made.positions("speech", "train")}) == 2
    for replica, found in enumerate(affinity.affinities(made)):
        assert found[PAIR] == pytest.approx(expected(made, replica), abs=1e-5)


def test_at_most_so_many_examples_of_a_task_are_used(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = engine(prepared, machine)
    made.run_epoch()
    (whole,) = affinity.affinities(made)
    monkeypatch.setattr(affinity, "EXAMPLES", 12)
    (few,) = affinity.affinities(made)
    assert few[PAIR] == pytest.approx(expected(made, 0), abs=1e-5)
    assert few != whole


def test_a_task_alone_has_no_pair(prepared: dict, machine: Machine) -> None:
    assert affinity.affinities(engine(prepared, machine, tasks=("vision",))) == [{}]


def test_measuring_changes_no_number_of_a_run(prepared: dict, machine: Machine) -> None:
    made, other = (engine(prepared, machine, l2=1e-3) for _ in range(2))
    generator = torch.get_rng_state()
    for one in (made, other):
        one.run_epoch()
    affinity.affinities(made)
    for one in (made, other):
        one.run_epoch()
    assert all(torch.equal(value, other.state(0)[name]) for name, value in made.state(0).items())
    assert torch.equal(generator, torch.get_rng_state())


def test_gradients_are_left_as_they_were(prepared: dict, machine: Machine) -> None:
    made = engine(prepared, machine)
    params = made.model.params
    for value in params.values():
        value.grad = torch.ones_like(value)
    before = {name: value.detach().clone() for name, value in params.items()}
    affinity.affinities(made)
    assert all((value.grad == 1).all() for value in params.values())
    assert all(torch.equal(value, before[name]) for name, value in params.items())


def test_the_compiled_loops_give_the_same_bits(prepared: dict, machine: Machine) -> None:
    pytest.importorskip("numba")
    fused = replace(machine, fused=True)
    plain, compiled = engine(prepared, machine), engine(prepared, fused)
    assert affinity.affinities(plain) == affinity.affinities(compiled)
