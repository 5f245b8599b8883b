"""From labelled utterances to arrays: what every speech data set shares."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from adsmtl.data.speech import features

#: `input` of every speech card.
INPUT: dict[str, Any] = {
    "shape": [3, features.BANDS],
    "dtype": "float32",
    "units": (
        "log-mel energies (25 ms window, 10 ms hop, 16 kHz), their deltas and delta-deltas, in "
        "standard deviations from the mean of the utterance"
    ),
}


class Segment(NamedTuple):
    """One phone, in samples at 16 kHz: `[start, end)`."""

    start: int
    end: int
    phone: str


@dataclass(frozen=True)
class Utterance:
    """Audio float `[S]` in [-1, 1] at 16 kHz with its phones in order."""

    speaker: str
    samples: np.ndarray
    segments: Sequence[Segment]


class Speech(NamedTuple):
    """Arrays of N segments, ready for `cards.write`."""

    blocks: list[np.ndarray]  # float32 [T + 6, 3, 40], one per utterance
    spans: np.ndarray  # int64 [N, 2]
    phones: np.ndarray  # class numbers, int64 [N]
    groups: np.ndarray  # speaker numbers, int64 [N]


def assemble(
    utterances: Iterable[Utterance], phones: Sequence[str], speakers: Sequence[str]
) -> Speech:
    """Features of all utterances and the span of each segment.

    Segments whose phone is not in `phones` are left out.
    """
    number = {phone: index for index, phone in enumerate(phones)}
    speaker_number = {speaker: index for index, speaker in enumerate(speakers)}
    blocks: list[np.ndarray] = []
    rows: list[tuple[int, int, int, int]] = []
    offset = 0
    with features.one_thread():
        for utterance in utterances:
            blocks.append(features.utterance(utterance.samples))
            rows.extend(_rows(utterance, number, speaker_number[utterance.speaker], offset))
            offset += len(blocks[-1])
    table = np.array(rows, np.int64)
    return Speech(blocks, table[:, :2], table[:, 2], table[:, 3])


def _rows(
    utterance: Utterance, number: dict[str, int], speaker: int, offset: int
) -> Iterator[tuple[int, int, int, int]]:
    for start, end, phone in utterance.segments:
        if phone in number:
            first, last = features.span(start, end, len(utterance.samples))
            yield offset + first, offset + last, number[phone], speaker
