"""How words are pronounced that the aligner's dictionary lacks: espeak-ng says it.

The table below writes the phonemes of its American English voice as those of the dictionary. Run
as a program (`python -m adsmtl.data.speech.pronunciation <words.json> <out.json>`) it asks the
library in a process of its own, so that a fault in the C code ends that process.
"""

import ctypes
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from adsmtl import isolated
from adsmtl.errors import UserError

VOICE = "en-us"
TIME_LIMIT = 300  # seconds; 10,000 words take about two
_NO_SOUND, _INITIALIZE_DONT_EXIT, _CHARS_UTF8 = 2, 0x8000, 1
_SEPARATED = ord("_") << 8  # phonemes with "_" between them

#: Mnemonic of espeak-ng without stress -> phones. `;` (palatalised) and `@-` (hardly spoken) add
#: none; a vowel with r is two phones here.
PHONES: dict[str, str] = {
    **dict.fromkeys(("t", "t#", "t2", "?"), "T"),
    **dict.fromkeys(("I", "I2", "I#"), "IH"),
    **dict.fromkeys(("@", "@2", "V", "a#"), "AH"),
    **dict.fromkeys(("i", "i:"), "IY"),
    **dict.fromkeys(("u", "u:"), "UW"),
    **dict.fromkeys(("3", "3:"), "ER"),
    **dict.fromkeys(("a", "aa"), "AE"),
    **dict.fromkeys(("0", "A:"), "AA"),
    **dict.fromkeys(("O:", "O", "O2"), "AO"),
    **dict.fromkeys(("O@", "o@"), "AO R"),
    **dict.fromkeys(("r", "r-"), "R"),
    **dict.fromkeys((";", "@-"), ""),
    **{"@L": "AH L", "n-": "AH N", "A@": "AA R", "e@": "EH R", "U@": "UH R"},
    **{"i@": "IY AH", "i@3": "IH R", "aI@": "AY AH", "aI3": "AY ER"},
    **{"E": "EH", "eI": "EY", "aI": "AY", "oU": "OW", "aU": "AW", "OI": "OY", "U": "UH"},
    **{"tS": "CH", "dZ": "JH", "S": "SH", "Z": "ZH", "T": "TH", "D": "DH", "N": "NG"},
    **{"h": "HH", "j": "Y"},
    **{letter: letter.upper() for letter in "bdfgklmnpsvwz"},
}


def words_of(text: str) -> list[str]:
    """The words of a sentence, in the dictionary's spelling: lower case, without punctuation."""
    return re.findall(r"[a-z0-9']*[a-z0-9][a-z0-9']*", text.lower())


def pronounce(words: Iterable[str]) -> dict[str, str | None]:
    """Word -> its phones with blanks between them, or None where it has a sound without a phone.

    Raises:
        UserError: the library fails.
    """
    wanted = sorted(set(words))
    if not wanted:
        return {}
    with tempfile.TemporaryDirectory() as scratch:
        asked, out = Path(scratch) / "words.json", Path(scratch) / "phonemes.json"
        asked.write_text(json.dumps(wanted), encoding="utf-8")
        try:
            isolated.run(__name__, str(asked), str(out), limit_s=TIME_LIMIT)
        except isolated.NoAnswer as error:
            raise UserError(f"espeak-ng failed: {error}; reinstall espeakng-loader") from error
        found = json.loads(out.read_text(encoding="utf-8"))
    return {word: as_phones(mnemonics) for word, mnemonics in zip(wanted, found, strict=True)}


def as_phones(mnemonics: str) -> str | None:
    """Phones of `_`-separated mnemonics; None where one is unknown or nothing is left."""
    bare = [part.strip("',%=|") for part in mnemonics.split("_")]
    found = [PHONES.get(part) for part in bare if part]
    if None in found:
        return None
    return " ".join(filter(None, found)) or None


def main(asked: Path, out: Path) -> None:
    """Mnemonics of every word of a JSON list, as a JSON list."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = str(espeakng_loader.get_data_path()).encode()
    if library.espeak_Initialize(_NO_SOUND, 0, data, _INITIALIZE_DONT_EXIT) <= 0:
        raise RuntimeError(f"espeak-ng finds no voices in {data!r}")
    if library.espeak_SetVoiceByName(VOICE.encode()) != 0:
        raise RuntimeError(f"espeak-ng has no voice {VOICE}")
    speak = library.espeak_TextToPhonemes
    speak.restype = ctypes.c_char_p
    found = []
    for word in json.loads(asked.read_text(encoding="utf-8")):
        text = ctypes.c_char_p(word.encode())  # the library moves it on
        found.append(speak(ctypes.byref(text), _CHARS_UTF8, _SEPARATED).decode())
    out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
