"""Forced alignment with PocketSphinx and the English model that comes with it.

The first pass finds where the words are, which of their pronunciations is spoken and where speakers
pause; the second finds its phones. Windows of 18 ms every 5 ms replace the usual 25.6 ms
every 10 ms: the model was trained with the latter, but boundaries come out better. What the
aligner puts too early or too late is corrected by `boundaries`; docs/aligner.md says what it gains.
"""

import itertools
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from adsmtl.data.speech import arpabet, boundaries
from adsmtl.data.speech.features import SAMPLE_RATE
from adsmtl.data.speech.segments import Segment
from adsmtl.files import digest


class Analysis(NamedTuple):
    """How audio becomes frames."""

    frame_rate: int  # frames per second
    window_s: float  # length of the window in seconds


#: Where the search loses its way with one, the next is tried.
ANALYSES = (Analysis(200, 0.018), Analysis(100, 0.016))
#: What PocketSphinx does if not told otherwise.
USUAL = Analysis(100, 0.025625)
#: Digital silence put before and after the audio, in samples: the model wants some.
PADDINGS = (1600, 2400)


class Unalignable(Exception):
    """An utterance that cannot be aligned; the message is the reason."""


class Aligner:
    """Decoders with one dictionary; loading the model takes about a second."""

    def __init__(
        self,
        pronunciations: Mapping[str, str] | None = None,
        analyses: Sequence[Analysis] = ANALYSES,
    ) -> None:
        """Make the first decoder; others follow when they are needed.

        Args:
            pronunciations: of words that the dictionary lacks, phones with blanks between them.
            analyses: in the order in which they are tried.
        """
        self._pronunciations = dict(pronunciations or {})
        self._analyses = analyses
        self._decoders: dict[Analysis, Any] = {}

    def knows(self, word: str) -> bool:
        """Whether a word has a pronunciation."""
        return self._decoder(self._analyses[0]).lookup_word(word) is not None

    def align(self, samples: np.ndarray, words: Sequence[str]) -> list[Segment]:
        """The phones of an utterance as `raw` finds them, with their boundaries corrected."""
        return boundaries.refined(samples, self.raw(samples, words))

    def raw(self, samples: np.ndarray, words: Sequence[str]) -> list[Segment]:
        """The phones of an utterance as PocketSphinx finds them; neighbours share a boundary.

        Args:
            samples: float `[S]` in [-1, 1] at 16 kHz.
            words: as they are spoken, in lower case.

        Raises:
            Unalignable: a word has no pronunciation, or the words do not fit the audio.
        """
        if not words:
            raise Unalignable("no words")
        if unknown := [word for word in words if not self.knows(word)]:
            raise Unalignable(f"no pronunciation of {', '.join(dict.fromkeys(unknown))}")
        for padding, analysis in itertools.product(PADDINGS, self._analyses):
            pcm = (np.pad(samples, padding) * 32768).clip(-32768, 32767).astype(np.int16)
            try:
                text = self._text(words, analysis)
                phones = self._phones(pcm.tobytes(), text, analysis)
                return _segments(phones, padding, len(samples), len(words))
            except RuntimeError:  # the search ended before the words did
                continue
        raise Unalignable("the words do not fit the audio")

    def _decoder(self, analysis: Analysis) -> Any:
        if analysis not in self._decoders:
            import pocketsphinx

            decoder = pocketsphinx.Decoder(
                loglevel="FATAL", frate=analysis.frame_rate, wlen=analysis.window_s
            )
            for word, phones in self._pronunciations.items():
                decoder.add_word(word, phones, False)
            self._decoders[analysis] = decoder
        return self._decoders[analysis]

    def _text(self, words: Sequence[str], analysis: Analysis) -> str:
        """The words as the decoder is told them.

        The second pass finds no way where the first word is a single phone, as in "I see": such a
        word becomes one with the next.
        """
        decoder = self._decoder(analysis)
        first = _pronunciations(decoder, words[0])
        if len(words) < 2 or all(" " in own for own in first):
            return " ".join(words)
        joined = f"{words[0]}_{words[1]}"
        if decoder.lookup_word(joined) is None:
            ways = itertools.product(first, _pronunciations(decoder, words[1]))
            for number, way in enumerate(ways, start=1):
                decoder.add_word(
                    joined if number == 1 else f"{joined}({number})", " ".join(way), False
                )
        return " ".join([joined, *words[2:]])

    def _phones(self, pcm: bytes, text: str, analysis: Analysis) -> list[tuple[int, str]]:
        """First sample and name of every phone, silences beside each other as one."""
        decoder = self._decoder(analysis)
        hop = SAMPLE_RATE // analysis.frame_rate
        decoder.set_align_text(text)
        _decode(decoder, pcm)
        decoder.set_alignment()
        _decode(decoder, pcm)
        found: list[tuple[int, str]] = []
        for word in decoder.get_alignment():
            for phone in word:
                name = _name(phone.name)
                if not (found and found[-1][1] == name == arpabet.SILENCE):
                    found.append((phone.start * hop, name))
        return found


def _segments(
    phones: Sequence[tuple[int, str]], padding: int, length: int, words: int
) -> list[Segment]:
    """The phones as segments of the audio without its padding; RuntimeError if words lie there."""
    starts = [min(max(start - padding, 0), length) for start, _ in phones]
    starts[0] = 0
    segments = [
        Segment(start, end, name)
        for start, end, (_, name) in zip(starts, [*starts[1:], length], phones, strict=True)
        if start < end  # else it lies in the padding
    ]
    if sum(segment.phone in arpabet.PHONES for segment in segments) < words:
        raise RuntimeError("words lie outside the audio")
    return segments


def _decode(decoder: Any, pcm: bytes) -> None:
    """One pass. RuntimeError, with the utterance ended, where the search finds no way."""
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _pronunciations(decoder: Any, word: str) -> list[str]:
    """All pronunciations of a known word, phones with blanks between them."""
    found = [decoder.lookup_word(word)]
    while (more := decoder.lookup_word(f"{word}({len(found) + 1})")) is not None:
        found.append(more)
    return found


def _name(phone: str) -> str:
    if phone == "SIL":
        return arpabet.SILENCE
    return phone.lower() if phone.lower() in arpabet.PHONES else arpabet.NOISE


def state() -> str:
    """A digest of what decides an alignment beside audio and words."""
    return digest([version("pocketsphinx"), ANALYSES, PADDINGS, boundaries.constants()])[:12]
