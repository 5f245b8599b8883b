"""Views of speech: what follows from the phone of a segment, and from its length."""

from collections.abc import Callable, Sequence

import numpy as np

from adsmtl.data.prepared import Prepared
from adsmtl.data.speech import phones
from adsmtl.data.speech.features import CONTEXT
from adsmtl.data.views.base import ABSENT, Labels, unfit
from adsmtl.study import Task

KINDS = ("vowel", "consonant")
DURATIONS = ("short", "medium", "long")
#: Frames (10 ms each) from which a segment is medium, and long: the terciles of the speech segments
#: of the training speakers, in each of the four folds of the TIMIT sample.
LONGER = (6, 9)


def place(data: Prepared, task: Task) -> Labels:
    """Place of articulation; silences, diphthongs and `w` are left out."""
    return _of_phone(data, task, phones.place_of, tuple(phones.PLACES))


def voicing(data: Prepared, task: Task) -> Labels:
    """Whether the vocal folds vibrate; silences are left out."""
    return _of_phone(data, task, phones.voicing_of, ("voiced", "voiceless"))


def vowel_or_consonant(data: Prepared, task: Task) -> Labels:
    """Vowel or consonant; silences are left out."""
    return _of_phone(data, task, phones.kind_of, KINDS)


def duration(data: Prepared, task: Task) -> Labels:
    """Tercile of a segment's length in frames, without its context; silences are left out."""
    speech = vowel_or_consonant(data, task).values != ABSENT
    frames = data.spans[:, 1] - data.spans[:, 0] - 2 * CONTEXT
    return Labels(DURATIONS, np.where(speech, np.digitize(frames, LONGER), ABSENT))


def _of_phone(
    data: Prepared, task: Task, kind_of: Callable[[str], str | None], kinds: Sequence[str]
) -> Labels:
    names = data.card["targets"][task.target]["classes"]
    if unknown := [name for name in names if name not in phones.PHONES]:
        what = f"labels {task.view.labels} of {task.target!r}"
        raise unfit(data, what, f"{unknown[0]!r} is none of TIMIT's phones")
    found = [kind_of(name) for name in names]
    number = np.array([ABSENT if kind is None else kinds.index(kind) for kind in found])
    return Labels(tuple(kinds), number[data.targets[task.target]])
