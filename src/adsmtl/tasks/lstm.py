"""An LSTM of R replicas whose last real state is all that is wanted, with its own gradient.

All products that do not depend on the step before (the inputs' projection, and in the backward
pass the gradients of inputs and weights) are done once for the whole sequence; what is left per
step is one small product and the gates. That serves any number of replicas on any device, and
unlike a library's kernel needs no new plan for every length.
"""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx


def last_state(
    x: Tensor, lengths: Tensor, w_input: Tensor, w_hidden: Tensor, bias: Tensor
) -> Tensor:
    """State of an LSTM (Hochreiter and Schmidhuber 1997, with forget gate) after the last real
    step of every sequence. Gates are ordered i, f, g, o.

    Args:
        x: `[R, B, T, I]`; steps at or beyond an example's length are padding.
        lengths: int64 `[R, B]`, from 1 to T.
        w_input: `[R, 4H, I]`.
        w_hidden: `[R, 4H, H]`.
        bias: `[R, 4H]`.

    Returns:
        `[R, B, H]`, float32.
    """
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, w_input, w_hidden = x.to(dtype), w_input.to(dtype), w_hidden.to(dtype)
    return _LastState.apply(x, lengths, w_input, w_hidden, bias)


class _LastState(torch.autograd.Function):
    """Products take the precision of `x`; gates, states and their gradients are float32."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        x: Tensor,
        lengths: Tensor,
        w_input: Tensor,
        w_hidden: Tensor,
        bias: Tensor,
    ) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return _forward(ctx, x, lengths, w_input, w_hidden, bias)

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
        return _backward(ctx, grad)


def _matmul(a: Tensor, b: Tensor) -> Tensor:
    """Product per replica, `[R, n, k] @ [R, k, m]`; one replica is spared the batched kernel."""
    return torch.mm(a[0], b[0])[None] if a.shape[0] == 1 else torch.bmm(a, b)


def _forward(
    ctx: FunctionCtx, x: Tensor, lengths: Tensor, w_input: Tensor, w_hidden: Tensor, bias: Tensor
) -> Tensor:
    replicas, batch, steps, inputs = x.shape
    hidden = w_hidden.shape[-1]
    frames = x.transpose(1, 2).reshape(replicas, steps * batch, inputs)
    gates = _matmul(frames, w_input.transpose(1, 2)).float().add_(bias[:, None])
    gates = gates.view(replicas, steps, batch, 4 * hidden)
    h = gates.new_empty(replicas, steps, batch, hidden)
    c = torch.empty_like(h)
    recurrent = w_hidden.transpose(1, 2)
    for t in range(steps):
        now = gates[:, t]
        if t > 0:
            now += _matmul(h[:, t - 1].to(x.dtype), recurrent)
        now[..., : 2 * hidden].sigmoid_()
        now[..., 2 * hidden : 3 * hidden].tanh_()
        now[..., 3 * hidden :].sigmoid_()
        i, f, g, o = now.chunk(4, dim=-1)
        torch.mul(i, g, out=c[:, t])
        if t > 0:
            c[:, t].addcmul_(f, c[:, t - 1])
        torch.tanh(c[:, t], out=h[:, t])
        h[:, t].mul_(o)
    ctx.save_for_backward(frames, lengths, w_input, w_hidden, gates, h, c)
    last = (lengths - 1)[:, None, :, None].expand(-1, 1, -1, hidden)
    return h.gather(1, last).squeeze(1)


def _backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
    frames, lengths, w_input, w_hidden, gates, h, c = ctx.saved_tensors
    replicas, steps, batch, hidden = h.shape
    d_gates = torch.empty_like(gates)
    d_c = torch.zeros_like(grad, dtype=torch.float32)
    d_h = torch.zeros_like(d_c)
    for t in range(steps - 1, -1, -1):
        # The output is the state of step length - 1: its gradient enters there.
        d_h += grad * (lengths == t + 1)[..., None]
        i, f, g, o = gates[:, t].chunk(4, dim=-1)
        squashed = c[:, t].tanh()
        d_c.addcmul_(d_h * o, 1 - squashed * squashed)
        d_i, d_f, d_g, d_o = d_gates[:, t].chunk(4, dim=-1)
        torch.mul(d_c * g, i - i * i, out=d_i)
        torch.mul(d_c * i, 1 - g * g, out=d_g)
        torch.mul(d_h * squashed, o - o * o, out=d_o)
        if t > 0:
            torch.mul(d_c * c[:, t - 1], f - f * f, out=d_f)
            d_h = _matmul(d_gates[:, t].to(w_hidden.dtype), w_hidden).float()
            d_c.mul_(f)
        else:
            d_f.zero_()
    flat = d_gates.view(replicas, steps * batch, 4 * hidden).to(frames.dtype)
    d_x = d_input = d_hidden = d_bias = None
    if ctx.needs_input_grad[0]:
        d_x = _matmul(flat, w_input).view(replicas, steps, batch, -1).transpose(1, 2)
    if ctx.needs_input_grad[2]:
        d_input = _matmul(flat.transpose(1, 2), frames)
    if ctx.needs_input_grad[3]:
        before = h[:, :-1].flatten(1, 2).to(frames.dtype)
        d_hidden = _matmul(flat[:, batch:].transpose(1, 2), before)
    if ctx.needs_input_grad[4]:
        d_bias = d_gates.flatten(1, 2).sum(dim=1)
    return d_x, None, d_input, d_hidden, d_bias
