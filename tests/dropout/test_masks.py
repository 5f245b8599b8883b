"""Dropout masks: the rate asked for, unbiased, independent, and blind to neighbours."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from adsmtl import rng
from adsmtl.dropout import masks
from adsmtl.dropout.masks import Rates, dropout, keep_mask, relu_dropout


def keys(*seeds: int) -> Tensor:
    return torch.tensor([rng.key(seed, "masks") for seed in seeds])


def rates(*values: float) -> Rates:
    return Rates.quantised(torch.tensor(values))


def mask_of(rate: float, *shape: int, seed: int = 0) -> Tensor:
    return keep_mask(keys(seed), rates(rate), torch.Size((1, *shape)))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.2, 0.3, 0.5, 0.77, 0.9, 0.99])
def test_the_rate_used_is_within_half_a_step_of_the_rate_asked_for(rate: float) -> None:
    found = rates(rate)
    assert abs(int(found.threshold[0]) / 256 - rate) <= 0.5 / 256
    assert float(found.scale[0]) == pytest.approx(256 / (256 - int(found.threshold[0])), rel=1e-7)


def test_all_steps_of_1_over_256_are_told_apart() -> None:
    steps = torch.arange(256) / 256
    assert Rates.quantised(steps).threshold.tolist() == list(range(256))


def test_a_rate_next_to_1_keeps_one_unit_in_256() -> None:
    found = rates(0.9999)
    assert found.threshold.tolist() == [255]
    assert found.scale.tolist() == [256.0]
    mask = keep_mask(keys(0), found, torch.Size((1, 100, 1000)))
    assert abs(float(mask.float().mean()) * 256 - 1) < 4 * math.sqrt(256 / 100_000)


def test_rate_0_changes_nothing() -> None:
    mask = mask_of(0.0, 20, 33)
    assert mask.all()
    x = torch.randn(1, 20, 33, generator=torch.Generator().manual_seed(0))
    assert torch.equal(dropout(x, mask, rates(0.0).scale), x)
    assert torch.equal(relu_dropout(x, mask, rates(0.0).scale), x.relu())


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5, 0.9])
def test_the_share_of_dropped_units_is_the_rate_used(rate: float) -> None:
    n = 200 * 1000
    kept = int(mask_of(rate, 200, 1000).sum())
    used = round(rate * 256) / 256
    assert stats.binomtest(kept, n, 1 - used).pvalue > 1e-4


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.8])
def test_mean_and_variance_of_a_dropped_unit_are_those_of_inverted_dropout(rate: float) -> None:
    n, used = 400_000, round(rate * 256) / 256
    y = dropout(torch.full((1, 400, 1000), 2.0), mask_of(rate, 400, 1000), rates(rate).scale)
    variance = 4 * used / (1 - used)
    assert float(y.double().mean()) == pytest.approx(2, abs=4 * math.sqrt(variance / n))
    assert float(y.double().var()) == pytest.approx(variance, rel=0.03)


def test_each_replica_drops_at_its_own_rate() -> None:
    mask = keep_mask(keys(0, 1, 2), rates(0.0, 0.25, 0.75), torch.Size((3, 200, 500)))
    shares = mask.float().mean(dim=(1, 2))
    assert shares[0] == 1
    assert shares[1:].tolist() == pytest.approx([0.75, 0.25], abs=4 * math.sqrt(0.1875 / 1e5))
    x = torch.ones(3, 200, 500)
    y = dropout(x, mask, rates(0.0, 0.25, 0.75).scale)
    assert y.mean(dim=(1, 2)).tolist() == pytest.approx([1, 1, 1], abs=0.03)


def test_the_sum_of_dropped_units_is_distributed_as_with_torchs_own_dropout() -> None:
    used = 51 / 256
    x = torch.rand(1, 3000, 64, generator=torch.Generator().manual_seed(1))
    ours = dropout(x, mask_of(used, 3000, 64), rates(used).scale).sum(dim=2).flatten()
    torch.manual_seed(2)
    theirs = torch.nn.functional.dropout(x, used).sum(dim=2).flatten()
    assert stats.ks_2samp(ours.numpy(), theirs.numpy()).pvalue > 1e-3


def test_the_number_of_units_kept_in_a_row_is_binomial() -> None:
    kept = mask_of(0.25, 4000, 24).sum(dim=2).flatten().numpy()
    cells = [range(15), *([n] for n in range(15, 22)), range(22, 25)]
    found = [int(np.isin(kept, list(cell)).sum()) for cell in cells]
    expected = [4000 * stats.binom.pmf(list(cell), 24, 0.75).sum() for cell in cells]
    assert stats.chisquare(found, expected).pvalue > 1e-3


def agreement(one: Tensor, other: Tensor) -> float:
    """Share of units with the same fate, standardised for independent masks of rate 1/2."""
    same = (one == other).double().mean()
    return float((same - 0.5) * 2 * math.sqrt(one.numel()))


def test_seeds_sites_and_steps_drop_independently() -> None:
    def mask(seed: int, site: str, step: int) -> Tensor:
        site_key = torch.tensor([rng.key(seed, "dropout", "vision", site)])
        return keep_mask(
            rng.words(site_key, torch.tensor(step)), rates(0.5), torch.Size((1, 100, 1000))
        )

    reference = mask(0, "shared", 0)
    assert torch.equal(mask(0, "shared", 0), reference)
    for other in (mask(1, "shared", 0), mask(0, "hidden", 0), mask(0, "shared", 1)):
        assert abs(agreement(reference, other)) < 4
    assert abs(agreement(reference[:, :-1], reference[:, 1:])) < 4
    assert abs(agreement(reference[..., :-1], reference[..., 1:])) < 4


def test_units_dropped_at_a_lower_rate_are_dropped_at_a_higher_one_too() -> None:
    # Paired arms of one seed differ by as little as their rates do.
    low, high = mask_of(0.2, 50, 100), mask_of(0.3, 50, 100)
    assert (high <= low).all()
    assert (high != low).any()


@pytest.mark.parametrize("features", [1, 7, 8, 9, 128])
def test_more_features_or_rows_change_no_units_fate(features: int) -> None:
    small = mask_of(0.5, 6, features)
    large = mask_of(0.5, 9, features + 13)
    assert torch.equal(large[:, :6, :features], small)


def test_longer_padding_changes_no_units_fate() -> None:
    # [R, B, C, T, W]: padding makes T longer
    short = mask_of(0.5, 4, 5, 6, 3)
    long = mask_of(0.5, 7, 5, 11, 3)
    assert torch.equal(long[:, :4, :, :6], short)
    assert not torch.equal(long[:, :4, :, 5:11], short)


def test_a_replica_beside_changes_no_units_fate() -> None:
    shape = (4, 5, 6, 3)
    both = keep_mask(keys(3, 8), rates(0.3, 0.6), torch.Size((2, *shape)))
    for r, (seed, rate) in enumerate([(3, 0.3), (8, 0.6)]):
        assert torch.equal(both[r : r + 1], mask_of(rate, *shape, seed=seed))


def test_a_feature_map_lies_channels_last_and_has_the_fate_of_its_flat_layout() -> None:
    channels, height, width = 5, 4, 3
    mapped = mask_of(0.5, 6, channels, height, width)
    flat = mask_of(0.5, 6, channels * height * width)
    assert mapped.shape == (1, 6, channels, height, width)
    assert torch.equal(mapped.permute(0, 1, 3, 4, 2).flatten(2), flat)
    assert mapped[0].is_contiguous(memory_format=torch.channels_last)


def test_an_element_draws_the_byte_that_the_module_documents() -> None:
    drawn = masks.random_bytes(keys(5), rows=3, width=20)
    for row, offset in [(0, 0), (1, 7), (2, 8), (2, 19)]:
        word = int(rng.words(keys(5), torch.tensor([row << 32 | offset // 8])))
        assert int(drawn[0, row, offset]) == (word >> 8 * (offset % 8)) & 255


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor, Rates]:
    """Float64 inputs of two replicas, half of them negative, two of them 0."""
    x = torch.randn(2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    found = rates(0.3, 0.6)
    return x, keep_mask(keys(0, 1), found, x.shape), found


def test_the_gradient_of_dropout_is_right(inputs: tuple) -> None:
    x, mask, found = inputs
    torch.autograd.gradcheck(lambda v: dropout(v, mask, found.scale), x.requires_grad_())


def test_the_gradient_of_relu_and_dropout_is_right(inputs: tuple) -> None:
    x, mask, found = inputs
    assert (x < 0).any()
    torch.autograd.gradcheck(lambda v: relu_dropout(v, mask, found.scale), x.requires_grad_())


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.7])
def test_in_bf16_the_scale_is_not_rounded_and_the_product_once(rate: float) -> None:
    x = torch.full((1, 1, 2000), 1.0, dtype=torch.bfloat16)
    x[0, 0, 1000:] = 3.0
    found = rates(rate)
    exact = 256 / (256 - int(found.threshold[0]))
    upstream = torch.full_like(x, 5.0)
    for drop in (dropout, relu_dropout):
        leaf = x.clone().requires_grad_()
        y = drop(leaf, keep_mask(keys(0), found, x.shape), found.scale)
        y.backward(upstream)
        nearest = {torch.tensor(v * exact).bfloat16().item() for v in (1.0, 3.0)}
        assert set(y.flatten().tolist()) == {0.0, *nearest}
        assert set(leaf.grad.flatten().tolist()) == {0.0, torch.tensor(5 * exact).bfloat16().item()}


@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 5, 4, 3, 3)])
def test_relu_and_dropout_in_one_equals_one_after_the_other(shape: tuple) -> None:
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(shape, dtype=torch.float64, generator=generator)
    x[0, 0] = 0  # the subgradient there is 0, as torch's
    upstream = torch.randn(shape, dtype=torch.float64, generator=generator)
    found = rates(0.3, 0.0)
    mask = keep_mask(keys(0, 1), found, x.shape)
    scale = found.scale.double().view(2, *[1] * (len(shape) - 1))

    fused = x.clone().requires_grad_()
    y = relu_dropout(fused, mask, found.scale)
    y.backward(upstream)
    composed = x.clone().requires_grad_()
    expected = composed.relu() * mask * scale
    expected.backward(upstream)
    assert torch.allclose(y, expected, rtol=1e-12)
    assert torch.allclose(fused.grad, composed.grad, rtol=1e-12)
    assert (fused.grad[0][~mask[0] | (x[0] <= 0)] == 0).all()


def test_dropping_leaves_its_input_alone(inputs: tuple) -> None:
    x, mask, found = inputs
    before = x.clone()
    dropout(x, mask, found.scale)
    relu_dropout(x, mask, found.scale)
    assert torch.equal(x, before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_drops_the_same_units() -> None:
    shape = torch.Size((2, 30, 16, 7, 5))
    found = rates(0.3, 0.6)
    there = Rates(found.threshold.cuda(), found.scale.cuda())
    assert torch.equal(
        keep_mask(keys(0, 1).cuda(), there, shape).cpu(), keep_mask(keys(0, 1), found, shape)
    )
