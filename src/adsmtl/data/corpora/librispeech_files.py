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
# Of what a header promises may be missing: encoders of MP3 count their padding differently.
_SHORTER = 0.01


class Recording(NamedTuple):
    """One utterance; `audio` is None where the file is missing."""

    name: str
    speaker: str
    text: str
    audio: Path | None


def recordings(root: Path, subset: str) -> list[Recording]:
    """All utterances of a subset below `root`, by name.

    Audio that no transcript names is an utterance with an empty text.

    Raises:
        UserError: there are none, an utterance has two audio files, or a transcript is missing,
            malformed or in a wrong folder; names the file, and its line where it has one.
    """
    found: dict[str, Recording] = {}
    for folder in sorted(own for own in root.rglob(f"{subset}/*/*") if own.is_dir()):
        audio = _audio(folder)
        speaker, path = _transcript(folder)
        for number, line in enumerate(_lines(path), start=1):
            name, _, text = line.strip().partition(" ")
            place = f"{path}, line {number}"
            if not name.startswith(path.name.removesuffix(_TRANSCRIPT) + "-") or not text:
                raise UserError(f"{place}: expected `<utterance> <words>`, found {line[:60]!r}")
            if name in found:
                raise UserError(f"{place}: {name} has a transcript already")
            found[name] = Recording(name, speaker, text, audio.pop(name, None))
        for name in audio.keys() - found.keys():
            found[name] = Recording(name, speaker, "", audio[name])
    if not found:
        raise UserError(f"{root} holds no utterances of LibriSpeech's {subset} ({_TRANSCRIPT})")
    return [found[name] for name in sorted(found)]


def _transcript(folder: Path) -> tuple[str, Path]:
    """The speaker of a chapter, a number, and the one file that says what was read."""
    speaker, chapter = folder.parts[-2:]
    path = folder / f"{speaker}-{chapter}{_TRANSCRIPT}"
    if not path.is_file():
        raise UserError(f"{path} is missing; get the archive again")
    if not speaker.isdecimal():
        raise UserError(f"{folder} should be <number of the speaker>/<chapter>")
    if others := sorted(own for own in folder.glob(f"*{_TRANSCRIPT}") if own != path):
        raise UserError(f"{others[0]} is in the folder of another chapter; delete it or move it")
    return speaker, path


def _audio(folder: Path) -> dict[str, Path]:
    """The audio files of a chapter by utterance: whatever is not text."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix != ".txt" and not path.name.startswith("."):
            if path.stem in found:
                raise UserError(f"{path} is there twice, also as {found[path.stem]}; delete one")
            found[path.stem] = path
    return found


def _lines(path: Path) -> list[str]:
    content = path.read_bytes()
    try:
        return content.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: not UTF-8 ({error.reason})") from error


def sexes(root: Path) -> dict[str, str]:
    """Speaker -> `f` or `m`, from SPEAKERS.TXT.

    Raises:
        UserError: the file is missing, a line is malformed, or a speaker has two.
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
        if fields[0] in result:
            raise UserError(f"{path}, line {number}: speaker {fields[0]} has a line already")
        result[fields[0]] = fields[1].lower()
    return result


def read_audio(path: Path | None) -> np.ndarray:
    """Samples float32 `[S]` at 16 kHz of any file that libsndfile reads.

    Raises:
        Unalignable: the file is missing, damaged, cut off, silent, not mono, or at another rate.
    """
    if path is None:
        raise Unalignable("no audio file")
    try:
        with soundfile.SoundFile(path) as sound:
            rate, promised = sound.samplerate, sound.frames
            samples = sound.read(dtype="float32")
    except (soundfile.LibsndfileError, OSError) as error:
        raise Unalignable("the audio cannot be read") from error
    if rate != features.SAMPLE_RATE:
        raise Unalignable(f"the audio has {rate} Hz, not 16,000")
    if samples.ndim != 1:
        raise Unalignable(f"the audio has {samples.shape[1]} channels")
    if len(samples) < promised * (1 - _SHORTER):
        raise Unalignable("the audio is cut off")
    if not np.isfinite(samples).all() or not samples.any():
        raise Unalignable("the audio is silent or has values that are no numbers")
    return samples
