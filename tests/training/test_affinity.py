"""Affinity: cosines of the gradients that automatic differentiation gives, over an epoch."""

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
RUN = tiny.run(Fixed(0.3))
EXAMPLES = 1000  # more than there are


def engine(
    prepared: dict[str, Prepared], machine: Machine, seeds: tuple[int, ...] = (0,), **keys: Any
) -> Engine:
    return Engine([tiny.run(Fixed(0.3), seed, **keys) for seed in seeds], prepared, machine)


def expected(made: Engine, task: str, replica: int, examples: int = EXAMPLES) -> torch.Tensor:
    """The same gradient from one pass over the examples, of one mean loss."""
    positions = made.positions(task, "train", examples)[replica]
    batch = made.data[task].gather(positions[None].expand(len(made.runs), -1))
    logits = made.model.forward(task, batch, no_dropout)[replica]
    loss = torch.nn.functional.cross_entropy(logits, batch.targets[replica])
    shared = [made.model.params["shared.weight"], made.model.params["shared.bias"]]
    parts = torch.autograd.grad(loss, shared)
    return torch.cat([part[replica].flatten() for part in parts])


def found(made: Engine, task: str, examples: int = EXAMPLES) -> torch.Tensor:
    return affinity.gradient(made, task, made.positions(task, "train", examples))


@pytest.mark.parametrize("batch", [7, 128])
def test_a_gradient_is_that_of_the_mean_loss_with_all_units_on(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(affinity, "BATCH", batch)
    made = engine(prepared, machine, (0, 1))
    made.run_epoch()
    for task in made.tasks:
        for replica, own in enumerate(found(made, task)):
            torch.testing.assert_close(own, expected(made, task, replica), atol=1e-6, rtol=1e-4)


def test_replicas_with_unequal_numbers_of_examples_have_means_of_their_own(
    machine: Machine,
) -> None:
    unequal = tiny.both() | {"speech": tiny.sequences(extra=3)}  # a fold more than another
    made = engine(unequal, machine, (0, 2))
    assert len({len(own) for own in made.positions("speech", "train")}) == 2
    for replica, own in enumerate(found(made, "speech")):
        torch.testing.assert_close(own, expected(made, "speech", replica), atol=1e-6, rtol=1e-4)


def test_at_most_so_many_examples_of_a_task_are_used(prepared: dict, machine: Machine) -> None:
    made = engine(prepared, machine)
    few = found(made, "vision", 12)[0]
    torch.testing.assert_close(few, expected(made, "vision", 0, 12), atol=1e-6, rtol=1e-4)
    assert not torch.allclose(few, found(made, "vision")[0], rtol=1e-3)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(63, {2, 4, 8, 16, 32, 63}), (64, {2, 4, 8, 16, 32, 64}), (3, {2, 3}), (2, {2}), (1, {1})],
)
def test_points_double_and_end_with_the_epoch(steps: int, expected: set[int]) -> None:
    assert affinity.points(steps) == expected


def test_affinity_is_the_mean_cosine_over_points() -> None:
    one = torch.tensor([[1.0, 0.0], [3.0, 4.0]])
    other = torch.tensor([[-2.0, 0.0], [4.0, 3.0]])  # cosines -1 and 24/25
    third = torch.tensor([[0.0, 1.0], [4.0, -3.0]])  # 0 to `one`; 0 and 7/25 to `other`
    found = affinity.affinities({"a": one, "b": other, "c": third})
    assert found == pytest.approx({"a:b": -0.02, "a:c": 0.0, "b:c": 0.14})


def test_it_is_that_of_the_first_epoch_of_the_run(prepared: dict, machine: Machine) -> None:
    measured = affinity.measured(RUN, prepared, machine, EXAMPLES)
    made = Engine([RUN], prepared, machine)
    gradients: dict[str, list[torch.Tensor]] = {"vision": [], "speech": []}

    def after(step: int, steps: int) -> None:
        assert steps == 6
        if step in {2, 4, 6}:
            for task, own in gradients.items():
                own.append(expected(made, task, 0))

    made.run_epoch(after)
    stacked = {task: torch.stack(own) for task, own in gradients.items()}
    assert measured == pytest.approx(affinity.affinities(stacked), abs=1e-4)
    assert -1 < measured[PAIR] < 1


def test_a_task_alone_has_no_pair(prepared: dict, machine: Machine) -> None:
    assert affinity.measured(tiny.run(tasks=("vision",)), prepared, machine, EXAMPLES) == {}


def test_measuring_on_the_way_changes_no_number_of_a_run(prepared: dict, machine: Machine) -> None:
    made, other = (engine(prepared, machine, l2=1e-3) for _ in range(2))
    generator = torch.get_rng_state()
    made.run_epoch(lambda step, steps: [found(made, task) for task in made.tasks] and None)
    other.run_epoch()
    assert all(torch.equal(value, other.state(0)[name]) for name, value in made.state(0).items())
    assert torch.equal(generator, torch.get_rng_state())


def test_gradients_are_left_as_they_were(prepared: dict, machine: Machine) -> None:
    made = engine(prepared, machine)
    for value in made.model.params.values():
        value.grad = torch.ones_like(value)
    for task in made.tasks:
        found(made, task)
    assert all((value.grad == 1).all() for value in made.model.params.values())


def test_the_compiled_loops_and_the_precision_of_the_machine_change_no_bit(
    prepared: dict, machine: Machine
) -> None:
    plain = affinity.measured(RUN, prepared, machine, EXAMPLES)
    half = replace(machine, precision="bf16")
    assert affinity.measured(RUN, prepared, half, EXAMPLES) == plain
    pytest.importorskip("numba")
    fused = replace(half, fused=True)
    assert affinity.measured(RUN, prepared, fused, EXAMPLES) == plain
