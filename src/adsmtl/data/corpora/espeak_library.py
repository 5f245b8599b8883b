"""Speech with phone timings from the espeak-ng C library.

Run as a program (`python -m adsmtl.data.corpora.espeak_library <jobs.json> <out.npz>`) it speaks
texts in a process of its own, so that a fault in the C code ends that process, not the caller's.
The structures below mirror `espeak-ng/speak_lib.h` of espeak-ng 1.52.
"""

import ctypes
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

AUDIO_OUTPUT_SYNCHRONOUS = 2  # audio goes to the callback before the call returns
INITIALIZE_PHONEME_EVENTS = 0x0001
INITIALIZE_DONT_EXIT = 0x8000
CHARS_UTF8 = 1
POSITION_CHARACTER = 1
EVENT_LIST_TERMINATED = 0
EVENT_PHONEME = 7
SEED = 1


class _EventId(ctypes.Union):
    _fields_ = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    ]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Spoken(NamedTuple):
    """One text in one voice."""

    samples: np.ndarray  # int16 [S] at the library's own rate
    starts: np.ndarray  # first sample of each phone, int64 [P], ascending
    phones: list[str]  # mnemonics with their stress marks


class Synthesiser:
    """The library, which has one global state: make one instance per process."""

    def __init__(self, library: str, data: str) -> None:
        """Load `library` with the voices in `data`; RuntimeError if it refuses."""
        self._library = ctypes.CDLL(library)
        self.rate = self._library.espeak_Initialize(
            AUDIO_OUTPUT_SYNCHRONOUS,
            0,  # the library's default buffer length
            data.encode(),
            INITIALIZE_PHONEME_EVENTS | INITIALIZE_DONT_EXIT,
        )
        if self.rate <= 0:
            raise RuntimeError(f"espeak-ng finds no voices in {data}")
        self._audio: list[bytes] = []
        self._phones: list[tuple[int, str]] = []
        # held by the instance: ctypes keeps no reference of its own
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, voice: str, text: str) -> Spoken:
        """Say `text`; RuntimeError if the voice is unknown or nothing comes out."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"espeak-ng has no voice {voice}")
        # breath and flutter are random, by default seeded with the time of day
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))
        self._audio.clear()
        self._phones.clear()
        data = text.encode() + b"\0"
        status = self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data)), 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None
        )
        if status != 0 or not self._audio or not self._phones:
            raise RuntimeError(f"espeak-ng says nothing for {text!r} in {voice} (status {status})")
        samples = np.frombuffer(b"".join(self._audio), np.int16)
        starts = np.array([start for start, _ in self._phones], np.int64)
        return Spoken(samples, starts, [phone for _, phone in self._phones])

    def _receive(self, wave, count: int, events) -> int:
        if wave and count:
            self._audio.append(ctypes.string_at(wave, 2 * count))
        index = 0
        while events[index].type != EVENT_LIST_TERMINATED:
            if events[index].type == EVENT_PHONEME:
                phone = events[index].id.string.decode()
                self._phones.append((events[index].sample, phone))
            index += 1
        return 0


def main(jobs: Path, out: Path) -> None:
    """Speak the `[voice, text]` pairs of a JSON file; `<n>.samples`, … go to a .npz."""
    import espeakng_loader

    synthesiser = Synthesiser(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
    arrays: dict[str, np.ndarray] = {"rate": np.array(synthesiser.rate)}
    for number, (voice, text) in enumerate(json.loads(jobs.read_text(encoding="utf-8"))):
        spoken = synthesiser.speak(voice, text)._asdict()
        arrays |= {f"{number}.{name}": np.array(value) for name, value in spoken.items()}
    np.savez(out, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
