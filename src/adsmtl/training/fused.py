"""`Elementwise` on a CPU, each in one pass over memory, to the bits of torch's own operations.

The random numbers, the rectifier, the scale and the mask of a site take one pass forward and one
backward, and max-pooling with them; so do the gates in a step of an LSTM. What it would not speed
up is left to torch: float64, rectifying alone, and the pooling of several replicas.
"""

import importlib.metadata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from adsmtl.tasks.gates import Gates, Gradients, States
from adsmtl.training import kernels
from adsmtl.training.elementwise import Dropped, Elementwise

POOL = 2
# Rows of fewer elements than this are not worth another thread.
ELEMENTS_PER_THREAD = 1 << 15


class Fused(Elementwise):
    """Numba's loops (`adsmtl.training.kernels`), each thread on a part of the batch."""

    def __init__(self, threads: int, images: torch.dtype) -> None:
        """
        Args:
            threads: that share a pass.
            images: precision of normalised images, that of the products that read them.
        """
        self.name = f"fused by numba {importlib.metadata.version('numba')}"
        self._images = images
        self._threads = _Threads(threads)
        self.gates = _Gates()

    def units(self, x: Tensor, relu: bool, pool: int, dropped: Dropped | None) -> Tensor:
        """See `Elementwise`."""
        if x.dtype in (torch.float32, torch.bfloat16):
            if pool == POOL and relu and x.shape[0] == 1:
                return _Pool.apply(x, dropped, self._threads)
            if pool == 1 and dropped is not None:
                return _Dropout.apply(x, relu, dropped, self._threads)
        return super().units(x, relu, pool, dropped)

    def normalised(self, images: Tensor, positions: Tensor, mean: Tensor, std: Tensor) -> Tensor:
        """See `Elementwise`."""
        _, height, width, _ = images.shape
        out = torch.empty((*positions.shape, *images.shape[1:]), dtype=self._images)
        self._threads.share(
            kernels.normalise,
            [_array(positions.flatten()), _array(out.flatten(0, 1).flatten(1))],
            _array(images.flatten(1)),
            *(_array(values.repeat(height * width)) for values in (mean, std)),
        )
        return out


