"""Read LibriSpeech's files: `LibriSpeech/<subset>/<speaker>/<chapter>/<utterance>.<suffix>`.

Transcripts are in `<speaker>-<chapter>.trans.txt` beside the audio, sexes in `SPEAKERS.TXT`.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from adsmtl.data.speech import features
from adsmtl.data.speech.aligner import Unalignable
from adsmtl.errors import UserError

_TRANSCRIPT = ".trans.txt"


class Recording(NamedTuple):
    """One utterance; `audio` is None where the file is missing."""

    name: str
    speaker: str
    text: str
    audio: Path | None


def recordings(root: Path, subset: str) -> list[Recording]:
    """All utterances of a subset below `root`, by name.

    Raises:
        UserError: there are none, or a transcript is malformed; names file and line.
    """
    found: dict[str, Recording] = {}
    for path in sorted(root.rglob(f"{subset}/*/*/*{_TRANSCRIPT}")):
        audio = {
            own.stem: own for own in path.parent.iterdir() if own.is_file() and own.suffix != ".txt"
        }
        speaker = path.name.partition("-")[0]
        for number, line in enumerate(_lines(path), start=1):
            name, _, text = line.strip().partition(" ")
            place = f"{path}, line {number}"
            if not name.startswith(path.name.removesuffix(_TRANSCRIPT) + "-") or not text:
                raise UserError(f"{place}: expected `<utterance> <words>`, found {line[:60]!r}")
            if name in found:
                raise UserError(f"{place}: {name} has a transcript already")
            found[name] = Recording(name, speaker, text, audio.get(name))
    if not found:
        raise UserError(f"{root} holds no utterances of LibriSpeech's {subset} ({_TRANSCRIPT})")
    return [found[name] for name in sorted(found)]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8: {error}; get the data again") from error


def sexes(root: Path) -> dict[str, str]:
    """Speaker -> `f` or `m`, from SPEAKERS.TXT.

    Raises:
        UserError: the file is missing or a line is malformed.
    """
    path = next(iter(sorted(root.rglob("SPEAKERS.TXT"))), None)
    if path is None:
        raise UserError(f"{root} holds no SPEAKERS.TXT; get the archive again")
    result = {}
    for number, line in enumerate(_lines(path), start=1):
        if line.startswith(";") or not line.strip():
            continue
        fields = [field.strip() for field in line.split("|")]
        if len(fields) < 3 or fields[1] not in ("F", "M"):
            raise UserError(f"{path}, line {number}: expected `<id> | F or M | …`: {line[:60]!r}")
        result[fields[0]] = fields[1].lower()
    return result


def read_audio(path: Path | None) -> np.ndarray:
    """Samples float32 `[S]` at 16 kHz of any file that libsndfile reads.

    Raises:
        Unalignable: the file is missing, damaged, silent, not mono, or at another rate.
    """
    if path is None:
        raise Unalignable("no audio file")
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.LibsndfileError, OSError) as error:
        raise Unalignable("the audio cannot be read") from error
    if rate != features.SAMPLE_RATE:
        raise Unalignable(f"the audio has {rate} Hz, not 16,000")
    if samples.ndim != 1:
        raise Unalignable(f"the audio has {samples.shape[1]} channels")
    if not np.isfinite(samples).all() or not samples.any():
        raise Unalignable("the audio is silent or has values that are no numbers")
    return samples
