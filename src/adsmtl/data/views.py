"""How tasks see a data set, if not as it is: derived when it is loaded, so nothing is stored twice.

A view (`adsmtl.study.View`) replaces the labels of a task's target, and may change its images.
Examples that are not part of the task get the label -1. Needs NumPy alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adsmtl.data import folds, prepared
from adsmtl.data.prepared import Card, Prepared
from adsmtl.data.speech import phones
from adsmtl.data.speech.features import CONTEXT
from adsmtl.errors import UserError
from adsmtl.study import AS_IT_IS, Task

ABSENT = -1
TURNS = ("0 degrees", "90 degrees", "180 degrees", "270 degrees")  # counter-clockwise
DURATIONS = ("short", "medium", "long")
#: Frames (10 ms) from which a segment is medium, and long: the terciles of the speech segments of
#: the training speakers in each of the four folds of the TIMIT sample.
LONGER = (6, 9)


class Labels(NamedTuple):
    """Names of the classes, and the class of each example, int64 `[N]`; ABSENT where none fits."""

    classes: tuple[str, ...]
    values: np.ndarray


def load(folder: Path, task: Task) -> Prepared:
    """The prepared data in `folder` as a task sees them.

    Raises:
        UserError: as `prepared.load`, or the view does not fit the data; names key and data set.
    """
    found = prepared.load(folder)
    return found if task.view == AS_IT_IS else seen(found, task)


def seen(data: Prepared, task: Task) -> Prepared:
    """Prepared data as a task sees them: other labels of its target, or other images.

    Raises:
        UserError: the view does not fit the data; names key and data set.
    """
    view, target = task.view, task.target
    if target not in data.targets:
        raise _unfit(data, f"target {target!r}", f"it has {', '.join(data.targets)}")
    if view.inputs is not None and data.spans is not None:
        raise _unfit(data, f"inputs {view.inputs}", "it has no images")
    if view.labels is None:
        labels = Labels(tuple(data.card["targets"][target]["classes"]), data.targets[target])
    else:
        labels = LABELS[view.labels](data, task)
    if view.classes is not None:
        labels = chosen(data, labels, view.classes)
    values = np.array(labels.values, np.int64)
    if view.half is not None:
        values[np.arange(len(values)) % 2 != ("even", "odd").index(view.half)] = ABSENT
    if view.permuted:
        values = permuted(values, _train(data, "permuted"), view.permuted)
    whole = view.labels is None and view.classes is None
    entry = data.card["targets"][target] if whole else {"classes": list(labels.classes)}
    card: Card = {**data.card, "targets": {**data.card["targets"], target: entry}}
    return replace(
        data,
        targets={**data.targets, target: values},
        card=card,
        transform=None if view.inputs is None else INPUTS[view.inputs](data),
    )


def chosen(data: Prepared, labels: Labels, classes: Sequence[str]) -> Labels:
    """Some of the classes, numbered anew in the order given; examples of others are left out."""
    if unknown := [name for name in classes if name not in labels.classes]:
        raise _unfit(data, f"class {unknown[0]!r}", f"it has {', '.join(labels.classes)}")
    number = np.full(len(labels.classes) + 1, ABSENT)  # the last is that of ABSENT
    number[[labels.classes.index(name) for name in classes]] = np.arange(len(classes))
    return Labels(tuple(classes), number[labels.values])


def permuted(labels: np.ndarray, train: np.ndarray, share: float) -> np.ndarray:
    """Labels of which a share of the training examples have exchanged theirs at random.

    A permuted example keeps its class where it happens to draw it again. Validation and test labels
    stay true, at a share of 1 too, so that the task's own loss there keeps its meaning. A smaller
    share is part of a larger one.

    Args:
        labels: class of each example, int64 `[N]`.
        train: numbers of the training examples; those with a label take part.
        share: of these, in [0, 1].
    """
    rng = _rng("permuted labels")
    own = rng.permutation(train[labels[train] != ABSENT])
    own = own[: round(share * len(own))]
    result = labels.copy()
    result[own] = labels[rng.permutation(own)]
    return result


def turns(data: Prepared) -> np.ndarray:
    """Quarter turns of each image, int64 `[N]`.

    Each is as frequent as the others in every split and every half of it.
    """
    _train(data, "rotated")
    rng, result = _rng("quarter turns"), np.empty(len(data), np.int64)
    parts = 2 * data.split + np.arange(len(data)) % 2
    for part in np.unique(parts):
        members = rng.permutation(np.flatnonzero(parts == part))
        result[members] = np.arange(len(members)) % len(TURNS)
    return result


def _rotated(data: Prepared) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    by = turns(data)

    def transform(images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        result = np.empty_like(images)
        for quarter in range(len(TURNS)):
            own = by[numbers] == quarter
            result[own] = np.rot90(images[own], quarter, axes=(2, 3))
        return result

    return transform


def _pixel_permuted(data: Prepared) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The same random order of the pixels for every image and channel."""
    order = _rng("pixels").permutation(int(np.prod(data.inputs.shape[2:])))

    def transform(images: np.ndarray, _: np.ndarray) -> np.ndarray:
        return images.reshape(*images.shape[:2], -1)[:, :, order].reshape(images.shape)

    return transform


