"""Made-up data of the real ones' shapes, for speed and for equal numbers; nothing can be learned
about the paper from them. Needs NumPy alone."""

from pathlib import Path
from typing import Any

import numpy as np

from adsmtl.files import write_json

FRAMES = (7, 40)  # shortest and longest sequence; a phone of TIMIT has 14 on average
MEAN_FRAMES = 14
HELD_OUT = 64  # examples for validation, and as many for testing


def images(folder: Path, train: int, seed: int = 0) -> None:
    """Write RGB images of 32 x 32 in ten classes, told apart by their brightness."""
    generator = np.random.default_rng(seed)
    count = train + 2 * HELD_OUT
    labels = np.arange(count) % 10
    pixels = generator.integers(0, 150, (count, 3, 32, 32))
    pixels += 10 * labels[:, None, None, None]
    normalisation = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    target = {"classes": [str(number) for number in range(10)]}
    _write(
        folder,
        {
            "inputs": pixels.astype(np.uint8),
            "target.label": labels,
            "groups": np.full(count, -1),
            "split": np.repeat([0, 1, 2], [train, HELD_OUT, HELD_OUT]).astype(np.int8),
        },
        kind="image",
        targets={"label": target},
        normalisation=normalisation,
    )


def sequences(folder: Path, train: int, seed: int = 1) -> None:
    """Write sequences of three channels and 40 bands in 61 classes, told apart by one band."""
    generator = np.random.default_rng(seed)
    count = train + 2 * HELD_OUT
    labels = np.arange(count) % 61
    lengths = np.clip(generator.poisson(MEAN_FRAMES, count), *FRAMES)
    stops = np.cumsum(lengths)
    frames = generator.standard_normal((int(stops[-1]), 3, 40)).astype(np.float32)
    of_frame = np.repeat(labels, lengths)
    frames[np.arange(len(frames)), of_frame % 3, of_frame % 40] += 2
    _write(
        folder,
        {
            "inputs": frames,
            "spans": np.stack([stops - lengths, stops], axis=1),
            "target.phone": labels,
            "groups": np.full(count, -1),
            "split": np.repeat([0, 1, 2], [train, HELD_OUT, HELD_OUT]).astype(np.int8),
        },
        kind="sequence",
        targets={"phone": {"classes": [str(number) for number in range(61)]}},
    )


def _write(folder: Path, arrays: dict[str, np.ndarray], **card: Any) -> None:
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    inputs = arrays["inputs"]
    card |= {
        "dataset": folder.name,
        "examples": len(arrays["groups"]),
        "split": "fixed",
        "input": {"shape": list(inputs.shape[1:])},
        "files": {f"{name}.npy": "" for name in arrays},
        "digest": folder.name,
        "source": {"name": folder.name, "origin": "local", "provenance": "random numbers"},
    }
    write_json(folder / "card.json", card)
