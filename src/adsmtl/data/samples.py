"""A picture of some prepared examples, so that a person can see what the model sees."""

from pathlib import Path

import numpy as np
from PIL import Image

from adsmtl.data.prepared import Prepared, load
from adsmtl.files import atomic

NAME = "samples.png"
PER_CLASS = 10
CLASSES = 10
LINE = 1  # pixels of white between pictures
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
    height, width, _ = tiles[0].shape
    step = np.array([height + LINE, width + LINE])
    grid = np.full((*step * (len(shown), PER_CLASS) + LINE, 3), 255, np.uint8)
    for place, tile in enumerate(tiles):
        row, column = LINE + step * divmod(place, PER_CLASS)
        grid[row : row + height, column : column + width] = tile
    path = folder / NAME
    with atomic(path) as temporary:
        Image.fromarray(grid).save(temporary, format="png")
    return path


def _tile(prepared: Prepared, example: int) -> np.ndarray:
    """One example as a picture, uint8 `[H, W, 3]`."""
    if prepared.spans is None:
        return prepared.inputs[example].transpose(1, 2, 0)
    start, stop = prepared.spans[example]
    bands = prepared.inputs[start:stop, 0].T[::-1]
    grey = 255 * (0.5 - bands / (2 * SPREAD)).clip(0, 1)
    drawn = Image.fromarray(grey.round().astype(np.uint8)).resize((SIDE, SIDE), Image.BILINEAR)
    return np.asarray(drawn.convert("RGB"))
