"""Who is trained on, who is tested: pure functions of arrays and seeds. Needs NumPy alone."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from adsmtl.data.prepared import Prepared

TRAIN, VALIDATION, TEST = 0, 1, 2


class Split(NamedTuple):
    """Example numbers, each `int64` and ascending."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def split_indices(prepared: Prepared, seed: int) -> Split:
    """The split of one run: the fixed one, or fold `seed` modulo the number of folds."""
    if prepared.split is not None:
        parts = (np.flatnonzero(prepared.split == part) for part in (TRAIN, VALIDATION, TEST))
        return Split(*parts)
    folds = prepared.card["folds"]
    fold = folds[seed % len(folds)]
    number = {name: index for index, name in enumerate(prepared.card["groups"])}
    test = np.isin(prepared.groups, [number[name] for name in fold["test"]])
    val = np.isin(prepared.groups, [number[name] for name in fold["val"]])
    return Split(np.flatnonzero(~test & ~val), np.flatnonzero(val), np.flatnonzero(test))


def subset(
    indices: np.ndarray, targets: np.ndarray, size: int | float | None, seed: int
) -> np.ndarray:
    """A stratified part of `indices`, nested: with one seed, less is contained in more.

    All examples are put into one random order in which every class is spread evenly; the subset is
    the first `size` of them. So each class has its share, up to a few examples. A class
    with less than one example in `size` may be absent.

    Args:
        indices: example numbers to choose from.
        targets: class of every example of the data set, `[N]` (not only of `indices`).
        size: a number of examples (an int; more than there are takes all), a fraction in (0, 1]
            (a float), or None for all.
        seed: decides the order.

    Returns:
        The chosen example numbers, ascending.
    """
    indices = np.sort(np.asarray(indices))
    if size is None:
        return indices
    if isinstance(size, float):
        if not 0 < size <= 1:
            raise ValueError(f"a fraction is in (0, 1], not {size}")
        size = round(size * len(indices))
    if size < 0:
        raise ValueError(f"a subset cannot have {size} examples")
    rng = np.random.default_rng(seed)
    classes = np.asarray(targets)[indices]
    position = np.empty(len(indices))
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        # at (k + u) / m for k of m examples; the random u favours no class
        position[rng.permutation(members)] = (np.arange(len(members)) + rng.random()) / len(members)
    return np.sort(indices[np.argsort(position, kind="stable")[:size]])


def hold_out(
    indices: np.ndarray, targets: np.ndarray, size: int | float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Part `indices` into (rest, held out); the held-out part is `subset(…, size, seed)`."""
    held = subset(indices, targets, size, seed)
    return np.setdiff1d(indices, held), held


def speaker_folds(sexes: Mapping[str, str], folds: int, val_per_sex: int = 1) -> list[dict]:
    """Speaker-disjoint folds balanced by sex.

    The speakers of each sex, in the order of their names, are dealt to the folds in turn. The
    second sex starts one fold later: where names begin with the dialect, a fold then has more
    dialects. A fold is validated on the first speakers of each sex of the next fold.

    Args:
        sexes: speaker -> sex; every sex must have at least `folds` speakers.
        folds: number of folds, at least 3 so that training speakers remain.
        val_per_sex: validation speakers of each sex.

    Returns:
        One `{"test": [...], "val": [...]}` per fold, speakers by name; the others train.
    """
    if folds < 3:
        raise ValueError("test, validation and training speakers need at least 3 folds")
    dealt: list[dict[str, list[str]]] = [{} for _ in range(folds)]
    for shift, sex in enumerate(sorted(set(sexes.values()))):
        names = sorted(name for name, value in sexes.items() if value == sex)
        if len(names) < folds:
            raise ValueError(f"{folds} folds need {folds} speakers of sex {sex}, not {len(names)}")
        for place, name in enumerate(names):
            dealt[(place + shift) % folds].setdefault(sex, []).append(name)
    return [
        {
            "test": sorted(name for group in dealt[fold].values() for name in group),
            "val": sorted(
                name for group in dealt[(fold + 1) % folds].values() for name in group[:val_per_sex]
            ),
        }
        for fold in range(folds)
    ]
