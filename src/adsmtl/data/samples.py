"""A picture of some prepared examples, so that a person can see what the model sees."""

from pathlib import Path

import numpy as np
import torch
from torchvision.transforms.v2 import functional as transforms
from torchvision.utils import make_grid, save_image

from adsmtl.data.prepared import Prepared, load
from adsmtl.files import atomic

NAME = "samples.png"
PER_CLASS = 10
CLASSES = 10
SIDE = 40  # pixels of a segment's picture, which stretches its duration
SPREAD = 2.5  # standard deviations between mid-grey and black or white


def write(folder: Path) -> Path:
    """Write `samples.png` into a prepared folder: a row per class, PER_CLASS examples each.

    Images are shown as they are; of speech the static log-mel channel, time to the right, low
    bands below, dark for loud. Of more than CLASSES classes the most frequent are shown.

    Raises:
        UserError: the folder is damaged or cannot be written.
    """
    prepared = load(folder)
    values = next(iter(prepared.targets.values()))
    counts = np.bincount(values)
    shown = np.sort(np.argsort(-counts, kind="stable")[:CLASSES])
    tiles = [
        _tile(prepared, example)
        for label in shown
        for example in np.resize(np.flatnonzero(values == label), PER_CLASS)
    ]
    path = folder / NAME
    with atomic(path) as temporary:
        save_image(make_grid(tiles, nrow=PER_CLASS, padding=1, pad_value=1.0), temporary)
    return path


def _tile(prepared: Prepared, example: int) -> torch.Tensor:
    """One example as a float32 picture `[3, H, W]` in [0, 1]."""
    if prepared.spans is None:
        return transforms.to_dtype(torch.tensor(prepared.inputs[example]), scale=True)
    start, stop = prepared.spans[example]
    bands = torch.tensor(prepared.inputs[start:stop, 0]).T.flip(0)
    grey = (0.5 - bands / (2 * SPREAD)).clamp(0, 1)
    return transforms.resize(grey[None], [SIDE, SIDE]).expand(3, -1, -1)
