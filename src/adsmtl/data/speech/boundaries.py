"""Boundaries between phones, corrected for what the aligner does systematically.

Two steps, both estimated on hand-labelled speech (the TIMIT sample; `adsmtl measure-aligner`
estimates them again, and docs/aligner.md shows what they gain on speakers that they have not seen):

1. A constant shift that depends on the broad classes of the two phones (Toledano et al.,
   "Automatic phonetic segmentation", IEEE Trans. SAP 11(6), 2003, correct the same error).
2. A move to where the spectrum changes most nearby: the maximum of
   `WEIGHT * change - (distance / SPREAD)^2 / 2`.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from adsmtl.data.speech.arpabet import broad
from adsmtl.data.speech.features import SAMPLE_RATE
from adsmtl.data.speech.segments import Segment
from adsmtl.data.speech.shifts import OTHERWISE, SHIFTS

STEP = 32  # samples, 2 ms
SIDE = 16  # steps on each side whose mean spectra are compared
SPREAD = 12.0  # ms
WEIGHT = 0.3
REACH = 20  # steps, 40 ms
SHORTEST = 80  # samples of a phone after the correction
PRIOR = 5  # boundaries of a pair that weigh as much as all others together


class Correction(NamedTuple):
    """How boundaries are corrected; shifts in ms, positive for later.

    A `weight` of 0 makes no move.
    """

    shifts: Mapping[tuple[str, str], float]
    otherwise: float
    spread: float = SPREAD
    weight: float = WEIGHT


ESTIMATED = Correction(SHIFTS, OTHERWISE)


def constants() -> list[Any]:
    """All numbers that decide the correction, JSON-able."""
    shifts = sorted([*pair, shift] for pair, shift in SHIFTS.items())
    return [shifts, OTHERWISE, SIDE, SPREAD, WEIGHT, REACH, SHORTEST]


def refined(
    samples: np.ndarray, segments: Sequence[Segment], correction: Correction = ESTIMATED
) -> list[Segment]:
    """The same phones with corrected boundaries; the first starts and the last ends as before.

    Args:
        samples: float `[S]` in [-1, 1] at 16 kHz.
        segments: in order, each starting where the one before ends.
    """
    if len(segments) < 2:
        return list(segments)
    change = spectral_change(samples) if correction.weight else None
    return corrected(segments, change, correction)


def corrected(
    segments: Sequence[Segment], change: np.ndarray | None, correction: Correction
) -> list[Segment]:
    """As `refined`, for audio whose `spectral_change` is known."""
    kinds = [broad(segment.phone) for segment in segments]
    per_ms = SAMPLE_RATE / 1000
    inner = [
        segment.start + per_ms * correction.shifts.get((left, right), correction.otherwise)
        for segment, left, right in zip(segments[1:], kinds, kinds[1:], strict=False)
    ]
    if change is not None and correction.weight:
        inner = [_moved(place, change, correction) for place in inner]
    return _ordered(segments, inner)


def spectral_change(samples: np.ndarray) -> np.ndarray:
    """How much the spectrum differs before and after every `STEP` samples, float `[1 + S // 32]`.

    The root mean square, over 40 mel bands, of the difference between mean log energies of `SIDE`
    steps (32 ms) on both sides.
    """
    import torch

    energies = torch.log(_mel()(torch.from_numpy(samples.astype(np.float32))) + 1e-7).numpy().T
    total = np.concatenate([np.zeros((1, energies.shape[1])), np.cumsum(energies, axis=0)])
    place = np.arange(len(energies))
    first, last = np.maximum(place - SIDE, 0), np.minimum(place + SIDE, len(energies))
    before = (total[place] - total[first]) / np.maximum(place - first, 1)[:, None]
    after = (total[last] - total[place]) / (last - place)[:, None]
    change = np.sqrt(((before - after) ** 2).mean(axis=1))
    change[0] = 0.0  # nothing comes before
    return change


def estimated(pairs: Sequence[tuple[str, str]], errors: np.ndarray) -> Correction:
    """Shifts without a move: the median error of each pair, drawn towards that of all.

    Args:
        pairs: broad classes on both sides of each boundary.
        errors: by how many ms each lies too early.
    """
    overall = float(np.median(errors))
    own: dict[tuple[str, str], list[float]] = {}
    for pair, error in zip(pairs, errors.tolist(), strict=True):
        own.setdefault(pair, []).append(error)
    shifts = {
        pair: (float(np.median(found)) * len(found) + overall * PRIOR) / (len(found) + PRIOR)
        for pair, found in own.items()
    }
    return Correction(shifts, overall, weight=0.0)


@cache
def _mel() -> Any:
    import torchaudio

    return torchaudio.transforms.MelSpectrogram(
        SAMPLE_RATE, n_fft=512, win_length=160, hop_length=STEP, n_mels=40, f_min=20.0, f_max=8000.0
    )


def _moved(place: float, change: np.ndarray, correction: Correction) -> float:
    centre = round(place / STEP)
    steps = np.arange(max(centre - REACH, 0), min(centre + REACH + 1, len(change)))
    if not len(steps):
        return place
    distance = (steps * STEP - place) / (SAMPLE_RATE / 1000)
    score = correction.weight * change[steps] - (distance / correction.spread) ** 2 / 2
    return float(steps[np.argmax(score)] * STEP)


def _ordered(segments: Sequence[Segment], inner: Sequence[float]) -> list[Segment]:
    """Segments with these boundaries, each at least `SHORTEST` long if there is room for all."""
    first, last = segments[0].start, segments[-1].end
    shortest = min(SHORTEST, (last - first) // len(segments))
    count = len(segments)
    places = [first]
    for number, place in enumerate(inner, start=1):
        latest = last - shortest * (count - number)
        places.append(min(max(round(place), places[-1] + shortest), latest))
    ends = [*places[1:], last]
    return [
        Segment(start, end, segment.phone)
        for start, end, segment in zip(places, ends, segments, strict=True)
    ]
