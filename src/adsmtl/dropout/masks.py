"""Dropout masks from the counter-based generator, eight elements per random word.

A rate is used in steps of 1/256: an element is dropped when its random byte is below the
threshold round(256 p), and the others are scaled by exactly 256 / (256 - threshold), so the
expectation is kept for the rate that is really used. Element (row, offset) of an activation
draws byte offset % 8 of word `row << 32 | offset // 8`; offsets count channels fastest. Hence a
longer padding or another replica beside it changes no element's fate.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from adsmtl import rng

LEVELS = 256


@dataclass
class Rates:
    """Dropout rates of R replicas at one site, as the mask needs them.

    Attributes:
        threshold: uint8 `[R]`, bytes below it are dropped.
        scale: float32 `[R]`, LEVELS / (LEVELS - threshold).
        active: whether any replica drops anything.
    """

    threshold: Tensor
    scale: Tensor
    active: bool

    @staticmethod
    def quantised(rates: Tensor) -> "Rates":
        """The nearest multiples of 1/256 below 1 of float rates `[R]` in [0, 1)."""
        threshold = (rates * LEVELS).round().clamp(0, LEVELS - 1)
        scale = LEVELS / (LEVELS - threshold.float())
        return Rates(threshold.to(torch.uint8), scale, bool(threshold.any()))

    def set(self, rates: Tensor) -> None:
        """Take other rates `[R]`, in the same places of memory."""
        new = Rates.quantised(rates)
        self.threshold.copy_(new.threshold)
        self.scale.copy_(new.scale)
        self.active = new.active


def random_bytes(keys: Tensor, rows: int, width: int) -> Tensor:
    """Uniform random bytes.

    Args:
        keys: int64 `[R]`.

    Returns:
        uint8 `[R, rows, width]`.
    """
    row = torch.arange(rows, device=keys.device) << 32
    offset = torch.arange(-(-width // 8), device=keys.device)
    words = rng.words(keys[:, None, None], row[:, None] + offset)
    return words.view(torch.uint8)[..., :width]


def _per_replica(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.dim() - 1))


def keep_mask(keys: Tensor, rates: Rates, shape: torch.Size) -> Tensor:
    """Boolean mask of an activation: True where a unit stays.

    Args:
        keys: int64 `[R]`.
        shape: `[R, B, C, H, W]` (the mask is laid out channels-last) or `[R, B, features]`.
    """
    replicas, rows, *inner = shape
    if len(inner) == 3:
        inner = [inner[1], inner[2], inner[0]]
    drawn = random_bytes(keys, rows, torch.Size(inner).numel())
    mask = (drawn >= rates.threshold[:, None, None]).view(replicas, rows, *inner)
    return mask.permute(0, 1, 4, 2, 3) if len(inner) == 3 else mask


def _scaled(x: Tensor, scale: Tensor) -> Tensor:
    """`x` times the scale of its replica; of bf16 only the product is rounded, not the scale,
    or the expectation would be off by up to 0.4 %."""
    return x.mul(_per_replica(scale, x)).to(x.dtype)


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, mask: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(mask, scale)
        return _scaled(x, scale).mul_(mask)

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor, None, None]:
        mask, scale = ctx.saved_tensors
        return _scaled(grad, scale).mul_(mask), None, None


class _ReluDropout(torch.autograd.Function):
    """ReLU and dropout in one: the gradient passes exactly where the output is positive,
    so the output, which the next layer keeps anyway, is all that has to be stored."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, mask: Tensor, scale: Tensor) -> Tensor:
        y = _scaled(x.clamp_min(0), scale).mul_(mask)
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor, None, None]:
        y, scale = ctx.saved_tensors
        return _scaled(torch.ops.aten.threshold_backward(grad, y, 0), scale), None, None


def dropout(x: Tensor, mask: Tensor, scale: Tensor) -> Tensor:
    """`x` with dropped units at 0 and the others scaled, per replica (`x` is `[R, ...]`)."""
    return _Dropout.apply(x, mask, scale)


def relu_dropout(x: Tensor, mask: Tensor, scale: Tensor) -> Tensor:
    """`dropout(relu(x), mask, scale)` in fewer passes over memory."""
    return _ReluDropout.apply(x, mask, scale)
