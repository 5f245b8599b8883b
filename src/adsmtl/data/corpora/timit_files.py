"""Read TIMIT's files.

Layouts, in any letter case:
- sample: `timit/dr<N>-<speaker>/<sentence>.{wav,phn}`
- corpus: `{TRAIN,TEST}/DR<N>/<speaker>/<sentence>.{WAV,PHN}`, audio in NIST SPHERE files
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from adsmtl.data.speech import features, phones
from adsmtl.data.speech.segments import Segment
from adsmtl.errors import UserError

#: Labels are hand-set sample numbers; this far past the audio, or past the start of the next
#: segment, an end is rounding and no fault.
END_TOLERANCE = features.HOP


class Recording(NamedTuple):
    """One sentence of one speaker; `speaker` is `dr<N>-<initials>` in lower case."""

    part: str  # "train" or "test" in the corpus, "" in the sample
    speaker: str
    audio: Path
    labels: Path


def recordings(root: Path) -> list[Recording]:
    """All recordings below `root` but the SA sentences, by speaker and sentence.

    Raises:
        UserError: there are none, an audio file or its labels are missing, a recording is there
            twice, or a speaker is in two folders, and so perhaps in two parts of the split.
    """
    found: list[Recording] = []
    for path in sorted(root.rglob("*")):
        sentence = path.stem.lower()
        # .wav.wav: copies that some conversions of the corpus leave beside the SPHERE files
        if path.name.startswith(".") or sentence.startswith("sa") or sentence.endswith(".wav"):
            continue
        if path.suffix.lower() == ".wav":
            found.append(Recording(*_speaker(path), path, _partner(path, ".phn")))
        elif path.suffix.lower() == ".phn":
            _partner(path, ".wav")
    if not found:
        raise UserError(f"{root} holds no TIMIT recordings (.wav with .phn beside it)")
    _require_distinct(found)
    return sorted(found, key=lambda one: (one.speaker, one.audio.stem.lower()))


def _require_distinct(found: Sequence[Recording]) -> None:
    sentences: dict[tuple[str, str, str], Path] = {}
    speakers: dict[str, Recording] = {}
    for one in found:
        key = one.part, one.speaker, one.audio.stem.lower()
        if key in sentences:
            raise UserError(f"{one.audio} is there twice, also as {sentences[key]}; delete one")
        sentences[key] = one.audio
        own = speakers.setdefault(one.speaker.partition("-")[2], one)
        if (own.part, own.speaker) != (one.part, one.speaker):
            raise UserError(
                f"a speaker is in two folders, {own.audio.parent} and {one.audio.parent}; "
                "delete one, since speakers are kept apart in the split"
            )


def read_labels(path: Path, samples: int) -> list[Segment]:
    """The segments of a .phn file: lines of `<first sample> <last sample + 1> <phone>`.

    Args:
        path: the .phn file.
        samples: length of the audio, which no segment may exceed.

    Raises:
        UserError: names file and line.
    """
    segments: list[Segment] = []
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            continue
        place = f"{path}, line {number}"
        if len(fields) != 3 or not (fields[0].isdecimal() and fields[1].isdecimal()):
            raise UserError(f"{place}: expected `<start> <end> <phone>`, found {line!r}")
        start, end, phone = int(fields[0]), int(fields[1]), fields[2].lower()
        if phone not in phones.PHONES:
            raise UserError(f"{place}: {phone!r} is none of TIMIT's 61 phones")
        if start >= end or (segments and start <= segments[-1].start):
            raise UserError(f"{place}: segment {start} to {end} is empty or out of order")
        if segments and start < segments[-1].end - END_TOLERANCE:
            raise UserError(
                f"{place}: segment {start} to {end} overlaps the one before it, which ends at "
                f"{segments[-1].end}"
            )
        if end > samples + END_TOLERANCE or start >= samples:
            raise UserError(
                f"{place}: segment {start} to {end} ends after the audio ({samples} samples)"
            )
        segments.append(Segment(start, min(end, samples), phone))
    if not segments:
        raise UserError(f"{path} holds no phones")
    return segments


def read_audio(path: Path) -> np.ndarray:
    """Samples float32 `[S]` of a RIFF or SPHERE file, told apart by header, not by name.

    Raises:
        UserError: it is unreadable, empty, silent, not 16 kHz mono, or has values that are no
            numbers.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.LibsndfileError, OSError) as error:
        raise UserError(f"{path} cannot be read as audio: {error}") from error
    if rate != features.SAMPLE_RATE:
        raise UserError(f"{path}: expected audio at 16,000 Hz, found {rate:,} Hz")
    if samples.ndim != 1:
        raise UserError(f"{path}: expected mono audio, found {samples.shape[1]} channels")
    if not len(samples):
        raise UserError(f"{path} holds no audio; get the data again")
    if not np.isfinite(samples).all():
        raise UserError(f"{path} has samples that are no numbers; get the data again")
    if not samples.any():
        raise UserError(f"{path} is silent throughout; get the data again")
    return samples


def _speaker(path: Path) -> tuple[str, str]:
    """Part and speaker of a recording, from the names of its folders."""
    names = [name.lower() for name in path.parts[-4:-1]]
    if names[-1].startswith("dr") and "-" in names[-1]:
        return "", names[-1]
    if len(names) == 3 and names[0] in ("train", "test") and names[1].startswith("dr"):
        return names[0], f"{names[1]}-{names[2]}"
    raise UserError(f"{path} lies in no TIMIT layout (dr1-fabc0/ or TRAIN/DR1/FABC0/)")


def _partner(path: Path, suffix: str) -> Path:
    for name in (path.stem + suffix, path.stem + suffix.upper()):
        if (partner := path.with_name(name)).is_file():
            return partner
    raise UserError(f"{path} has no {suffix} file beside it; get the data again")
