"""What every view is made of."""

from typing import NamedTuple

import numpy as np

from adsmtl.data import folds
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError

ABSENT = -1  # label of an example that is not part of a task


class Labels(NamedTuple):
    """Names of the classes, and the class of each example, int64 `[N]`, or ABSENT."""

    classes: tuple[str, ...]
    values: np.ndarray


def rng(purpose: str) -> np.random.Generator:
    """Random numbers that depend on their purpose alone, so that every seed sees the same data."""
    return np.random.default_rng(list(purpose.encode()))


def training_examples(data: Prepared, what: str) -> np.ndarray:
    """Numbers of the training examples, which must be the same for every seed.

    Raises:
        UserError: the data have folds; names `what` needs a fixed split.
    """
    if data.split is None:
        raise unfit(data, what, "its training examples differ between seeds")
    return np.flatnonzero(data.split == folds.TRAIN)


def unfit(data: Prepared, what: str, reason: str) -> UserError:
    """The error of a view that does not fit its data."""
    return UserError(f"a view asks data set {data.dataset!r} for {what}, but {reason}")
