"""The loops behind `adsmtl.training.fused`, compiled by Numba when first called, and kept on disk.

Arrays are float32, or uint16 that holds the bits of bfloat16; arithmetic is float32, and what is
stored is rounded once, to the nearest even. `rows` are the numbers of the rows in their batch, as
a kernel may be given a part of a batch.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

from adsmtl.tasks import gates as of_torch

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)
_27, _30, _31, _32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
_ZERO, _ONE = np.float32(0), np.float32(1)
_HALF, _NAN = np.uint32(0x7FFF), np.uint16(0x7FC0)
# Random words drawn at once: eight elements each, so that they stay in the nearest cache.
_WORDS = 64
_LOG2_E, _ROUND = np.float32(of_torch.LOG2_E), np.float32(of_torch.ROUND)
_LN2_HIGH, _LN2_LOW = np.float32(of_torch.LN2_HIGH), np.float32(of_torch.LN2_LOW)
_P0, _P1, _P2, _P3, _P4, _P5 = (np.float32(value) for value in of_torch.POLYNOMIAL)
_ONE_BITS, _FRACTION_BITS = np.uint32(of_torch.ONE_BITS), np.uint32(of_torch.FRACTION_BITS)
_SIGMOID_END, _TANH_END = np.float32(of_torch.SIGMOID_END), np.float32(of_torch.TANH_END)
_TWO = np.float32(2)
# In place of the number of a window's largest element: no gradient passes.
BLOCKED = 4

# Dividing by zero as NumPy does costs no test of every divisor, which would keep loops scalar.
kernel = njit(nogil=True, cache=True, error_model="numpy")


def _read(stored):
    """The float32 value of an element."""
    raise NotImplementedError("compiled code only")


def _write(value, stored):
    """A float32 value as an element of the type of `stored`."""
    raise NotImplementedError("compiled code only")


@overload(_read)
def _(stored):
    if stored == types.uint16:
        return lambda stored: np.uint32(np.uint32(stored) << np.uint32(16)).view(np.float32)
    return lambda stored: stored


@overload(_write)
def _(value, stored):
    if stored != types.uint16:
        return lambda value, stored: value

    def rounded(value, stored):
        bits = np.float32(value).view(np.uint32)
        up = bits + _HALF + ((bits >> np.uint32(16)) & np.uint32(1))
        return np.uint16(up >> np.uint32(16)) if value == value else _NAN

    return rounded


@kernel
def _draw(key, row, first, words):
    """Random words `first`, ... of a row; see `adsmtl.rng` and `adsmtl.dropout.masks`."""
    for j in range(words.size):
        counter = (np.uint64(row) << _32) + np.uint64(first + j)
        word = key + counter * _GOLDEN
        word = (word ^ (word >> _30)) * _MULTIPLY_1
        word = (word ^ (word >> _27)) * _MULTIPLY_2
        words[j] = word ^ (word >> _31)


@kernel
def dropout(x, y, rows, key, threshold, scale, relu):
    """`y[n, width]` is `x`, rectified if `relu`, with units dropped and the others scaled."""
    words = np.empty(_WORDS, np.uint64)
    drawn = words.view(np.uint8)
    count, width = x.shape
    for row in range(count):
        for start in range(0, width, drawn.size):
            _draw(key, rows[row], start // 8, words)
            size = min(drawn.size, width - start)
            before, after = x[row, start : start + size], y[row, start : start + size]
            for i in range(size):
                value = _read(before[i])
                value = _ZERO if relu and value < _ZERO else value
                kept = _ONE if drawn[i] >= threshold else _ZERO
                after[i] = _write(value * scale * kept, after[i])


@kernel
def relu_dropout_backward(grad, y, out, scale):
    """Gradient where the output `y` is positive, scaled; all `[n, width]`."""
    count, width = grad.shape
    for row in range(count):
        above, after, below = grad[row], y[row], out[row]
        for i in range(width):
            value = _ZERO if _read(after[i]) <= _ZERO else _read(above[i])
            below[i] = _write(value * scale, below[i])


@kernel
def pool(x, y, chosen, rows, key, threshold, scale, drops):
    """Largest of every 2 x 2 window, rectified, and dropped and scaled if `drops`.

    Args:
        x: `[n, H, W, C]`.
        y: `[n, H // 2, W // 2, C]`.
        chosen: uint8 like `y`: which element of the window it was, the first of equals, or
            BLOCKED where no gradient passes the rectifier and the mask.
    """
    count, height, width, channels = y.shape
    words = np.empty(-(-height * width * channels // 8), np.uint64)
    drawn = words.view(np.uint8)
    for row in range(count):
        if drops:
            _draw(key, rows[row], 0, words)
        for i in range(height):
            for j in range(width):
                one, two = x[row, 2 * i, 2 * j], x[row, 2 * i, 2 * j + 1]
                three, four = x[row, 2 * i + 1, 2 * j], x[row, 2 * i + 1, 2 * j + 1]
                after, which = y[row, i, j], chosen[row, i, j]
                start = (i * width + j) * channels
                bytes_ = drawn[start : start + channels]
                for c in range(channels):
                    best, at = _read(one[c]), np.uint8(0)
                    best, at = _larger(best, at, _read(two[c]), np.uint8(1))
                    best, at = _larger(best, at, _read(three[c]), np.uint8(2))
                    best, at = _larger(best, at, _read(four[c]), np.uint8(3))
                    value = _ZERO if best < _ZERO else best
                    if drops:
                        kept = _ONE if bytes_[c] >= threshold else _ZERO
                        stored = _write(value * scale * kept, after[c])
                        blocked = _read(stored) <= _ZERO
                    else:
                        stored = _write(value, after[c])
                        blocked = not best >= _ZERO
                    after[c] = stored
                    which[c] = np.uint8(BLOCKED) if blocked else at


@kernel
def _larger(best, at, value, number):
    """The larger of two, the first of equals; a value that is no number is the largest."""
    if value > best or value != value:
        return value, number
    return best, at


@kernel
def pool_backward(grad, chosen, out, scale):
    """Gradient of `pool`: that of the output, scaled, at the chosen element, 0 elsewhere.

    Args:
        grad: `[n, H // 2, W // 2, C]`.
        out: `[n, H, W, C]`.
    """
    count, height, width, channels = grad.shape
    for row in range(count):
        for i in range(height):
            for j in range(width):
                above, which = grad[row, i, j], chosen[row, i, j]
                for number in range(4):
                    below = out[row, 2 * i + number // 2, 2 * j + number % 2]
                    for c in range(channels):
                        value = _write(_read(above[c]) * scale, below[c])
                        # As the library adds the gradient to 0: -0 becomes 0.
                        value = _read(value) + _ZERO if which[c] == number else _ZERO
                        below[c] = _write(value, below[c])
        out[row, 2 * height :] = _write(_ZERO, grad[0, 0, 0, 0])
        out[row, :, 2 * width :] = _write(_ZERO, grad[0, 0, 0, 0])


@kernel
def normalise(positions, out, images, mean, std):
    """Chosen images, less `mean`, over `std`.

    Args:
        positions: int64 `[n]`.
        out: `[n, width]`.
        images: uint8 `[N, width]`.
        mean, std: float32 `[width]`.
    """
    for row in range(positions.size):
        image, after = images[positions[row]], out[row]
        for i in range(mean.size):
            after[i] = _write((np.float32(image[i]) - mean[i]) / std[i], after[i])


@kernel
def _exp(x):
    """See `adsmtl.tasks.gates`, whose order of operations this keeps."""
    shifted = x * _LOG2_E + _ROUND
    n = shifted - _ROUND
    r = x - n * _LN2_HIGH - n * _LN2_LOW
    p = ((((r * _P0 + _P1) * r + _P2) * r + _P3) * r + _P4) * r + _P5
    bits = np.float32(shifted).view(np.uint32)
    power = np.uint32((bits << _FRACTION_BITS) + _ONE_BITS).view(np.float32)
    return (p * (r * r) + r + _ONE) * power


@kernel
def _within(x, end):
    """`x`, but no farther from 0 than `end`; a value that is no number stays one."""
    x = -end if x < -end else x
    return end if x > end else x


@kernel
def _sigmoid(x):
    """In place."""
    for j in range(x.size):
        x[j] = _ONE / (_exp(-_within(x[j], _SIGMOID_END)) + _ONE)


@kernel
def _tanh(x):
    """In place."""
    for j in range(x.size):
        e = _exp(_within(x[j], _TANH_END) * _TWO)
        x[j] = (e - _ONE) / (e + _ONE)


@kernel
def lstm_forward(t, projected, bias, recurrent, gates, c, squashed, before, last, lengths):
    """Step `t` of the forward pass; see `adsmtl.tasks.gates.States`."""
    _, replicas, batch, hidden = c.shape
    for r in range(replicas):
        for b in range(batch):
            now, own, shift, other = gates[t, r, b], projected[r, b, t], bias[r], recurrent[r, b]
            for j in range(4 * hidden):
                now[j] = _read(own[j]) + shift[j]
            if t > 0:
                for j in range(4 * hidden):
                    now[j] += _read(other[j])
            _sigmoid(now[: 2 * hidden])
            _tanh(now[2 * hidden : 3 * hidden])
            _sigmoid(now[3 * hidden :])
            cell, s, after = c[t, r, b], squashed[t, r, b], before[t + 1, r, b]
            for j in range(hidden):
                cell[j] = now[j] * now[2 * hidden + j]
            if t > 0:
                earlier = c[t - 1, r, b]
                for j in range(hidden):
                    cell[j] += now[hidden + j] * earlier[j]
            s[:] = cell
            _tanh(s)
            for j in range(hidden):
                after[j] = _write(now[3 * hidden + j] * s[j], after[j])
            if lengths[r, b] == t + 1:
                for j in range(hidden):
                    last[r, b, j] = now[3 * hidden + j] * s[j]


@kernel
def lstm_backward(t, gates, c, squashed, last, lengths, recurrent, d_c, d_bias, steps, rows):
    """Step `t` of the backward pass; see `adsmtl.tasks.gates.Gradients`."""
    count, replicas, batch, hidden = c.shape
    d_h, d_now = np.empty(hidden, np.float32), np.empty(4 * hidden, np.float32)
    for r in range(replicas):
        for b in range(batch):
            now, s, d_cell = gates[t, r, b], squashed[t, r, b], d_c[r, b]
            ends = lengths[r, b] == t + 1
            for j in range(hidden):
                d_h[j] = last[r, b, j] if ends else _ZERO
            if t + 1 < count:
                for j in range(hidden):
                    d_h[j] += _read(recurrent[r, b, j])
            i, f, g = now[:hidden], now[hidden : 2 * hidden], now[2 * hidden : 3 * hidden]
            o = now[3 * hidden :]
            for j in range(hidden):
                d_cell[j] += d_h[j] * o[j] * (_ONE - s[j] * s[j])
            for j in range(hidden):
                d_now[j] = d_cell[j] * g[j] * (i[j] - i[j] * i[j])
            if t > 0:
                earlier = c[t - 1, r, b]
                for j in range(hidden):
                    d_now[hidden + j] = d_cell[j] * earlier[j] * (f[j] - f[j] * f[j])
            else:
                d_now[hidden : 2 * hidden] = _ZERO
            for j in range(hidden):
                d_now[2 * hidden + j] = d_cell[j] * i[j] * (_ONE - g[j] * g[j])
            for j in range(hidden):
                d_now[3 * hidden + j] = d_h[j] * s[j] * (o[j] - o[j] * o[j])
            for j in range(hidden):
                d_cell[j] *= f[j]
            total, one, other = d_bias[r, b], steps[t, r, b], rows[r, b, t]
            for j in range(4 * hidden):
                total[j] += d_now[j]
            for j in range(4 * hidden):
                one[j] = _write(d_now[j], one[j])
            other[:] = one
