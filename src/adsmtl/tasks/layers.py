"""Layers of R independent replicas: every tensor carries a leading replica axis.

One replica takes the library's own kernel; several are computed together, as groups of one
convolution or as batched matrix products. Replicas never mix. The axis of a single replica is
squeezed, not indexed: the gradient of indexing would write zeros and a copy.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def conv2d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Valid convolution of stride 1.

    Args:
        x: `[R, B, C, H, W]`.
        weight: `[R, O, C, k, k]`.
        bias: `[R, O]`.

    Returns:
        `[R, B, O, H - k + 1, W - k + 1]`.
    """
    replicas, batch = x.shape[:2]
    if replicas == 1:
        return F.conv2d(x.squeeze(0), weight.squeeze(0), bias.squeeze(0)).unsqueeze(0)
    grouped = F.conv2d(
        x.transpose(0, 1).flatten(1, 2), weight.flatten(0, 1), bias.flatten(), groups=replicas
    )
    return grouped.view(batch, replicas, -1, *grouped.shape[2:]).transpose(0, 1)


def max_pool2d(x: Tensor, size: int) -> Tensor:
    """Max-pooling of `[R, B, C, H, W]` over windows of `size` x `size`."""
    if x.shape[0] == 1:
        return F.max_pool2d(x.squeeze(0), size).unsqueeze(0)
    return F.max_pool2d(x.flatten(0, 1), size).unflatten(0, x.shape[:2])


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Affine map: x `[R, B, I]`, weight `[R, O, I]`, bias `[R, O]` to `[R, B, O]`."""
    if x.shape[0] == 1:
        return F.linear(x.squeeze(0), weight.squeeze(0), bias.squeeze(0)).unsqueeze(0)
    return torch.baddbmm(bias[:, None], x, weight.transpose(1, 2))


def channels_last_features(x: Tensor) -> Tensor:
    """Flatten `[R, B, C, H, W]` to `[R, B, H * W * C]`, channels fastest.

    Feature maps lie in memory that way, so this costs no copy.
    """
    return x.permute(0, 1, 3, 4, 2).flatten(2)
