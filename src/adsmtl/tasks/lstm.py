"""An LSTM of R replicas whose last real state is all that is wanted, with its own gradient.

All products that do not depend on the step before (the inputs' projection, and in the backward
pass the gradients of inputs and weights) are done once for the whole sequence; what is left per
step is one small product and the gates. That serves any number of replicas on any device, and
unlike a library's kernel needs no new plan for every length.
"""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from adsmtl.tasks.gates import TORCH, Gates, Gradients, States


def last_state(
    x: Tensor,
    lengths: Tensor,
    w_input: Tensor,
    w_hidden: Tensor,
    bias: Tensor,
    gates: Gates = TORCH,
) -> Tensor:
    """State of an LSTM (Hochreiter and Schmidhuber 1997, with forget gate) after the last real
    step of every sequence. Gates are ordered i, f, g, o.

    Args:
        x: `[R, B, T, I]`; steps at or beyond an example's length are padding.
        lengths: int64 `[R, B]`, from 1 to T.
        w_input: `[R, 4H, I]`.
        w_hidden: `[R, 4H, H]`.
        bias: `[R, 4H]`.
        gates: what computes them.

    Returns:
        `[R, B, H]`, float32.
    """
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, w_input, w_hidden = x.to(dtype), w_input.to(dtype), w_hidden.to(dtype)
    return _LastState.apply(x, lengths, w_input, w_hidden, bias, gates)


class _LastState(torch.autograd.Function):
    """Products take the precision of `x`; gates, cells and their gradients are float32."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        x: Tensor,
        lengths: Tensor,
        w_input: Tensor,
        w_hidden: Tensor,
        bias: Tensor,
        gates: Gates,
    ) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            states = _forward(x, lengths, w_input, w_hidden, bias, gates)
        ctx.gates = gates
        ctx.save_for_backward(
            *(x, lengths, w_input, w_hidden),
            *(states.gates, states.c, states.squashed, states.before),
        )
        return states.last

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
        return *_backward(ctx, grad), None


def _product(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """Product per replica, `[R, n, k] @ [R, k, m]`; one replica is spared the batched kernel."""
    if a.shape[0] > 1:
        return torch.bmm(a, b, out=out)
    return torch.mm(a[0], b[0], out=None if out is None else out[0])[None]


def _forward(
    x: Tensor, lengths: Tensor, w_input: Tensor, w_hidden: Tensor, bias: Tensor, gates: Gates
) -> States:
    replicas, batch, steps, _ = x.shape
    hidden = w_hidden.shape[-1]
    projected = _product(x.flatten(1, 2), w_input.transpose(1, 2))
    cells = bias.new_empty(2, steps, replicas, batch, hidden)
    states = States(
        projected=projected.view(replicas, batch, steps, 4 * hidden),
        bias=bias,
        recurrent=x.new_empty(replicas, batch, 4 * hidden),
        gates=bias.new_empty(steps, replicas, batch, 4 * hidden),
        c=cells[0],
        squashed=cells[1],
        before=x.new_empty(steps + 1, replicas, batch, hidden),
        last=bias.new_empty(replicas, batch, hidden),
        lengths=lengths,
    )
    states.before[0] = 0
    step, weight = gates.forward(states), w_hidden.transpose(1, 2)
    for t in range(steps):
        if t > 0:
            _product(states.before[t], weight, out=states.recurrent)
        step(t)
    return states


def _backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
    x, lengths, w_input, w_hidden, gates, c, squashed, before = ctx.saved_tensors
    steps, replicas, batch, hidden = c.shape
    d = Gradients(
        last=grad.contiguous(),
        lengths=lengths,
        recurrent=x.new_empty(replicas, batch, hidden),
        c=c.new_zeros(replicas, batch, hidden),
        bias=c.new_zeros(replicas, batch, 4 * hidden),
        steps=x.new_empty(steps, replicas, batch, 4 * hidden),
        rows=x.new_empty(replicas, batch, steps, 4 * hidden),
    )
    step = ctx.gates.backward(gates, c, squashed, d)
    for t in range(steps - 1, -1, -1):
        step(t)
        if t > 0:
            _product(d.steps[t], w_hidden, out=d.recurrent)
    rows = d.rows.flatten(1, 2)
    d_x = d_input = d_hidden = d_bias = None
    if ctx.needs_input_grad[0]:
        d_x = _product(rows, w_input).view_as(x)
    if ctx.needs_input_grad[2]:
        d_input = _product(rows.transpose(1, 2), x.flatten(1, 2))
    if ctx.needs_input_grad[3]:
        of_steps, states = (a.transpose(0, 1).flatten(1, 2) for a in (d.steps, before[:-1]))
        d_hidden = _product(of_steps.transpose(1, 2), states)
    if ctx.needs_input_grad[4]:
        d_bias = d.bias.sum(dim=1)
    return d_x, None, d_input, d_hidden, d_bias
