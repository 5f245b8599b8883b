"""From labelled utterances to arrays: what every speech data set shares."""

import tempfile
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from adsmtl.data.speech import features

_COLUMNS = 4
_ROW = 8 * _COLUMNS  # bytes
_WAITING = 1 << 16  # numbers that are kept before they are written

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
    audio: dict[str, Any]  # of `Index.audio`


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
    return Speech(blocks, *index.arrays(), index.audio())


class Column:
    """Some columns of a table on disk, read as far as they are asked for.

    `column[start:stop]` gives int64 `[stop - start]`, or `[stop - start, 2]` of two columns.
    """

    def __init__(self, table: "Index", columns: int | slice, lookup: np.ndarray | None = None):
        self._table, self._columns, self._lookup = table, columns, lookup

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(len(self))
        values = self._table.rows(start, stop)[:, self._columns]
        return values if self._lookup is None else self._lookup[values]

    def through(self, lookup: np.ndarray) -> "Column":
        """This column of numbers, each replaced by the entry of `lookup` that it counts."""
        return Column(self._table, self._columns, lookup)


class Index:
    """Where the segments of utterances lie among the frames of all of them.

    It needs no audio, so that the frames can be written later, one utterance after the other. Its
    rows are in a temporary file: hours of speech have millions.

    Attributes:
        frames: of all utterances so far, context included.
        utterances: how many there are.
        spans, phones, groups: first and last + 1 frame, class and speaker of every segment.
    """

    def __init__(self, phones: Sequence[str], speakers: Sequence[str], folder: Path | None = None):
        """Begin with nothing.

        Args:
            phones: names of the classes.
            speakers: their names.
            folder: for the temporary file; where the system puts such files if None.
        """
        self._number = {phone: index for index, phone in enumerate(phones)}
        self._speaker = {speaker: index for index, speaker in enumerate(speakers)}
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115, it goes with the index
        self._waiting = array("q")
        self._samples = [0] * len(speakers)
        self.frames = self.utterances = self._length = 0
        self.spans, self.phones, self.groups = (
            Column(self, columns) for columns in (slice(0, 2), 2, 3)
        )

    def __len__(self) -> int:
        return self._length

    def add(self, speaker: str, samples: int, segments: Iterable[Segment]) -> None:
        """Append an utterance; segments whose phone is no class are left out."""
        own = self._speaker[speaker]
        for start, end, phone in segments:
            if phone in self._number:
                first, last = features.span(start, end, samples)
                row = (self.frames + first, self.frames + last, self._number[phone], own)
                self._waiting.extend(row)
                self._length += 1
        self.frames += 1 + samples // features.HOP + 2 * features.CONTEXT  # as `features.utterance`
        self.utterances += 1
        self._samples[own] += samples
        if len(self._waiting) >= _WAITING:
            self._flush()

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Segments `start` to `stop` as int64 `[stop - start, 4]`: span, phone, speaker."""
        self._flush()
        self._file.seek(start * _ROW)
        content = self._file.read((stop - start) * _ROW)
        return np.frombuffer(content, np.int64).reshape(-1, _COLUMNS)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Spans int64 `[N, 2]`, phones and speakers int64 `[N]`."""
        table = self.rows(0, len(self))
        return table[:, :2].copy(), table[:, 2].copy(), table[:, 3].copy()

    def audio(self) -> dict[str, Any]:
        """What a card says of the audio: utterances, and seconds by speaker."""
        seconds = [round(samples / features.SAMPLE_RATE, 3) for samples in self._samples]
        return {"utterances": self.utterances, "seconds": seconds}

    def _flush(self) -> None:
        if self._waiting:
            self._file.seek(0, 2)
            self._file.write(self._waiting.tobytes())
            del self._waiting[:]
