"""The phones of PocketSphinx's English dictionary: the 39 of CMUdict without stress, and silence.

They are written as in TIMIT, so that `phones` knows their manner, place and voicing.
"""

from adsmtl.data.speech import phones

#: Silence; TIMIT's symbol for a pause.
SILENCE = "pau"
#: What the aligner takes for noise, which is no class.
NOISE = "noise"

PHONES: tuple[str, ...] = (
    *("aa", "ae", "ah", "ao", "aw", "ay", "b", "ch", "d", "dh", "eh", "er", "ey"),
    *("f", "g", "hh", "ih", "iy", "jh", "k", "l", "m", "n", "ng", "ow", "oy", "p"),
    *("r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh"),
)

#: The 39 phones and silence, in alphabetical order; the index is the class.
CLASSES: tuple[str, ...] = tuple(sorted((*PHONES, SILENCE)))


def broad(phone: str) -> str:
    """The broad class on which the shift of a boundary depends.

    Manner of articulation, with plosives and fricatives told apart by voicing; affricates count as
    fricatives, /h/ as well.
    """
    if phone in (SILENCE, NOISE):
        return "silence"
    manner = phones.manner_of(phone)
    if manner in ("fricative", "affricate", "stop") or phone == "hh":
        kind = "stop" if manner == "stop" else "fricative"
        return f"{phones.voicing_of(phone)} {kind}"
    return manner
