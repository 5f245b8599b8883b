"""Layers of R replicas equal R layers of the library, forward and backward."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from adsmtl.tasks import layers

# Equal sums in another order: float64 leaves no doubt about what is rounding.
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def made(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def agree(ours: Callable, theirs: Callable, *tensors: Tensor) -> None:
    """One call with a replica axis equals one call per replica: values and gradients."""
    found = ours(*tensors)
    expected = torch.stack([theirs(*(t[r] for t in tensors)) for r in range(len(tensors[0]))])
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, **CLOSE)
    upstream = torch.randn_like(expected)
    for one, other in zip(
        torch.autograd.grad(found, tensors, upstream),
        torch.autograd.grad(expected, tensors, upstream),
        strict=True,
    ):
        assert torch.allclose(one, other, **CLOSE)


@pytest.mark.parametrize("replicas", [1, 3])
def test_convolutions(replicas: int) -> None:
    agree(
        layers.conv2d,
        F.conv2d,
        made(replicas, 4, 3, 9, 7),
        made(replicas, 5, 3, 3, 3, seed=1),
        made(replicas, 5, seed=2),
    )


def test_a_convolution_of_channels_last_images_is_the_same() -> None:
    x = made(3, 4, 9, 7, 3).permute(0, 1, 4, 2, 3)
    weight, bias = made(3, 5, 3, 3, 3, seed=1), made(3, 5, seed=2)
    assert torch.allclose(
        layers.conv2d(x, weight, bias), layers.conv2d(x.contiguous(), weight, bias), **CLOSE
    )


@pytest.mark.parametrize("replicas", [1, 3])
def test_linear_maps(replicas: int) -> None:
    agree(
        layers.linear,
        F.linear,
        made(replicas, 4, 6),
        made(replicas, 5, 6, seed=1),
        made(replicas, 5, seed=2),
    )


@pytest.mark.parametrize("replicas", [1, 3])
def test_max_pooling_also_of_odd_sizes(replicas: int) -> None:
    agree(
        lambda x: layers.max_pool2d(x, 2), lambda x: F.max_pool2d(x, 2), made(replicas, 4, 3, 7, 6)
    )


def test_rectifying_after_pooling_equals_rectifying_before() -> None:
    before, after = made(2, 4, 3, 6, 6), made(2, 4, 3, 6, 6)
    expected = layers.max_pool2d(before.relu(), 2)
    found = layers.max_pool2d(after, 2).relu()
    assert torch.equal(found, expected)
    upstream = torch.randn_like(expected)
    expected.backward(upstream)
    found.backward(upstream)
    assert torch.equal(after.grad, before.grad)
    assert (before.grad != 0).any()


def test_features_are_flattened_channels_fastest() -> None:
    x = torch.arange(2 * 3 * 4).view(1, 1, 2, 3, 4)
    flat = layers.channels_last_features(x)[0, 0]
    for channel in range(2):
        for row in range(3):
            for column in range(4):
                assert flat[(row * 4 + column) * 2 + channel] == x[0, 0, channel, row, column]


def test_replicas_do_not_mix_even_where_one_is_not_finite() -> None:
    x, weight, bias = made(3, 4, 3, 6, 6), made(3, 5, 3, 3, 3, seed=1), made(3, 5, seed=2)
    flat, matrix = made(3, 4, 6, seed=3), made(3, 5, 6, seed=4)
    poisoned, broken = weight.detach().clone(), matrix.detach().clone()
    poisoned[1], broken[1] = torch.inf, torch.nan
    for found, expected in [
        (layers.conv2d(x, poisoned, bias), layers.conv2d(x, weight, bias)),
        (layers.linear(flat, broken, bias), layers.linear(flat, matrix, bias)),
    ]:
        assert not found[1].isfinite().all()
        assert torch.equal(found[[0, 2]], expected[[0, 2]])
