"""LibriSpeech in small: a tree of synthesised speech, and how it is prepared."""

import io

import soundfile
from fakes import SOURCE, make_tar

from adsmtl.data.corpora import librispeech
from adsmtl.data.corpora.espeak import VOICES, synthesise
from adsmtl.data.dataset import Fetched
from adsmtl.data.prepared import load

TEXT = "Ruggedo hid a blue coat."  # a name that the dictionary lacks
NUMBERS = {voice: str(900 + 50 * number) for number, voice in enumerate(sorted(VOICES))}
SPEAKERS = ";ID |SEX| SUBSET |MINUTES| NAME\n" + "".join(
    f"{number:5}| {VOICES[voice][0].upper()} | dev-clean | 1.0 | {voice}\n"
    for voice, number in NUMBERS.items()
)
ROOT = "LibriSpeech"


def spoken_by_all():
    """Speaker -> the bytes of a FLAC file in which it says `TEXT`."""
    spoken = synthesise([(voice, TEXT) for voice in NUMBERS])
    return {
        number: flac(samples)
        for (samples, _, _), number in zip(spoken, NUMBERS.values(), strict=True)
    }


def flac(samples, rate=16_000, kind="FLAC"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind)
    return buffer.getvalue()


def files(voices, subset="dev-clean", shift=0):
    """One chapter of two utterances for each speaker, the second of them no audio."""
    members = {f"{ROOT}/SPEAKERS.TXT": SPEAKERS.encode()}
    for number, content in voices.items():
        name = f"{number}-7"
        folder = f"{ROOT}/{subset}/{number}/7"
        members[f"{folder}/{name}-0000.flac"] = content
        members[f"{folder}/{name}-0001.mp3"] = b"no audio"
        words = TEXT.upper().removesuffix(".")
        lines = f"{name}-0000 {words}\n{name}-0001 {words}\n{name}-0002 {words}\n"
        members[f"{folder}/{name}.trans.txt"] = lines.encode()
    return members


def prepare(tmp_path, *subsets, name="librispeech", processes=2):
    """Prepare data from (subset, members) pairs; every subset has a folder of its own."""
    fetched = {}
    for subset, members in subsets:
        (tmp_path / subset).mkdir(exist_ok=True)
        archive = make_tar(tmp_path / subset / f"{subset}.tar.gz", members)
        fetched[subset] = Fetched(archive, SOURCE)
    librispeech.prepare(fetched, tmp_path / name, processes)
    return load(tmp_path / name, verify=True)
