"""The model: the listing's parameters, started alike in every arm of a seed."""

import math

import pytest
import tiny
import torch
from torch import Tensor

from adsmtl import rng
from adsmtl.data.prepared import Prepared
from adsmtl.dropout.masks import Rates
from adsmtl.tasks.base import Parameter
from adsmtl.training import objective
from adsmtl.training.batches import TaskData
from adsmtl.training.model import Model, StepDropout, initial, no_dropout

CPU = torch.device("cpu")


def model(prepared: dict[str, Prepared], *names: str, seeds: tuple[int, ...] = (0,)) -> Model:
    tasks = {name: tiny.TASKS[name] for name in names}
    data = {name: TaskData(prepared[name], task, seeds, CPU) for name, task in tasks.items()}
    return Model(tasks, data, seeds, CPU)


def test_a_seed_starts_alike_in_single_and_multi_task_arms(prepared: dict) -> None:
    together = model(prepared, "vision", "speech", seeds=(0, 3)).params
    for name in ("vision", "speech"):
        alone = model(prepared, name, seeds=(3,)).params
        assert {key for key in together if key.startswith(("shared.", f"{name}."))} == set(alone)
        for key, value in alone.items():
            assert torch.equal(together[key][1], value[0]), key


def test_seeds_start_differently_and_so_do_parameters_of_one_shape(prepared: dict) -> None:
    params = model(prepared, "vision", seeds=(0, 1)).params
    for name, value in params.items():
        if name.endswith("weight"):
            assert not torch.equal(value[0], value[1]), name
    square = Parameter((6, 6), "glorot")
    assert not torch.equal(initial(square, rng.key(0, "a")), initial(square, rng.key(0, "b")))


def test_starting_values_do_not_draw_from_torchs_global_generator() -> None:
    parameter = Parameter((6, 6), "orthogonal")
    torch.manual_seed(1)
    before = initial(parameter, 7)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    assert torch.equal(initial(parameter, 7), before)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("shape", "fans"), [((50, 80), 50 + 80), ((64, 32, 3, 3), (64 + 32) * 9), ((512, 120), 632)]
)
def test_weights_start_uniform_within_glorots_bounds(shape: tuple, fans: int) -> None:
    value = initial(Parameter(shape, "glorot"), rng.key("glorot"))
    bound = math.sqrt(6 / fans)
    assert value.abs().max() <= bound
    assert value.abs().max() > 0.99 * bound
    n = value.numel()
    assert abs(float(value.mean())) < 4 * bound / math.sqrt(3 * n)
    assert float(value.var()) == pytest.approx(bound**2 / 3, rel=4 / math.sqrt(n))


def test_recurrent_weights_start_orthogonal() -> None:
    value = initial(Parameter((512, 128), "orthogonal"), rng.key("orthogonal"))
    assert torch.allclose(value.T @ value, torch.eye(128), atol=1e-5)


def test_biases_start_at_0_but_for_an_open_forget_gate() -> None:
    assert initial(Parameter((7,), "zeros"), 1).tolist() == [0.0] * 7
    gates = initial(Parameter((12,), "lstm-bias"), 1)  # i, f, g, o of three units
    assert gates.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6


def test_the_shared_layer_is_the_listings(prepared: dict) -> None:
    params = model(prepared, "vision", "speech", seeds=(0, 1)).params
    assert params["shared.weight"].shape == (2, 32, 3, 3, 3)
    assert params["shared.bias"].shape == (2, 32)
    assert params["vision.hidden.weight"].shape == (2, 128, 64 * 2 * 2)
    assert params["speech.lstm.input_weight"].shape == (2, 512, 32 * (tiny.BANDS - 2))
    assert all(value.requires_grad for value in params.values())


def test_the_penalty_counts_weights_and_no_biases(prepared: dict) -> None:
    built = model(prepared, "vision", "speech")
    assert set(built.weights) == {name for name in built.params if name.endswith("weight")}


def test_sites_lead_from_the_shared_layer_to_the_branch(prepared: dict) -> None:
    built = model(prepared, "vision", "speech")
    assert built.sites("vision") == ("shared", "conv", "hidden")
    assert built.sites("speech") == ("shared", "lstm")


