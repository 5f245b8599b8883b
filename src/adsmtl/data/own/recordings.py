"""Labelled recordings, whatever wrote them: who speaks, and what lies where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from adsmtl.data.speech import features
from adsmtl.data.speech.segments import Segment
from adsmtl.errors import UserError

#: Labels may overlap by this much, and end this much after the audio: that is rounding.
TOLERANCE_S = features.HOP / features.SAMPLE_RATE


class Mark(NamedTuple):
    """A labelled stretch; `number` is that of its line, row or interval."""

    start: float
    end: float
    label: str
    number: int


@dataclass
class Recording:
    """A sound file with its labels.

    Attributes:
        audio: the file.
        labels: the file that holds the labels.
        unit: what the number of a mark counts there: `line`, `row` or `interval`.
        samples: whether times are samples of the file, not seconds.
        part: of a split, None where that is drawn.
    """

    audio: Path
    labels: Path
    unit: str
    speaker: str
    samples: bool = False
    part: int | None = None
    marks: list[Mark] = field(default_factory=list)

    def place(self, number: int) -> str:
        """How messages call a mark."""
        return f"{self.labels}, {self.unit} {number}"


def mark(start: str, end: str, label: str, number: int, place: str) -> Mark:
    """A mark from the texts of a table.

    Raises:
        UserError: the times are no numbers, negative, or out of order; names `place`.
    """
    times = []
    for name, text in (("start", start), ("end", end)):
        try:
            value = float(text)
        except ValueError as error:
            raise UserError(f"{place}: {name} is {text!r}, which is no number") from error
        if not isfinite(value):
            raise UserError(f"{place}: {name} is {text}; give a finite number")
        if value < 0:
            raise UserError(f"{place}: {name} is {text}, before the audio begins")
        times.append(value)
    if times[0] >= times[1]:
        raise UserError(f"{place}: the segment ends at {end}, not after its start at {start}")
    return Mark(*times, label, number)


def segments(recording: Recording, rate: int, length: int, last: int) -> Iterator[Segment]:
    """The marks of a recording in order, in samples at 16 kHz.

    Args:
        rate, length: samples a second of its file, and in all.
        last: samples in all at 16 kHz.

    Raises:
        UserError: two overlap or are the same, or one ends after the audio; names both lines.
    """
    scale = 1 / rate if recording.samples else 1.0
    total = length / rate
    before: Mark | None = None
    for own in sorted(recording.marks, key=lambda one: (one.start, one.end, one.number)):
        place = recording.place(own.number)
        start, end = own.start * scale, own.end * scale
        if before is not None and before[:3] == own[:3]:
            raise UserError(f"{place} repeats {recording.unit} {before.number}; delete one")
        if before is not None and start < before.end * scale - TOLERANCE_S:
            raise UserError(f"{place} overlaps {recording.unit} {before.number}; one label a time")
        if end > total + TOLERANCE_S or start >= total:
            raise UserError(
                f"{place}: the segment ends at {end:.3f} s, but {recording.audio.name} is"
                f" {total:.3f} s long"
            )
        first = round(start * features.SAMPLE_RATE)
        stop = min(round(end * features.SAMPLE_RATE), last)
        if first >= stop:
            raise UserError(f"{place}: the segment is shorter than a sample at 16 kHz")
        yield Segment(first, stop, own.label)
        before = own


def one_speaker(recordings: Sequence[Recording]) -> dict[str, Recording]:
    """The first recording of every speaker.

    Raises:
        UserError: a speaker is in two parts of a split; names both places.
    """
    first: dict[str, Recording] = {}
    for own in recordings:
        known = first.setdefault(own.speaker, own)
        if known.part != own.part:
            raise UserError(
                f"speaker {own.speaker!r} is in two parts of the split:"
                f" {known.place(known.marks[0].number)} and {own.place(own.marks[0].number)}; a"
                " speaker who is tested may not train"
            )
    return first
