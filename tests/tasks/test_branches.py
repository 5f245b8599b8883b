"""Branches: the listing's shapes and wiring, and what configuration may name."""

from collections.abc import Mapping

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from adsmtl.tasks import losses, registry
from adsmtl.tasks.base import Branch
from adsmtl.tasks.speech import LstmBranch
from adsmtl.tasks.vision import CnnBranch

CIFAR = (32, 30, 30)  # 3x32x32 after the shared 3x3 convolution
TIMIT = (32, -2, 38)  # 3 channels, any length, 40 bands


class Recorded:
    """A `Drop` that keeps every unit and notes where it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, x: Tensor, site: str, relu: bool, pool: int = 1) -> Tensor:
        self.asked.append((site, relu))
        x = x if pool == 1 else F.max_pool2d(x.flatten(0, 1), pool).unflatten(0, x.shape[:2])
        return x.relu() if relu else x


def values(branch: Branch, replicas: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(replicas, *parameter.shape, generator=generator) * 0.05
        for name, parameter in branch.parameters().items()
    }


def replica(params: Mapping[str, Tensor], r: int) -> dict[str, Tensor]:
    return {name: value[r] for name, value in params.items()}


def test_the_image_branch_has_the_listings_shapes() -> None:
    shapes = {name: p.shape for name, p in CnnBranch(CIFAR, 10).parameters().items()}
    assert shapes == {
        "conv.weight": (64, 32, 3, 3),
        "conv.bias": (64,),
        "hidden.weight": (128, 64 * 14 * 14),
        "hidden.bias": (128,),
        "output.weight": (10, 128),
        "output.bias": (10,),
    }


def test_the_speech_branch_has_the_listings_shapes() -> None:
    shapes = {name: p.shape for name, p in LstmBranch(TIMIT, 61).parameters().items()}
    assert shapes == {
        "lstm.input_weight": (512, 32 * 38),
        "lstm.hidden_weight": (512, 128),
        "lstm.bias": (512,),
        "output.weight": (61, 128),
        "output.bias": (61,),
    }


@pytest.mark.parametrize("branch", [CnnBranch(CIFAR, 10), LstmBranch(TIMIT, 61)])
def test_only_matrices_and_kernels_are_weights(branch: Branch) -> None:
    for name, parameter in branch.parameters().items():
        assert parameter.is_weight == name.endswith("weight")


def test_the_image_branch_computes_the_listings_network() -> None:
    branch = CnnBranch((32, 9, 8), 10)
    params = values(branch, 2)
    shared = torch.randn(2, 3, 32, 9, 8, generator=torch.Generator().manual_seed(1))
    drop = Recorded()
    found = branch.forward(params, shared, None, drop)
    assert drop.asked == [("conv", True), ("hidden", True)]
    assert tuple(site for site, _ in drop.asked) == branch.sites
    for r in range(2):
        own = replica(params, r)
        x = F.max_pool2d(F.conv2d(shared[r], own["conv.weight"], own["conv.bias"]).relu(), 2)
        x = F.linear(x.permute(0, 2, 3, 1).flatten(1), own["hidden.weight"], own["hidden.bias"])
        expected = F.linear(x.relu(), own["output.weight"], own["output.bias"])
        assert torch.allclose(found[r], expected, rtol=1e-4, atol=1e-5)


def test_the_speech_branch_reads_the_state_at_the_last_real_frame() -> None:
    branch = LstmBranch((4, -2, 6), 9)
    params = values(branch, 1)
    shared = torch.randn(1, 3, 4, 10, 6, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([[10, 3, 1]])
    drop = Recorded()
    found = branch.forward(params, shared, lengths, drop)
    assert drop.asked == [("lstm", False)]
    module = torch.nn.LSTM(24, 128, batch_first=True)
    own = replica(params, 0)
    weights = {
        "weight_ih_l0": own["lstm.input_weight"],
        "weight_hh_l0": own["lstm.hidden_weight"],
        "bias_ih_l0": own["lstm.bias"],
        "bias_hh_l0": torch.zeros(512),
    }
    for n, length in enumerate(lengths[0].tolist()):
        frames = shared[0, n, :, :length].permute(1, 2, 0).flatten(1)  # [T, bands * channels]
        _, (h, _) = torch.func.functional_call(module, weights, (frames[None],))
        expected = F.linear(h[0, 0], own["output.weight"], own["output.bias"])
        assert torch.allclose(found[0, n], expected, rtol=1e-4, atol=1e-5)


def test_the_speech_branch_refuses_images() -> None:
    branch = LstmBranch((4, -2, 6), 9)
    with pytest.raises(ValueError, match="lengths"):
        branch.forward(values(branch, 1), torch.zeros(1, 1, 4, 5, 6), None, Recorded())


def test_cross_entropy_is_that_of_each_example() -> None:
    logits = torch.tensor([[[0.0, 0.0], [2.0, 0.0]], [[0.0, 3.0], [1.0, 1.0]]])
    targets = torch.tensor([[0, 1], [1, 0]])
    log = torch.log
    expected = [
        [log(torch.tensor(2.0)), 2 + log(1 + torch.exp(torch.tensor(-2.0)))],
        [log(1 + torch.exp(torch.tensor(-3.0))), log(torch.tensor(2.0))],
    ]
    found = losses.cross_entropy(logits, targets)
    assert torch.allclose(found, torch.tensor(expected))
    assert losses.cross_entropy(logits.bfloat16(), targets).dtype == torch.float32


def test_accuracy_is_1_where_the_most_probable_class_is_the_target() -> None:
    logits = torch.tensor([[[0.0, 1.0, 0.5], [2.0, 0.0, 1.0]]])
    assert losses.accuracy(logits, torch.tensor([[1, 1]])).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("table", [registry.BRANCHES, registry.LOSSES, registry.METRICS])
def test_everything_that_configuration_may_name_exists(table: dict[str, str]) -> None:
    for name in table:
        assert callable(registry.load(table, name))
