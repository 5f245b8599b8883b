"""How well an alignment agrees with hand labels, boundary by boundary.

Hand labels of TIMIT are brought to what an aligner can find: a closure and its release are one
phone, neighbouring silences are one, and the other symbols are folded to 39 classes.

- nearest: from a boundary to the nearest hand boundary, of whatever phones. It flatters.
- own: from where a phone starts to where its counterpart starts. Counterparts come from the edit
  distance between the two sequences of phones; a vowel may stand for another, because speakers
  reduce vowels and dictionaries do not. A phone without a counterpart counts as missed.
- same: the same, but only where the counterpart is of the same class.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from adsmtl.data.speech import arpabet, phones
from adsmtl.data.speech.features import SAMPLE_RATE
from adsmtl.data.speech.segments import Segment

PER_MS = SAMPLE_RATE / 1000
TOLERANCES = (10, 20, 50)  # ms
#: Phones that the flap of the hand labels stands for.
_FLAPPED = {"dx", "t", "d"}
_RELEASED = {"bcl": ("b",), "gcl": ("g",), "kcl": ("k",), "pcl": ("p",)} | {
    "dcl": ("d", "jh"),
    "tcl": ("t", "ch"),
}
_SILENT = (*phones.SILENCES, arpabet.NOISE)
_ALONE = 0.8  # cost of a phone without a counterpart


class Boundary(NamedTuple):
    """One boundary between two aligned phones; errors in ms, positive where it lies too early."""

    pair: tuple[str, str]  # broad classes on both sides
    nearest: float
    own: float  # NaN without a counterpart
    same: bool  # whether the counterpart is of the same class


def folded(segments: Sequence[Segment]) -> list[Segment]:
    """Phones in the 39 classes and `q`, with those joined that an aligner cannot tell apart."""
    joined: list[Segment] = []
    for segment in segments:
        before = joined[-1].phone if joined else ""
        if segment.phone in _RELEASED.get(before, ()):
            joined[-1] = Segment(joined[-1].start, segment.end, segment.phone)
        elif before in _SILENT and segment.phone in _SILENT:
            joined[-1] = joined[-1]._replace(end=segment.end)
        else:
            joined.append(segment)
    return [segment._replace(phone=_class(segment.phone)) for segment in joined]


def _class(phone: str) -> str:
    if phone in _RELEASED:  # a closure without a release is the plosive all the same
        return _RELEASED[phone][0]
    return "sil" if phone in _SILENT else phones.MERGED.get(phone, phone)


def boundaries_of(aligned: Sequence[Segment], by_hand: Sequence[Segment]) -> list[Boundary]:
    """Every boundary of `aligned`, measured against hand labels of the same audio."""
    ours, theirs = folded(aligned), folded(by_hand)
    partner = dict(counterparts(ours, theirs))
    places = np.array([segment.start for segment in by_hand[1:]])
    kinds = [arpabet.broad(segment.phone) for segment in aligned]
    # folding joins silences alone, which the aligner has joined already, or noise beside them
    number = {segment.start: index for index, segment in enumerate(ours)}
    found = []
    for index in range(1, len(aligned)):
        start = aligned[index].start
        own, same = float("nan"), False
        mate = partner.get(number.get(start, -1))
        if mate is not None and mate > 0:
            own = (theirs[mate].start - start) / PER_MS
            same = _alike(ours[number[start]].phone, theirs[mate].phone)
        near = places[np.argmin(np.abs(places - start))]
        pair = kinds[index - 1], kinds[index]
        found.append(Boundary(pair, (near - start) / PER_MS, own, same))
    return found


def counterparts(ours: Sequence[Segment], theirs: Sequence[Segment]) -> list[tuple[int, int]]:
    """Index pairs of phones that stand for each other, by edit distance.

    Exchanging like for like is free, a vowel for a vowel costs 0.4, other exchanges 1 to 3; to
    leave a phone alone costs 0.8. Distance in time is added, 1 for every second.
    """
    rows, columns = len(ours), len(theirs)
    cost = np.zeros((rows + 1, columns + 1))
    cost[:, 0], cost[0, :] = _ALONE * np.arange(rows + 1), _ALONE * np.arange(columns + 1)
    step = np.zeros((rows + 1, columns + 1), int)
    step[1:, 0], step[0, 1:] = 1, 2
    for i, a in enumerate(ours, start=1):
        for j, b in enumerate(theirs, start=1):
            apart = (abs(a.start - b.start) + abs(a.end - b.end)) / SAMPLE_RATE
            ways = (
                cost[i - 1, j - 1] + _exchange(a.phone, b.phone) + min(apart, 1.0),
                cost[i - 1, j] + _ALONE,
                cost[i, j - 1] + _ALONE,
            )
            step[i, j] = int(np.argmin(ways))
            cost[i, j] = ways[step[i, j]]
    pairs, i, j = [], rows, columns
    while i or j:
        if step[i, j] == 0:
            i, j = i - 1, j - 1
            if _exchange(ours[i].phone, theirs[j].phone) < 1:
                pairs.append((i, j))
        elif step[i, j] == 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _alike(one: str, other: str) -> bool:
    return one == other or {one, other} <= _FLAPPED


def _exchange(one: str, other: str) -> float:
    if _alike(one, other):
        return 0.0
    if (one == "sil") != (other == "sil"):
        return 3.0
    vowels = [phone in phones.MANNERS["vowel"] for phone in (one, other)]
    if all(vowels):
        return 0.4
    return 1.5 if any(vowels) else 1.0


def right_time(aligned: Sequence[Segment], by_hand: Sequence[Segment]) -> tuple[int, int]:
    """Samples with the right one of the 39 classes, and samples that are compared.

    The glottal stop `q` has no class and is not compared.
    """
    ours, theirs = folded(aligned), folded(by_hand)
    right = compared = 0
    for segment in theirs:
        if segment.phone == phones.UNSCORED:
            continue
        for own in ours:
            common = min(own.end, segment.end) - max(own.start, segment.start)
            if common > 0:
                compared += common
                right += common * _alike(own.phone, segment.phone)
    return right, compared


def shares(found: Sequence[Boundary]) -> dict[str, dict[str, float]]:
    """Share of boundaries within each of `TOLERANCES`, by measure."""
    nearest = np.abs([one.nearest for one in found])
    own = np.abs([one.own for one in found])
    same = np.where([one.same for one in found], own, np.nan)
    return {
        name: {str(limit): float(np.mean(errors <= limit)) for limit in TOLERANCES}
        for name, errors in (("nearest", nearest), ("own", own), ("same", same))
    }