def _rotation(data: Prepared, task: Task) -> Labels:
    if task.view.inputs != "rotated":
        raise _unfit(data, "labels rotation", "it needs inputs: rotated")
    return Labels(TURNS, turns(data))


def _of_phone(kind: Callable[[str], str | None], classes: Sequence[str]) -> Callable[..., Labels]:
    """Labels that follow from the phone, one of TIMIT's."""

    def labels(data: Prepared, task: Task) -> Labels:
        names = data.card["targets"][task.target]["classes"]
        if unknown := [name for name in names if name not in phones.PHONES]:
            what = f"labels {task.view.labels} of {task.target!r}"
            raise _unfit(data, what, f"{unknown[0]!r} is none of TIMIT's phones")
        kinds = [kind(name) for name in names]
        number = [ABSENT if own is None else classes.index(own) for own in kinds]
        return Labels(tuple(classes), np.array(number)[data.targets[task.target]])

    return labels


def _duration(data: Prepared, task: Task) -> Labels:
    """Tercile of a speech segment's length in frames, without its context."""
    speech = _of_phone(phones.kind_of, ("vowel", "consonant"))(data, task).values != ABSENT
    frames = data.spans[:, 1] - data.spans[:, 0] - 2 * CONTEXT
    return Labels(DURATIONS, np.where(speech, np.digitize(frames, LONGER), ABSENT))


#: What can follow from a target, by the name of a view's `labels`.
LABELS: Mapping[str, Callable[[Prepared, Task], Labels]] = {
    "rotation": _rotation,
    "place": _of_phone(phones.place_of, tuple(phones.PLACES)),
    "voicing": _of_phone(phones.voicing_of, ("voiced", "voiceless")),
    "vowel-or-consonant": _of_phone(phones.kind_of, ("vowel", "consonant")),
    "duration": _duration,
}

#: What can be done to images, by the name of a view's `inputs`.
INPUTS: Mapping[str, Callable[[Prepared], Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "rotated": _rotated,
    "pixel-permuted": _pixel_permuted,
}


def _rng(what: str) -> np.random.Generator:
    """Random numbers that depend on their purpose alone, so that every seed sees the same data."""
    return np.random.default_rng(list(what.encode()))


def _train(data: Prepared, what: str) -> np.ndarray:
    """Numbers of the training examples, which must be the same for every seed."""
    if data.split is None:
        raise _unfit(data, what, "its training examples differ between seeds")
    return np.flatnonzero(data.split == folds.TRAIN)


def _unfit(data: Prepared, what: str, reason: str) -> UserError:
    return UserError(f"a view asks data set {data.dataset!r} for {what}, but {reason}")