def test_unequal_channels_cannot_share_a_layer(prepared: dict) -> None:
    data = {name: TaskData(prepared[name], t, [0], CPU) for name, t in tiny.TASKS.items()}
    data["speech"].input_shape = (1, 0, tiny.BANDS)
    with pytest.raises(ValueError, match="equal input channels"):
        Model(tiny.TASKS, data, [0], CPU)


def test_logits_of_a_sequence_depend_on_its_own_frames_alone(prepared: dict) -> None:
    """Neither longer neighbours in the batch nor padded examples change them."""
    built = model(prepared, "speech")
    data = TaskData(prepared["speech"], tiny.TASKS["speech"], [0], CPU)
    shortest, longest = int(data.lengths.argmin()), int(data.lengths.argmax())
    alone = built.forward("speech", data.gather(torch.tensor([[shortest]])), no_dropout)
    beside = built.forward(
        "speech", data.gather(torch.tensor([[shortest, longest, -1]])), no_dropout
    )
    assert torch.allclose(beside[:, 0], alone[:, 0], rtol=1e-4, atol=1e-6)


def test_logits_use_every_real_frame(prepared: dict) -> None:
    built = model(prepared, "speech")
    data = TaskData(prepared["speech"], tiny.TASKS["speech"], [0], CPU)
    batch = data.gather(torch.arange(10)[None])
    batch.x.requires_grad_()
    built.forward("speech", batch, no_dropout).square().sum().backward()
    touched = (batch.x.grad != 0).any(dim=4).any(dim=2)[0]
    real = torch.arange(batch.x.shape[3]) < batch.lengths[0][:, None]
    assert torch.equal(touched, real)


def rates(*values: float) -> Rates:
    return Rates.quantised(torch.tensor(values))


def test_a_step_drops_at_sites_with_a_rate_and_nowhere_else() -> None:
    drop = StepDropout({"hidden": rates(0.5)}, {"hidden": torch.tensor([rng.key(0)])})
    x = torch.randn(1, 10, 100, generator=torch.Generator().manual_seed(0))
    assert torch.equal(drop(x, "conv", relu=True), x.relu())
    assert torch.equal(drop(x, "lstm", relu=False), x)
    dropped = drop(x, "hidden", relu=False)
    assert 0.4 < float((dropped == 0).float().mean()) < 0.6
    kept = dropped != 0
    assert torch.equal(dropped[kept], 2 * x[kept])
    assert torch.equal(drop(x, "hidden", relu=True), dropped.clamp_min(0))


def test_the_masked_mean_is_that_of_the_real_examples() -> None:
    losses = torch.tensor([[1.0, 2.0, 6.0, 100.0], [1.0, 50.0, 50.0, 50.0], [9.0] * 4])
    weights = torch.tensor([[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0] * 4])
    losses.requires_grad_()
    found = objective.task_loss(losses, weights)
    assert found.tolist() == [3.0, 1.0, 0.0]
    found.sum().backward()
    third = pytest.approx(1 / 3)
    assert losses.grad.tolist() == [[third, third, third, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def parameters() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"a.weight": (2, 3, 4), "b.weight": (2, 2, 3, 3, 3), "a.bias": (2, 3)}
    return {
        name: torch.randn(shape, generator=generator).requires_grad_()
        for name, shape in shapes.items()
    }


def test_the_penalty_is_half_the_squared_norm_of_each_replicas_weights() -> None:
    params = parameters()
    found = objective.penalty(params, ["a.weight", "b.weight"])
    for r in range(2):
        expected = (
            sum(float(params[n][r].detach().square().sum()) for n in ("a.weight", "b.weight")) / 2
        )
        assert float(found[r]) == pytest.approx(expected, rel=1e-6)


def test_the_penaltys_gradient_is_autograds() -> None:
    names = ["a.weight", "b.weight"]
    factor = torch.tensor([1e-2, 0.5])
    params, reference = parameters(), parameters()
    upstream = {name: torch.randn_like(value) for name, value in params.items()}
    for name, value in params.items():
        value.grad = upstream[name].clone()
    objective.add_penalty_gradient(params, names, factor)
    total = sum((upstream[n] * value).sum() for n, value in reference.items())
    for name in names:
        total = total + (factor * reference[name].square().flatten(1).sum(dim=1) / 2).sum()
    total.backward()
    for name, value in params.items():
        assert torch.allclose(value.grad, reference[name].grad, rtol=1e-5, atol=1e-6), name
    assert torch.equal(params["a.bias"].grad, upstream["a.bias"])
