"""Classes, and who trains and who is tested, for data that come with neither or with both."""

from collections.abc import Mapping, Sequence

import numpy as np

from adsmtl.data import folds
from adsmtl.errors import UserError

SEED = 0
#: Share of the training examples or speakers that validate, where only training and test are given.
FROM_TRAINING = 0.1
MOST_CLASSES = 256  # the predictions of a run have a byte for a class
_NAMES = {folds.TRAIN: "train", folds.VALIDATION: "val", folds.TEST: "test"}


def classes_of(labels: Sequence[str], stated: Sequence[str] | None, where: str) -> list[str]:
    """The classes: those stated, else the labels by name.

    Raises:
        UserError: there are fewer than two, more than `MOST_CLASSES`, or one has no example.
    """
    found = set(labels)
    if stated is not None and (absent := [name for name in stated if name not in found]):
        raise UserError(f"{where}: class {absent[0]!r} has no example; leave it out of `classes`")
    classes = list(stated) if stated is not None else sorted(found)
    if len(classes) < 2:
        there = ", ".join(classes) or "none"
        raise UserError(f"{where}: there is nothing to tell apart: the labels are {there}")
    if len(classes) > MOST_CLASSES:
        raise UserError(
            f"{where}: {len(classes)} classes, such as {classes[0]!r}; at most {MOST_CLASSES} can"
            " be told apart. Are these labels?"
        )
    return classes


def drawn(labels: np.ndarray, share: float) -> np.ndarray:
    """A stratified split, the same at every call: `share` validates, and as many test.

    Args:
        labels: class of each example, int64 `[N]`.

    Returns:
        int8 `[N]`.
    """
    everything = np.arange(len(labels))
    size = max(1, round(share * len(labels)))
    rest, test = folds.hold_out(everything, labels, size, SEED)
    _, val = folds.hold_out(rest, labels, min(size, len(rest)), SEED)
    split = np.full(len(labels), folds.TRAIN, np.int8)
    split[val], split[test] = folds.VALIDATION, folds.TEST
    return split


def completed(split: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, str]:
    """A given split, with validation drawn from training where it has none; and a note on that."""
    if (split == folds.VALIDATION).any():
        return split, "split: as given"
    split = split.copy()
    train = np.flatnonzero(split == folds.TRAIN)
    size = max(1, round(FROM_TRAINING * len(train)))
    _, val = folds.hold_out(train, labels, size, SEED)
    split[val] = folds.VALIDATION
    return split, f"split: as given; {size:,} training examples were drawn to validate"


def require_whole(
    split: np.ndarray, labels: np.ndarray, classes: Sequence[str], where: str
) -> None:
    """Raises UserError where a part is empty or a class is never trained on."""
    for part, name in _NAMES.items():
        if not (split == part).any():
            raise UserError(
                f"{where}: no example is for {name!r}; give every part some, or no split at all"
            )
    trained = set(np.unique(labels[split == folds.TRAIN]).tolist())
    if never := [name for number, name in enumerate(classes) if number not in trained]:
        raise UserError(
            f"{where}: class {never[0]!r} has no training example; give it more, or name it in"
            " `ignore`"
        )


def of_speakers(given: Mapping[str, int], where: str) -> tuple[dict[str, int], str]:
    """The split of speakers, with some drawn to validate where none does; and a note on that.

    Args:
        given: speaker -> part.

    Raises:
        UserError: no speaker would be left to train.
    """
    if folds.VALIDATION in given.values():
        return dict(given), "split: as given; no speaker is in two parts"
    train = sorted(name for name, part in given.items() if part == folds.TRAIN)
    if len(train) < 2:
        raise UserError(
            f"{where}: no speaker is for 'val', and of {len(train)} training speakers none can be"
            " spared; give one"
        )
    count = max(1, round(FROM_TRAINING * len(train)))
    chosen = [train[place] for place in np.linspace(0, len(train) - 1, count).astype(int)]
    note = f"split: as given; {count} training speakers were drawn to validate"
    return {**given, **dict.fromkeys(chosen, folds.VALIDATION)}, note


def speaker_folds(speakers: Sequence[str], count: int, where: str) -> list[dict]:
    """Speaker-disjoint folds: speakers by name are dealt in turn, half a fold validates another.

    Raises:
        UserError: there are fewer speakers than folds.
    """
    if len(speakers) < count:
        remedy = f"say folds: {len(speakers)}" if len(speakers) >= 3 else "get data of more"
        raise UserError(
            f"{where}: {count} folds need as many speakers, not {len(speakers)}; {remedy}"
        )
    validating = max(1, len(speakers) // (2 * count))
    return folds.speaker_folds(dict.fromkeys(speakers, ""), count, validating)
