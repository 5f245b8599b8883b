"""Log-mel features with three channels, and which frames belong to a segment.

Frame t of an utterance is a 25 ms Hann window centred on sample 160 t (10 ms hop at 16 kHz), so
S samples give 1 + S // 160 frames. A segment [start, end) owns the frames whose centre lies in it:
adjoining segments share no frame and leave none out. A segment too short to hold a centre gets the
one frame nearest to its middle.

`utterance` repeats the first and the last frame three times outwards, so that each segment can take
three frames of context on both sides; `span` counts in that padded numbering.

torch is loaded where it is used, because it takes seconds and who only looks for data needs none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

SAMPLE_RATE = 16_000
HOP = 160
WINDOW = 400
BANDS = 40
CONTEXT = 3

#: Added before the logarithm: the power that rounding to 16 bits puts into one spectral bin (a
#: twelfth of a squared step, times the window's energy of 150), so digital silence stays finite.
FLOOR = 1e-8


@cache
def _mel() -> Any:
    import torchaudio

    return torchaudio.transforms.MelSpectrogram(
        sample_rate=SAMPLE_RATE,
        # 512 points rather than 400: with bins 40 Hz apart the lowest bands would be empty
        n_fft=512,
        win_length=WINDOW,
        hop_length=HOP,
        f_min=20.0,
        f_max=SAMPLE_RATE / 2,
        n_mels=BANDS,
        pad_mode="constant",
    )


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Static, delta and delta-delta log-mel energies, mean 0 and variance 1 over the utterance.

    Args:
        samples: float `[S]` in [-1, 1] at 16 kHz.

    Returns:
        float32 `[1 + S // 160, 3, 40]`, normalised per channel and band; a constant band is 0
        to within 0.01.
    """
    import torch
    import torchaudio

    wave = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))
    static = torch.log(_mel()(wave) + FLOOR)
    delta = torchaudio.functional.compute_deltas(static)
    channels = torch.stack([static, delta, torchaudio.functional.compute_deltas(delta)])
    mean = channels.mean(dim=-1, keepdim=True)
    deviation = channels.std(dim=-1, keepdim=True, correction=0)
    # far below any real band's deviation, far above the rounding of a constant one
    normal = (channels - mean) / deviation.clamp_min(1e-3)
    return normal.permute(2, 0, 1).contiguous().numpy()


def resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    """Samples float32 `[S]` at `rate` per second, brought to 16 kHz."""
    import torch
    import torchaudio

    return torchaudio.functional.resample(torch.from_numpy(samples), rate, SAMPLE_RATE).numpy()


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread inside the block.

    The arrays are so small that more threads only wait for each other, and sums in a fixed order
    give the same bits on machines with other numbers of cores.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def utterance(samples: np.ndarray) -> np.ndarray:
    """`log_mel` with both edges repeated by `CONTEXT` frames: float32 `[T + 6, 3, 40]`."""
    return np.pad(log_mel(samples), ((CONTEXT, CONTEXT), (0, 0), (0, 0)), mode="edge")


def span(start: int, end: int, samples: int) -> tuple[int, int]:
    """Frames of the segment `[start, end)` in an utterance of `samples` samples, with context.

    Returns:
        First and last + 1 index into the padded frames of `utterance`; at least 1 + 2 * 3 frames.
    """
    # ceil: the first centre 160 t that is not before `start` (or `end`)
    first, last = -(-start // HOP), -(-end // HOP)
    if first == last:
        nearest = (start + end + HOP) // (2 * HOP)
        first = min(nearest, samples // HOP)
        last = first + 1
    return first, last + 2 * CONTEXT
