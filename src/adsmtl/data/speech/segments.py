"""From labelled utterances to arrays: what every speech data set shares."""

from array import array
from collections.abc import Iterable, Sequence
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
    index = Index(phones, speakers)
    blocks: list[np.ndarray] = []
    with features.one_thread():
        for utterance in utterances:
            blocks.append(features.utterance(utterance.samples))
            index.add(utterance.speaker, len(utterance.samples), utterance.segments)
    return Speech(blocks, *index.arrays())


class Index:
    """Where the segments of utterances lie among the frames of all of them.

    It needs no audio, so that the frames can be written later, one utterance after the other.

    Attributes:
        frames: of all utterances so far, context included.
    """

    def __init__(self, phones: Sequence[str], speakers: Sequence[str]) -> None:
        self._number = {phone: index for index, phone in enumerate(phones)}
        self._speaker = {speaker: index for index, speaker in enumerate(speakers)}
        self._rows = array("q")  # eight bytes a number: hours of speech have millions of segments
        self.frames = 0

    def add(self, speaker: str, samples: int, segments: Iterable[Segment]) -> None:
        """Append an utterance; segments whose phone is no class are left out."""
        for start, end, phone in segments:
            if phone in self._number:
                first, last = features.span(start, end, samples)
                own = (self._number[phone], self._speaker[speaker])
                self._rows.extend((self.frames + first, self.frames + last, *own))
        self.frames += 1 + samples // features.HOP + 2 * features.CONTEXT  # as `features.utterance`

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Spans int64 `[N, 2]`, phones and speakers int64 `[N]`."""
        table = np.frombuffer(self._rows, np.int64).reshape(-1, 4)
        return table[:, :2].copy(), table[:, 2].copy(), table[:, 3].copy()
