"""Compiled loops give the bits of torch's own operations, forward and backward, at every site."""

import dataclasses

import pytest
import tiny
import torch
from torch import Tensor

from adsmtl import rng
from adsmtl.data.prepared import Prepared
from adsmtl.dropout.masks import Rates
from adsmtl.dropout.schedules import Concrete, Fixed, Late, NoDropout
from adsmtl.errors import UserError
from adsmtl.study import Run
from adsmtl.tasks import lstm
from adsmtl.training import device
from adsmtl.training.device import Machine
from adsmtl.training.elementwise import TORCH, Dropped, Elementwise
from adsmtl.training.engine import Engine
from adsmtl.weighting import Uncertainty

pytest.importorskip("numba")

from adsmtl.training.fused import Fused

DTYPES = (torch.float32, torch.bfloat16)


def fused(threads: int = 1) -> Fused:
    return Fused(threads, torch.float32)


def bits(x: Tensor) -> Tensor:
    """Equal where tensors are the same to the last bit: -0 is not 0; all NaN are one."""
    x = x.masked_fill(x.isnan(), float("nan"))
    return x.contiguous().view(torch.int16 if x.dtype == torch.bfloat16 else torch.int32)


def same(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(bits(one), bits(other))


def dropped(replicas: int, rate: float) -> Dropped:
    rates = Rates.quantised(torch.tensor([rate, 0.0, 0.7][:replicas]))
    return Dropped(torch.tensor([rng.key(r, "fused") for r in range(replicas)]), rates)


def values(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> Tensor:
    """Normal values, some of them equal, zeros of both signs, tiny, huge or infinite."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator)
    kind = torch.randint(0, 40, shape, generator=generator)
    for number, special in enumerate((0.0, -0.0, 1e-40, -1e-40, 3e38, -3e38, 1.0, float("inf"))):
        x[kind == number] = special
    return x.to(dtype)


def both_ways(
    elementwise: Elementwise, x: Tensor, upstream: Tensor, relu: bool, pool: int, drops: Dropped
) -> tuple[Tensor, Tensor]:
    leaf = x.detach().requires_grad_()
    y = elementwise.units(leaf, relu, pool, drops)
    y.backward(upstream[..., : y.shape[-2], : y.shape[-1]] if x.dim() == 5 else upstream)
    return y.detach(), leaf.grad


def laid_out(x: Tensor, layout: str) -> Tensor:
    """The same values in other places of memory, as the products leave them."""
    if layout == "channels last":
        return x.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
    if layout == "replicas beside channels":  # what a grouped convolution returns
        return x.permute(1, 3, 4, 0, 2).contiguous().permute(3, 0, 4, 1, 2)
    return x.contiguous()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("rate", [None, 0.0, 0.3, 0.9999])
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("features", [(128,), (7,), (1,), (600,)])
def test_features(
    dtype: torch.dtype, replicas: int, rate: float | None, relu: bool, features: tuple[int, ...]
) -> None:
    shape = (replicas, 9, *features)
    x, upstream = values(shape, dtype, 0), values(shape, dtype, 1)
    drops = None if rate is None else dropped(replicas, rate)
    plain = both_ways(TORCH, x, upstream, relu, 1, drops)
    compiled = both_ways(fused(), x, upstream, relu, 1, drops)
    assert all(same(a, b) for a, b in zip(plain, compiled, strict=True))


@pytest.mark.parametrize("layout", ["channels last", "replicas beside channels", "channels first"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("rate", [None, 0.3])
@pytest.mark.parametrize("pool", [1, 2, 3])
@pytest.mark.parametrize("maps", [(64, 8, 8), (5, 7, 9), (3, 6, 3), (8, 3, 4)])
def test_feature_maps(
    layout: str,
    dtype: torch.dtype,
    replicas: int,
    rate: float | None,
    pool: int,
    maps: tuple[int, ...],
) -> None:
    shape = (replicas, 4, *maps)
    x, upstream = (laid_out(values(shape, dtype, seed), layout) for seed in (2, 3))
    drops = None if rate is None else dropped(replicas, rate)
    plain = both_ways(TORCH, x, upstream, True, pool, drops)
    compiled = both_ways(fused(), x, upstream, True, pool, drops)
    assert all(same(a, b) for a, b in zip(plain, compiled, strict=True))
    if pool == 1:  # what follows is computed from the same places
        assert plain[0].stride() == compiled[0].stride()


@pytest.mark.parametrize("pool", [1, 2])
def test_a_value_that_is_no_number_stays_one_and_spreads_no_further(pool: int) -> None:
    x = torch.zeros(1, 2, 4, 4, 4).to(memory_format=torch.preserve_format)
    x[0, 0, 1, 2, 3] = float("nan")
    drops = dropped(1, 0.0)
    plain = both_ways(TORCH, x, torch.ones_like(x), True, pool, drops)
    compiled = both_ways(fused(), x, torch.ones_like(x), True, pool, drops)
    for a, b in zip(plain, compiled, strict=True):
        assert torch.equal(a.isnan(), b.isnan())
        assert torch.equal(a.nan_to_num(), b.nan_to_num())
    assert compiled[0].isnan().sum() == 1


@pytest.mark.parametrize("pool", [1, 2])
def test_threads_change_no_bit(pool: int) -> None:
    shape = (1, 37, 32, 12, 12)  # 37 rows of 4,608: enough for both
    x, upstream = (
        laid_out(values(shape, torch.bfloat16, seed), "channels last") for seed in (4, 5)
    )
    one = both_ways(fused(1), x, upstream, True, pool, dropped(1, 0.3))
    two = both_ways(fused(2), x, upstream, True, pool, dropped(1, 0.3))
    assert all(same(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize(("batch", "steps", "hidden"), [(9, 7, 128), (3, 1, 32), (4, 5, 7)])
def test_states_of_an_lstm(
    dtype: torch.dtype, replicas: int, batch: int, steps: int, hidden: int
) -> None:
    generator = torch.Generator().manual_seed(steps)

    def made(*shape: int) -> Tensor:
        return torch.randn(replicas, *shape, generator=generator)

    inputs = made(batch, steps, 6).to(dtype)
    inputs[:, 0] *= 50  # gates at both their ends
    weights = made(4 * hidden, 6).to(dtype), made(4 * hidden, hidden).to(dtype) / 4
    arguments = inputs, *weights, made(4 * hidden)
    lengths = torch.randint(1, steps + 1, (replicas, batch), generator=generator)
    lengths[:, -1] = steps
    upstream = made(batch, hidden)
    found = []
    for elementwise in (TORCH, fused()):
        x, *rest = leaves = [value.clone().requires_grad_() for value in arguments]
        state = lstm.last_state(x, lengths, *rest, elementwise.gates)
        found.append([state, *torch.autograd.grad(state, leaves, upstream)])
    assert all(same(a, b) for a, b in zip(*found, strict=True))
    if steps > 1:  # before the first step there is no state to learn from
        assert all((value != 0).any() for value in found[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("replicas", [1, 3])
def test_images(dtype: torch.dtype, replicas: int) -> None:
    generator = torch.Generator().manual_seed(6)
    images = torch.randint(0, 256, (20, 8, 8, 3), dtype=torch.uint8, generator=generator)
    positions = torch.randint(0, 20, (replicas, 7), generator=generator)
    mean, std = 255 * torch.tensor(tiny.MEAN), 255 * torch.tensor(tiny.STD)
    plain = TORCH.normalised(images, positions, mean, std).to(dtype)
    assert same(Fused(1, dtype).normalised(images, positions, mean, std), plain)


def test_float64_is_left_to_torch() -> None:
    x = torch.randn(1, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    compiled = fused().units(x, True, 1, dropped(1, 0.3))
    assert torch.equal(compiled, TORCH.units(x, True, 1, dropped(1, 0.3)))
    assert compiled.dtype == torch.float64


REPLICAS = {
    "none": [tiny.run(NoDropout())],
    "one": [tiny.run(Fixed(0.4))],
    "three": [
        tiny.run(Fixed(0.5), arm_id="fixed"),
        tiny.run(tiny.ADSMTL, 1, arm_id="adsmtl", l2=1e-2, site="shared"),
        tiny.run(Late(0.4), 2, arm_id="late", weighting=Uncertainty()),
    ],
    "learned": [tiny.run(Concrete(0.1))],
}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("runs", REPLICAS.values(), ids=REPLICAS)
def test_training_with_compiled_loops_is_the_same_to_the_last_bit(
    runs: list[Run], precision: str, prepared: dict[str, Prepared]
) -> None:
    plain = Machine(torch.device("cpu"), precision, 1)
    engines = [
        Engine(runs, prepared, machine)
        for machine in (plain, dataclasses.replace(plain, fused=True))
    ]
    for engine in engines:
        for _ in range(2):
            engine.run_epoch()
    for replica, _ in enumerate(runs):
        one, other = (engine.state(replica) for engine in engines)
        assert [name for name in one if not torch.equal(one[name], other[name])] == []
        histories = [engine.history[replica] for engine in engines]
        for record in (record for history in histories for record in history):
            record.pop("seconds")
        assert histories[0] == histories[1]


def test_the_machine_says_which_loops_it_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert device.choose("cpu", "fp32").describe()["elementwise"].startswith("fused by numba ")
    assert device.choose("cpu", "fp32", fused="off").describe()["elementwise"] == "torch"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert device.choose("cpu", "fp32").describe()["elementwise"] == "torch"
    with pytest.raises(UserError, match="fused is 'on', which needs a CPU and Numba"):
        device.choose("cpu", "fp32", fused="on")