class _Threads:
    """Shares the rows of a batch out among threads."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._others = ThreadPoolExecutor(count - 1) if count > 1 else None

    def share(self, kernel: Callable[..., None], arrays: Sequence[np.ndarray], *rest: Any) -> None:
        """Call `kernel(*arrays, *rest)` on parts of the arrays' first axis at the same time."""
        rows = len(arrays[0])
        work = max(array.size for array in arrays) // ELEMENTS_PER_THREAD
        count = max(1, min(self._count, rows, work))
        ends = [rows * number // count for number in range(count + 1)]
        first, *others = ([array[start:stop] for array in arrays] for start, stop in pairwise(ends))
        waiting = [self._others.submit(kernel, *part, *rest) for part in others]
        kernel(*first, *rest)
        for other in waiting:
            other.result()


class _Gates(Gates):
    """Of so few elements that one thread computes them."""

    def forward(self, states: States) -> Callable[[int], None]:
        """See `Gates`."""
        s = states
        before = (s.projected, s.bias, s.recurrent, s.gates, s.c, s.squashed, s.before, s.last)
        arrays = [_array(x) for x in (*before, s.lengths)]
        return lambda t: kernels.lstm_forward(t, *arrays)

    def backward(
        self, gates: Tensor, c: Tensor, squashed: Tensor, gradients: Gradients
    ) -> Callable[[int], None]:
        """See `Gates`."""
        d = gradients
        of_states = (gates, c, squashed, d.last, d.lengths)
        arrays = [_array(x) for x in (*of_states, d.recurrent, d.c, d.bias, d.steps, d.rows)]
        return lambda t: kernels.lstm_backward(t, *arrays)


def _array(x: Tensor) -> np.ndarray:
    """The same memory for NumPy, which has no bfloat16."""
    x = x.detach()
    return (x.view(torch.uint16) if x.dtype == torch.bfloat16 else x).numpy()


def _channels_last(x: Tensor) -> Tensor:
    """`[R, B, C, H, W]` as `[R, B, H, W, C]`; `[R, B, features]` as it is."""
    return x.permute(0, 1, 3, 4, 2) if x.dim() == 5 else x


def _rows(x: Tensor) -> Tensor:
    """`[R, B, width]`, channels fastest: the same memory where it lies that way, else a copy."""
    return _channels_last(x).flatten(2)


def _drawn(dropped: Dropped) -> list[tuple[np.uint64, np.uint8, np.float32]]:
    """Key, threshold and scale of every replica, as kernels take them."""
    return [
        (np.uint64(key % 2**64), np.uint8(threshold), np.float32(scale))
        for key, threshold, scale in zip(
            dropped.keys.tolist(),
            dropped.rates.threshold.tolist(),
            dropped.rates.scale.tolist(),
            strict=True,
        )
    ]


def _filled(y: Tensor, fill: Callable[[np.ndarray, int], None]) -> Tensor:
    """`y`, after `fill` has written the rows `[B, width]` of every replica."""
    rows = _rows(y)
    for replica, own in enumerate(rows):
        fill(_array(own), replica)
    if rows.data_ptr() != y.data_ptr():
        _channels_last(y).copy_(rows.view_as(_channels_last(y)))
    return y


def _dropped(x: Tensor, relu: bool, drawn: Sequence[tuple], threads: _Threads) -> Tensor:
    """`x` with units dropped, laid out as `x` is."""
    rows, numbers = _rows(x), np.arange(x.shape[1])
    return _filled(
        torch.empty_like(x),
        lambda y, r: threads.share(kernels.dropout, [_array(rows[r]), y, numbers], *drawn[r], relu),
    )


class _Dropout(torch.autograd.Function):
    """`masks.dropout` or `masks.relu_dropout`. No mask is kept: where the output is rectified it
    tells where the gradient passes, else the mask is drawn again."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, x: Tensor, relu: bool, dropped: Dropped, threads: _Threads
    ) -> Tensor:
        ctx.drawn, ctx.relu, ctx.threads = _drawn(dropped), relu, threads
        y = _dropped(x, relu, ctx.drawn, threads)
        ctx.save_for_backward(*[y] * relu)
        return y

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor, None, None, None]:
        if not ctx.relu:
            return _dropped(grad, False, ctx.drawn, ctx.threads), None, None, None
        above, outputs = _rows(grad), _rows(ctx.saved_tensors[0])
        below = _filled(
            torch.empty_like(grad),
            lambda out, r: ctx.threads.share(
                kernels.relu_dropout_backward,
                [_array(above[r]), _array(outputs[r]), out],
                ctx.drawn[r][2],
            ),
        )
        return below, None, None, None


class _Pool(torch.autograd.Function):
    """Pooling, rectifier and mask of one replica; a byte per window is kept for the gradient."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, dropped: Dropped | None, threads: _Threads) -> Tensor:
        (drawn,) = [_NOTHING] if dropped is None else _drawn(dropped)
        maps = _channels_last(x)[0].contiguous()
        count, height, width, channels = maps.shape
        y = x.new_empty(count, height // POOL, width // POOL, channels)
        chosen = torch.empty_like(y, dtype=torch.uint8)
        threads.share(
            kernels.pool,
            [_array(maps), _array(y), _array(chosen), np.arange(count)],
            *drawn,
            dropped is not None,
        )
        ctx.save_for_backward(chosen)
        ctx.scale, ctx.shape, ctx.threads = drawn[2], maps.shape, threads
        return y[None].permute(0, 1, 4, 2, 3)

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor, None, None]:
        above, below = _channels_last(grad)[0].contiguous(), grad.new_empty(ctx.shape)
        ctx.threads.share(
            kernels.pool_backward,
            [_array(above), _array(ctx.saved_tensors[0]), _array(below)],
            ctx.scale,
        )
        return below[None].permute(0, 1, 4, 2, 3), None, None


_NOTHING = (np.uint64(0), np.uint8(0), np.float32(1))
