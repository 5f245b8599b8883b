"""Views of images: rotated, with the rotation as a label, and with their pixels permuted."""

from collections.abc import Callable

import numpy as np

from adsmtl.data.prepared import Prepared
from adsmtl.data.views.base import Labels, rng, training_examples, unfit
from adsmtl.study import Task

Transform = Callable[[np.ndarray, np.ndarray], np.ndarray]  # as `Prepared.transform`
TURNS = ("0 degrees", "90 degrees", "180 degrees", "270 degrees")  # counter-clockwise


def rotated(data: Prepared) -> Transform:
    """Turns every image by its own number of quarters."""
    quarters = turns(data)

    def transform(images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        result = np.empty_like(images)
        for quarter in range(len(TURNS)):
            own = quarters[numbers] == quarter
            result[own] = np.rot90(images[own], quarter, axes=(2, 3))
        return result

    return transform


def rotation(data: Prepared, task: Task) -> Labels:
    """By how much an image is turned."""
    if task.view.inputs != "rotated":
        raise unfit(data, "labels rotation", "it needs inputs: rotated")
    return Labels(TURNS, turns(data))


def turns(data: Prepared) -> np.ndarray:
    """Quarter turns of each image, int64 `[N]`.

    Each is as frequent as the others in every split and every half of it.
    """
    training_examples(data, "rotated")
    random, result = rng("quarter turns"), np.empty(len(data), np.int64)
    parts = 2 * data.split + np.arange(len(data)) % 2
    for part in np.unique(parts):
        members = random.permutation(np.flatnonzero(parts == part))
        result[members] = np.arange(len(members)) % len(TURNS)
    return result


def pixel_permuted(data: Prepared) -> Transform:
    """Puts the pixels of every image and channel into the same random order."""
    order = rng("pixels").permutation(int(np.prod(data.inputs.shape[2:])))

    def transform(images: np.ndarray, _: np.ndarray) -> np.ndarray:
        return images.reshape(*images.shape[:2], -1)[:, :, order].reshape(images.shape)

    return transform
