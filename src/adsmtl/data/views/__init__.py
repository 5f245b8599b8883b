"""How tasks see a data set, if not as it is: derived when it is loaded, so nothing is stored twice.

A view (`adsmtl.study.View`) replaces the labels of a task's target, and may change its images.
Needs NumPy alone. A new kind of labels or inputs is a function in a module of this folder, and a
line in the table below.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from adsmtl.data import prepared
from adsmtl.data.prepared import Card, Prepared
from adsmtl.data.views import images, speech
from adsmtl.data.views.base import ABSENT, Labels, rng, training_examples, unfit
from adsmtl.study import AS_IT_IS, Task

#: What can follow from a target, by the name of a view's `labels`.
LABELS: Mapping[str, Callable[[Prepared, Task], Labels]] = {
    "rotation": images.rotation,
    "place": speech.place,
    "voicing": speech.voicing,
    "vowel-or-consonant": speech.vowel_or_consonant,
    "duration": speech.duration,
}

#: What can be done to images, by the name of a view's `inputs`.
INPUTS: Mapping[str, Callable[[Prepared], images.Transform]] = {
    "rotated": images.rotated,
    "pixel-permuted": images.pixel_permuted,
}


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
        raise unfit(data, f"target {target!r}", f"it has {', '.join(data.targets)}")
    if view.inputs is not None and data.spans is not None:
        raise unfit(data, f"inputs {view.inputs}", "it has no images")
    entry = data.card["targets"][target]
    labels = Labels(tuple(entry["classes"]), data.targets[target])
    if view.labels is not None:
        labels = LABELS[view.labels](data, task)
    if view.classes is not None:
        labels = chosen(data, labels, view.classes)
    values = np.array(labels.values, np.int64)
    if view.half is not None:
        values[np.arange(len(values)) % 2 != ("even", "odd").index(view.half)] = ABSENT
    if view.permuted:
        values = permuted(values, training_examples(data, "permuted"), view.permuted)
    if list(labels.classes) != entry["classes"]:
        entry = {"classes": list(labels.classes)}  # a folding of the old ones fits no more
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
        raise unfit(data, f"class {unknown[0]!r}", f"it has {', '.join(labels.classes)}")
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
    random = rng("permuted labels")
    own = random.permutation(train[labels[train] != ABSENT])
    own = own[: round(share * len(own))]
    result = labels.copy()
    result[own] = labels[random.permutation(own)]
    return result
