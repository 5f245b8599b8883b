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


def measured(made: Engine) -> list[dict[str, float]]:
    positions = {name: made.positions(name, "train", affinity.EXAMPLES) for name in made.tasks}
    return affinity.affinities(made.model, made.tasks, made.data, positions, made.machine)


@pytest.mark.parametrize("batch", [7, 128])
def test_it_is_the_cosine_of_the_gradients_of_the_mean_losses(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(affinity, "BATCH", batch)
    made = engine(prepared, machine, (0, 1))
    made.run_epoch()
    found = measured(made)
    for replica in (0, 1):
        assert found[replica][PAIR] == pytest.approx(expected(made, replica), abs=1e-5)


def test_replicas_with_unequal_numbers_of_examples_have_means_of_their_own(
    machine: Machine,
) -> None:
    unequal = tiny.both() | {"speech": tiny.sequences(extra=3)}  # a fold more than another
    made = engine(unequal, machine, (0, 2))
    assert len({len(own) for own in made.positions("speech", "train")}) == 2
    for replica, found in enumerate(measured(made)):
        assert found[PAIR] == pytest.approx(expected(made, replica), abs=1e-5)


def test_at_most_so_many_examples_of_a_task_are_used(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = engine(prepared, machine)
    whole.run_epoch()
    monkeypatch.setattr(affinity, "EXAMPLES", 12)
    few = engine(prepared, machine)
    few.run_epoch()
    assert few.history[0][0]["affinity"][PAIR] == pytest.approx(expected(few, 0), abs=1e-5)
    assert few.history[0][0]["affinity"] != whole.history[0][0]["affinity"]


def test_the_first_epoch_of_several_tasks_records_it_and_no_other(
    prepared: dict, machine: Machine
) -> None:
    both, alone = engine(prepared, machine), engine(prepared, machine, tasks=("vision",))
    for made in (both, alone):
        made.run_epoch()
        made.run_epoch()
    first, second = both.history[0]
    assert list(first["affinity"]) == [PAIR]
    assert -1 <= first["affinity"][PAIR] <= 1
    assert "affinity" not in second
    assert not any("affinity" in record for record in alone.history[0])


def test_measuring_changes_no_other_number_of_a_run(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained() -> tuple[list[dict], dict[str, torch.Tensor]]:
        made = engine(prepared, machine, l2=1e-3)
        made.run_epoch()
        made.run_epoch()
        kept = [
            {k: v for k, v in record.items() if k not in ("seconds", "affinity")}
            for record in made.history[0]
        ]
        return kept, made.state(0)

    with_it, after = trained()
    generator = torch.get_rng_state()
    monkeypatch.setattr(Engine, "_affinities", lambda made: [{} for _ in made.runs])
    without, before = trained()
    assert with_it == without
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert torch.equal(generator, torch.get_rng_state())


def test_gradients_are_left_as_they_were(prepared: dict, machine: Machine) -> None:
    made = engine(prepared, machine)
    params = made.model.params
    for value in params.values():
        value.grad = torch.ones_like(value)
    before = {name: value.detach().clone() for name, value in params.items()}
    measured(made)
    assert all((value.grad == 1).all() for value in params.values())
    assert all(torch.equal(value, before[name]) for name, value in params.items())


def test_the_compiled_loops_give_the_same_bits(prepared: dict, machine: Machine) -> None:
    pytest.importorskip("numba")
    fused = replace(machine, fused=True)
    plain, compiled = engine(prepared, machine), engine(prepared, fused)
    assert measured(plain) == measured(compiled)
