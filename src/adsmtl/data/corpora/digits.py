"""Handwritten digits that install with scikit-learn, enlarged to the format of CIFAR-10.

1,797 grey images of 8 x 8 (test part of the UCI "Optical Recognition of Handwritten Digits",
Alpaydin and Kaynak 1998). They stand in for CIFAR-10 where that cannot be had.
"""

import hashlib
from pathlib import Path

import numpy as np

from adsmtl.data import cards, folds
from adsmtl.data.corpora.cifar10 import SIDE, channel_moments
from adsmtl.data.dataset import DataSet
from adsmtl.data.fetch import progress
from adsmtl.data.prepared import Card
from adsmtl.files import atomic_folder

SPLIT_SEED = 0
HELD_OUT = 0.15  # of all images, for validation and again for test
WHITE = 16  # brightest level of the original images


def prepare(folder: Path) -> None:
    """Prepare the digits as `folder`; split 70 / 15 / 15 percent, stratified, fixed.

    Targets: `label` (10 digits) and `parity` (even, odd).
    """
    # loaded here, not above: only this needs it, and it is slow to import
    import sklearn
    from sklearn.datasets import load_digits

    progress.say("digits: enlarging 1,797 images")
    raw = load_digits()
    labels = raw.target.astype(np.int64)
    images = enlarge(raw.images)
    everything = np.arange(len(labels))
    size = round(HELD_OUT * len(labels))
    rest, test = folds.hold_out(everything, labels, size, SPLIT_SEED)
    train, val = folds.hold_out(rest, labels, size, SPLIT_SEED)
    split = np.empty(len(labels), np.int8)
    split[train], split[val], split[test] = folds.TRAIN, folds.VALIDATION, folds.TEST
    mean, std = channel_moments([images], split == folds.TRAIN)
    card: Card = {
        "dataset": "digits",
        "title": "Handwritten digits (scikit-learn), enlarged to 32 x 32 in three channels",
        "kind": "image",
        "embedded": True,
        "input": {
            "shape": [3, SIDE, SIDE],
            "dtype": "uint8",
            "units": "grey levels 0 to 255, the same in all three planes",
        },
        "targets": {
            "label": {"classes": [str(digit) for digit in range(10)]},
            "parity": {"classes": ["even", "odd"]},
        },
        "groups": [],
        "normalisation": {"mean": mean, "std": std},
        "credit": (
            "Optical Recognition of Handwritten Digits (E. Alpaydin and C. Kaynak, 1998), "
            "https://doi.org/10.24432/C50P49, licensed under CC BY 4.0, "
            "https://creativecommons.org/licenses/by/4.0/; enlarged"
        ),
        "source": {
            "name": "sklearn.datasets.load_digits",
            "origin": "embedded",
            "sha256": hashlib.sha256(raw.data.astype(np.uint8).tobytes()).hexdigest(),
            "provenance": (
                f"Distributed with scikit-learn {sklearn.__version__}; enlarged from 8 x 8 "
                "(bilinear) and repeated in three channels."
            ),
            "licence": "CC BY 4.0 (UCI Machine Learning Repository); scikit-learn BSD-3-Clause",
        },
    }
    with atomic_folder(folder) as temporary:
        cards.write(
            temporary,
            card,
            inputs=[images],
            targets={"label": labels, "parity": labels % 2},
            split=split,
        )


def enlarge(images: np.ndarray) -> np.ndarray:
    """Grey images `[N, 8, 8]` with levels 0 to 16 as uint8 `[N, 3, 32, 32]`."""
    import torch

    grey = torch.from_numpy(images / WHITE).float()[:, None]
    large = torch.nn.functional.interpolate(grey, (SIDE, SIDE), mode="bilinear", antialias=True)
    levels = (large.clamp(0, 1) * 255).round().to(torch.uint8)
    return levels.expand(-1, 3, -1, -1).contiguous().numpy()


DIGITS = DataSet(None, prepare)
