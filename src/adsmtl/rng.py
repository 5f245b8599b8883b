"""Counter-based random numbers: the same bits on every device, and no state to save.

A 64-bit word is the splitmix64 finaliser (Steele, Lea and Flood 2014) of a key plus a multiple
of the golden ratio. Keys are derived from what a number is for (seed, stream, task, site, step),
so runs of one seed share their numbers, and no run notices what is trained beside it.
"""

import hashlib

import torch
from torch import Tensor

_BITS = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MULTIPLY_1 = 0xBF58476D1CE4E5B9
_MULTIPLY_2 = 0x94D049BB133111EB


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def key(*parts: int | str) -> int:
    """A 64-bit key (as a signed integer, the way torch stores it) from names and numbers.

    The order of the parts counts: `key("a", 1) != key(1, "a")`.
    """
    state = 0
    for part in parts:
        if isinstance(part, str):
            part = int.from_bytes(hashlib.sha256(part.encode()).digest()[:8], "little")
        state = (state ^ (part & _BITS)) + _GOLDEN & _BITS
        state = (state ^ state >> 30) * _MULTIPLY_1 & _BITS
        state = (state ^ state >> 27) * _MULTIPLY_2 & _BITS
        state ^= state >> 31
    return _signed(state)


def _shift(value: Tensor, bits: int) -> Tensor:
    """Logical right shift; torch's own is arithmetic and would smear the sign."""
    return (value >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def mix(value: Tensor) -> Tensor:
    """The splitmix64 finaliser of an int64 tensor, element by element (a new tensor)."""
    value = value ^ _shift(value, 30)
    value.mul_(_signed(_MULTIPLY_1))
    value.bitwise_xor_(_shift(value, 27))
    value.mul_(_signed(_MULTIPLY_2))
    return value.bitwise_xor_(_shift(value, 31))


def words(keys: Tensor, counters: Tensor) -> Tensor:
    """Random 64-bit words, `mix(keys + counters * golden)`.

    Args:
        keys: int64, broadcast against `counters`.
        counters: int64; distinct counters under one key give independent-looking words.
    """
    return mix(keys + counters * _signed(_GOLDEN))


def permutations(keys: Tensor, n: int) -> Tensor:
    """One random order of `range(n)` per key.

    Args:
        keys: int64 `[R]`.

    Returns:
        int64 `[R, n]`; row r depends on `keys[r]` and `n` alone.
    """
    counters = torch.arange(n, device=keys.device)
    return words(keys[:, None], counters).argsort(dim=1, stable=True)
