"""What an LSTM computes between the products of one step, forward and backward.

`Gates` does it in torch's own operations, on every device; `adsmtl.training.fused` does it on a CPU
in one pass over memory, to the same bits. So the two functions below are built on a CPU from sums,
products and quotients, which every compiler rounds alike, and not from a library's exponential.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# exp(x) = 2^n e^r with n the whole number next to x / ln 2. Adding ROUND leaves n in the last bits
# of a float32; ln 2 comes in two parts, of which the first times n is exact. The polynomial is that
# of the Cephes library (Moshier).
LOG2_E, ROUND = 1.44269504088896341, 12582912.0
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4
POLYNOMIAL = (
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
)
ONE_BITS, FRACTION_BITS = 0x3F800000, 23  # of float32
# Farther from 0 the functions are 0, 1 or -1 to float32, and 2^n stays finite.
SIGMOID_END, TANH_END = 87.0, 10.0


def _exp(x: Tensor) -> Tensor:
    """e^x of float32 between -88 and 88, to a relative 1e-7."""
    shifted = x * LOG2_E + ROUND
    n = shifted - ROUND
    r = x - n * LN2_HIGH - n * LN2_LOW
    p = r * POLYNOMIAL[0] + POLYNOMIAL[1]
    for coefficient in POLYNOMIAL[2:]:
        p = p * r + coefficient
    power = (shifted.view(torch.int32) << FRACTION_BITS) + ONE_BITS
    return (p * (r * r) + r + 1) * power.view(torch.float32)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e^-x) of float32, to an absolute 1e-7."""
    if x.device.type != "cpu":
        return x.sigmoid()
    return 1 / (_exp(-x.clamp(-SIGMOID_END, SIGMOID_END)) + 1)


def tanh(x: Tensor) -> Tensor:
    """(e^2x - 1) / (e^2x + 1) of float32, to an absolute 2e-7."""
    if x.device.type != "cpu":
        return x.tanh()
    e = _exp(x.clamp(-TANH_END, TANH_END) * 2)
    return (e - 1) / (e + 1)


@dataclass(frozen=True)
class States:
    """Memory of a forward pass over T steps; H hidden units, gates ordered i, f, g, o.

    `projected`, `recurrent` and `before` have the precision of the products, the rest is float32.

    Attributes:
        projected: the inputs' part of the gates, `[R, B, T, 4H]`.
        bias: `[R, 4H]`.
        recurrent: the hidden states' part of the gates in the step at hand, `[R, B, 4H]`.
        gates: `[T, R, B, 4H]`.
        c: cells, `[T, R, B, H]`.
        squashed: tanh of the cells, `[T, R, B, H]`.
        before: the state before each step and after the last, `[T + 1, R, B, H]`, first 0.
        last: the state after the last real step, `[R, B, H]`.
        lengths: real steps, int64 `[R, B]`.
    """

    projected: Tensor
    bias: Tensor
    recurrent: Tensor
    gates: Tensor
    c: Tensor
    squashed: Tensor
    before: Tensor
    last: Tensor
    lengths: Tensor


@dataclass(frozen=True)
class Gradients:
    """Memory of a backward pass; it uses `gates`, `c` and `squashed` of the forward pass too.

    `recurrent`, `steps` and `rows` have the precision of the products, the rest is float32.

    Attributes:
        last: of the state after the last real step, `[R, B, H]`.
        lengths: real steps, int64 `[R, B]`.
        recurrent: of the state after the step at hand, from the step after it, `[R, B, H]`;
            unused at the last step.
        c: of the cell after the step at hand, `[R, B, H]`, at first 0.
        bias: sum over steps, `[R, B, 4H]`, at first 0.
        steps: of the gates before their functions, `[T, R, B, 4H]`.
        rows: the same, laid out as the inputs are, `[R, B, T, 4H]`.
    """

    last: Tensor
    lengths: Tensor
    recurrent: Tensor
    c: Tensor
    bias: Tensor
    steps: Tensor
    rows: Tensor


class Gates:
    """Torch's own operations: the reference, and the fallback."""

    def forward(self, states: States) -> Callable[[int], None]:
        """What computes step t of the forward pass, from 0 up."""
        return lambda t: _forward(states, t)

    def backward(
        self, gates: Tensor, c: Tensor, squashed: Tensor, gradients: Gradients
    ) -> Callable[[int], None]:
        """What computes step t of the backward pass, from T - 1 down."""
        return lambda t: _backward(gates, c, squashed, gradients, t)


TORCH = Gates()


def _forward(s: States, t: int) -> None:
    hidden = s.c.shape[-1]
    z = s.projected[:, :, t].float() + s.bias[:, None]
    if t > 0:
        z += s.recurrent.float()
    now = s.gates[t]
    now.copy_(sigmoid(z))
    i, f, g, o = now.chunk(4, dim=-1)
    g.copy_(tanh(z[..., 2 * hidden : 3 * hidden]))
    s.c[t] = i * g
    if t > 0:
        s.c[t] += f * s.c[t - 1]
    s.squashed[t] = tanh(s.c[t])
    h = o * s.squashed[t]
    s.before[t + 1] = h
    s.last.copy_(torch.where((s.lengths == t + 1)[..., None], h, s.last))


def _backward(gates: Tensor, c: Tensor, squashed: Tensor, d: Gradients, t: int) -> None:
    i, f, g, o = gates[t].chunk(4, dim=-1)
    s = squashed[t]
    # The output is the state of step length - 1: its gradient enters there.
    d_h = torch.where((d.lengths == t + 1)[..., None], d.last, 0)
    if t + 1 < len(gates):
        d_h = d_h + d.recurrent.float()
    d.c.add_(d_h * o * (1 - s * s))
    d_i, d_g, d_o = d.c * g * (i - i * i), d.c * i * (1 - g * g), d_h * s * (o - o * o)
    d_f = d.c * c[t - 1] * (f - f * f) if t > 0 else torch.zeros_like(d_i)
    now = torch.cat([d_i, d_f, d_g, d_o], dim=-1)
    d.c.mul_(f)
    d.bias.add_(now)
    d.steps[t] = now
    d.rows[:, :, t] = d.steps[t]
