"""The phone inventory of TIMIT, its coarser partitions, and where and how phones are articulated.

Sources: symbols and manner of articulation, TIMIT's own `phoncode.doc` (Garofolo et al. 1993);
the 39 classes, Lee and Hon, "Speaker-independent phone recognition using hidden Markov models",
IEEE Trans. ASSP 37(11), 1989; place and voicing, the chart of the International Phonetic
Association (2015), with the symbols of phoncode.doc as it describes them.
"""

#: Manner of articulation -> phones: the headings of phoncode.doc, with the closures of stops
#: (which it lists beside the stops) joined to the silences, because a closure is acoustically one.
MANNERS: dict[str, tuple[str, ...]] = {
    "vowel": (
        *("aa", "ae", "ah", "ao", "aw", "ax", "ax-h", "axr", "ay", "eh"),
        *("er", "ey", "ih", "ix", "iy", "ow", "oy", "uh", "uw", "ux"),
    ),
    "semivowel": ("el", "hh", "hv", "l", "r", "w", "y"),
    "nasal": ("em", "en", "eng", "m", "n", "ng", "nx"),
    "fricative": ("dh", "f", "s", "sh", "th", "v", "z", "zh"),
    "affricate": ("ch", "jh"),
    "stop": ("b", "d", "dx", "g", "k", "p", "q", "t"),
    "closure": ("bcl", "dcl", "epi", "gcl", "h#", "kcl", "pau", "pcl", "tcl"),
}

#: The 61 phones of the transcriptions, in alphabetical order; the index is the class.
PHONES: tuple[str, ...] = tuple(sorted(phone for group in MANNERS.values() for phone in group))

#: Not speech: around utterances, pauses, and what phoncode.doc calls epenthetic silence.
SILENCES = ("epi", "h#", "pau")

#: Place of articulation of consonants, and for vowels the part of the tongue that is raised. A
#: closure has the place of its stop. Without a place: silences, `w` (which has two) and the
#: diphthongs, whose tongue moves.
PLACES: dict[str, tuple[str, ...]] = {
    "labial": ("b", "bcl", "em", "f", "m", "p", "pcl", "v"),
    "dental": ("dh", "th"),
    "alveolar": (
        *("d", "dcl", "dx", "el", "en", "l", "n", "nx"),
        *("r", "s", "t", "tcl", "z"),
    ),
    "palatal": ("ch", "jh", "sh", "y", "zh"),
    "velar": ("eng", "g", "gcl", "k", "kcl", "ng"),
    "glottal": ("hh", "hv", "q"),
    "front": ("ae", "eh", "ih", "iy"),
    "central": ("ah", "ax", "ax-h", "axr", "er", "ix", "ux"),
    "back": ("aa", "ao", "uh", "uw"),
}

#: Phones without vibration of the vocal folds; all other phones but the silences have it.
VOICELESS = (
    *("ax-h", "ch", "f", "hh", "k", "kcl", "p", "pcl"),
    *("q", "s", "sh", "t", "tcl", "th"),
)

#: What Lee and Hon merge for scoring; every other phone but `q` stands for itself.
MERGED: dict[str, str] = {
    **dict.fromkeys(("bcl", "dcl", "gcl", "kcl", "pcl", "tcl", "epi", "pau", "h#"), "sil"),
    "ao": "aa",
    "ax": "ah",
    "ax-h": "ah",
    "axr": "er",
    "el": "l",
    "em": "m",
    "en": "n",
    "nx": "n",
    "eng": "ng",
    "hv": "hh",
    "ix": "ih",
    "ux": "uw",
    "zh": "sh",
}

#: The glottal stop has no class of its own among the 39 and is not scored.
UNSCORED = "q"


def fold39() -> tuple[list[str], list[int]]:
    """The 39 classes and, for each of `PHONES`, the index of its class (-1: not scored)."""
    folded = [None if phone == UNSCORED else MERGED.get(phone, phone) for phone in PHONES]
    classes = sorted({name for name in folded if name is not None})
    return classes, [-1 if name is None else classes.index(name) for name in folded]


def manner_of(phone: str) -> str:
    """Manner of articulation of one of `PHONES`."""
    return next(manner for manner, group in MANNERS.items() if phone in group)


def place_of(phone: str) -> str | None:
    """A key of `PLACES` for one of `PHONES`; None where it has none."""
    return next((place for place, group in PLACES.items() if phone in group), None)


def voicing_of(phone: str) -> str | None:
    """`voiced` or `voiceless` for one of `PHONES`; None for a silence."""
    if phone in SILENCES:
        return None
    return "voiceless" if phone in VOICELESS else "voiced"


def kind_of(phone: str) -> str | None:
    """`vowel` or `consonant` for one of `PHONES`; None for a silence.

    Syllabic consonants and glides are consonants, as in phoncode.doc.
    """
    if phone in SILENCES:
        return None
    return "vowel" if phone in MANNERS["vowel"] else "consonant"
