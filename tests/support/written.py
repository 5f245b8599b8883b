"""Prepared data on the disk, as small as they can be."""

from pathlib import Path

import numpy as np
from fakes import SOURCE

from adsmtl.data import cards
from adsmtl.files import atomic_folder


def utterances(folder: Path) -> Path:
    """Three utterances of two speakers, as the data set `tiny`."""
    card = {
        "dataset": "tiny",
        "title": "Tiny",
        "kind": "sequence",
        "embedded": False,
        "input": {"shape": [3, 40], "dtype": "float32", "units": "none"},
        "targets": {"phone": {"classes": ["a", "b"]}},
        "groups": ["one", "two"],
        "folds": [{"test": ["one"], "val": ["two"]}],
        "source": SOURCE,
    }
    with atomic_folder(folder) as temporary:
        cards.write(
            temporary,
            card,
            inputs=[np.ones((4, 3, 40), np.float32), np.zeros((3, 3, 40), np.float32)],
            targets={"phone": np.array([1, 0, 1])},
            groups=np.array([0, 0, 1]),
            spans=np.array([[0, 2], [2, 4], [4, 7]]),
        )
    return folder
