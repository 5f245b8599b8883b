"""The dropout layer for models outside the study."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch._dynamo.testing import CompileCounter

from adsmtl import AdaptiveDropout

TASKS = ["images", "sounds"]


def layer(p: float = 0.25, **options: int) -> AdaptiveDropout:
    return AdaptiveDropout(TASKS, p, **options)


@pytest.mark.parametrize("options", [{}, {"seed": 3}])
def test_each_task_drops_at_its_own_rate_and_the_mean_is_kept(options: dict) -> None:
    torch.manual_seed(0)
    drop = layer(**options)
    drop.set_rates({"sounds": 0.5})
    x = torch.ones(200, 500)
    for task, rate in (("images", 0.25), ("sounds", 0.5)):
        y = drop(x, task)
        assert float((y == 0).float().mean()) == pytest.approx(rate, abs=0.01)
        assert float(y.mean()) == pytest.approx(1, abs=0.02)
        assert y.unique().tolist() == pytest.approx([0.0, 1 / (1 - rate)])


@pytest.mark.parametrize("options", [{}, {"seed": 3}])
def test_the_gradient_passes_where_the_unit_stayed(options: dict) -> None:
    drop = layer(**options)
    x = torch.randn(16, 8, 4, 4, requires_grad=True)
    y = drop(x, "images")
    y.sum().backward()
    assert torch.equal(x.grad, (y != 0).float() / 0.75)


def test_nothing_is_dropped_in_eval_or_at_rate_0() -> None:
    x = torch.randn(5, 7)
    assert torch.equal(layer().eval()(x, "images"), x)
    assert torch.equal(layer(0.0)(x, "images"), x)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 5), min_size=0, max_size=5))
def test_any_shape_and_every_float_passes(shape: list[int]) -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.float64):
        for drop in (layer(), layer(seed=1)):
            y = drop(torch.ones(shape, dtype=dtype), "sounds")
            assert (y.shape, y.dtype) == (torch.Size(shape), dtype)


def test_bf16_keeps_the_mean_although_it_knows_few_numbers() -> None:
    torch.manual_seed(0)
    drop = layer(0.301)
    y = drop(torch.ones(1000, 2000, dtype=torch.bfloat16), "images")
    assert float((y == 0).float().mean()) == pytest.approx(0.301, abs=0.001)


def test_a_seed_gives_the_same_masks_whatever_else_draws_numbers() -> None:
    first, second = layer(seed=5), layer(seed=5)
    x = torch.ones(64, 64)
    met = []
    for _ in range(3):
        torch.rand(7)
        met.append(first(x, "images"))
        second(x, "sounds")  # a pass of another task moves nothing
        assert torch.equal(second(x, "images"), met[-1])
    assert not torch.equal(met[0], met[1])
    assert not torch.equal(layer(seed=6)(x, "images"), met[0])
    assert not torch.equal(layer(seed=5)(x, "sounds"), met[0])


def test_rates_and_passes_go_on_from_a_state_dict() -> None:
    drop, x = layer(seed=5), torch.ones(32, 32)
    drop.set_rates({"images": 0.5})
    drop(x, "images")
    other = layer(seed=5)
    other.load_state_dict(copy.deepcopy(drop.state_dict()))
    assert torch.equal(other(x, "images"), drop(x, "images"))
    assert "images: 0.500" in repr(other)


def test_the_rates_move_with_the_model() -> None:
    moved = nn.Sequential(layer(seed=1)).to("meta")[0]
    assert {buffer.device.type for buffer in moved.buffers()} == {"meta"}
    assert layer().to("meta")(torch.ones(3, 4, device="meta"), "images").shape == (3, 4)


class Net(nn.Module):
    def __init__(self, **options: int) -> None:
        super().__init__()
        self.shared = nn.Linear(6, 12)
        self.drop = layer(**options)

    def forward(self, x: torch.Tensor, task: str) -> torch.Tensor:
        return self.drop(self.shared(x).relu(), task)


def test_other_rates_do_not_make_torch_compile_again() -> None:
    counter = CompileCounter()
    net = Net()
    compiled = torch.compile(net, backend=counter, fullgraph=True)
    x = torch.randn(4, 6)
    for rate in (0.1, 0.2, 0.3, 0.4):
        net.drop.set_rates(dict.fromkeys(TASKS, rate))
        for task in TASKS:
            compiled(x, task).sum().backward()
    assert counter.frame_count == len(TASKS)


def test_compiled_and_plain_give_the_same_stateless_masks() -> None:
    plain, compiled = Net(seed=2), Net(seed=2)
    compiled.load_state_dict(plain.state_dict())
    run = torch.compile(compiled, backend="aot_eager")
    x = torch.randn(4, 6)
    for _ in range(3):
        assert torch.equal(run(x, "images"), plain(x, "images"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdaptiveDropout([]), "at least one name"),
        (lambda: AdaptiveDropout(["a", "a"]), "none twice"),
        (lambda: AdaptiveDropout(["a"], p=1.0), r"p is 1.0.*\[0, 1\)"),
        (lambda: layer()(torch.ones(2), "smells"), "'smells'.*images, sounds"),
        (lambda: layer().set_rates({"images": -0.1}), "the rate of images is -0.1"),
    ],
)
def test_wrong_use_is_answered_with_what_to_do(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
