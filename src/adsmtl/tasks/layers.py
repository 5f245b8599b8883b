"""Layers of R independent replicas: every tensor carries a leading replica axis.

One replica takes the library's own kernel; several are computed together, as groups of one
convolution or as batched matrix products. Replicas never mix.
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
        return F.conv2d(x[0], weight[0], bias[0])[None]
    grouped = F.conv2d(
        x.transpose(0, 1).flatten(1, 2), weight.flatten(0, 1), bias.flatten(), groups=replicas
    )
    return grouped.view(batch, replicas, -1, *grouped.shape[2:]).transpose(0, 1)


def max_pool2d(x: Tensor, size: int) -> Tensor:
    """Max-pooling of `[R, B, C, H, W]` over windows of `size` x `size`."""
    if x.shape[0] == 1:
        return F.max_pool2d(x[0], size)[None]
    return F.max_pool2d(x.flatten(0, 1), size).unflatten(0, x.shape[:2])


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Affine map: x `[R, B, I]`, weight `[R, O, I]`, bias `[R, O]` to `[R, B, O]`."""
    if x.shape[0] == 1:
        return F.linear(x[0], weight[0], bias[0])[None]
    return torch.baddbmm(bias[:, None], x, weight.transpose(1, 2))


def channels_last_features(x: Tensor) -> Tensor:
    """Flatten `[R, B, C, H, W]` to `[R, B, H * W * C]`, channels fastest.

    Feature maps lie in memory that way, so this costs no copy.
    """
    return x.permute(0, 1, 3, 4, 2).flatten(2)


def lstm_last(
    x: Tensor, lengths: Tensor, w_input: Tensor, w_hidden: Tensor, bias: Tensor
) -> Tensor:
    """State of an LSTM (gates i, f, g, o) at the last real step of every sequence.

    Args:
        x: `[R, B, T, I]`; steps at or beyond an example's length are padding.
        lengths: int64 `[R, B]`, from 1 to T.
        w_input: `[R, 4H, I]`.
        w_hidden: `[R, 4H, H]`.
        bias: `[R, 4H]`.

    Returns:
        `[R, B, H]`.
    """
    replicas, batch, _, _ = x.shape
    hidden = w_hidden.shape[-1]
    if replicas == 1:
        zeros = x.new_zeros(1, batch, hidden)
        weights = [w_input[0], w_hidden[0], bias[0], torch.zeros_like(bias[0])]
        states = torch.lstm(
            x[0], (zeros, zeros), weights, True, 1, 0.0, x.requires_grad, False, True
        )[0][None]
    else:
        states = _lstm_states(x, w_input, w_hidden, bias)
    last = (lengths - 1)[..., None, None].expand(-1, -1, 1, hidden)
    return states.gather(2, last).squeeze(2)


def _lstm_states(x: Tensor, w_input: Tensor, w_hidden: Tensor, bias: Tensor) -> Tensor:
    """States `[R, B, T, H]`: one product over all steps for the inputs, then step by step."""
    replicas, batch, steps, _ = x.shape
    projected = torch.baddbmm(bias[:, None], x.flatten(1, 2), w_input.transpose(1, 2))
    projected = projected.view(replicas, batch, steps, -1)
    recurrent = w_hidden.transpose(1, 2)
    h = projected.new_zeros(replicas, batch, w_hidden.shape[-1])
    c = torch.zeros_like(h)
    states = []
    for step in range(steps):
        i, f, g, o = torch.baddbmm(projected[:, :, step], h, recurrent).chunk(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        states.append(h)
    return torch.stack(states, dim=2)
