"""CIFAR-10 (Krizhevsky 2009): 60,000 colour images of 32 x 32, ten classes.

The binary version is plain records of 1 label byte and 3,072 pixel bytes (R, G, B planes, row by
row), so nothing is unpickled. https://www.cs.toronto.edu/~kriz/cifar.html
"""

import tempfile
from pathlib import Path

import numpy as np

from adsmtl.data import cards, folds
from adsmtl.data.dataset import Archive, DataSet
from adsmtl.data.fetch import progress
from adsmtl.data.fetch.extract import Refused, extract
from adsmtl.data.prepared import Card, Source
from adsmtl.files import atomic_folder

SIDE = 32
CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")
SUPERCLASSES = ("animal", "vehicle")
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILE = "test_batch.bin"
RECORDS = 10_000  # per file
VALIDATION = 5_000
SPLIT_SEED = 0


def prepare(archive: Path, folder: Path, source: Source) -> None:
    """Prepare the binary `archive` as `folder`.

    Targets: `label` (10 classes) and `superclass` (animal, vehicle). The official test images are
    the test split; 500 training images of each class, drawn once with a fixed seed, validate.

    Raises:
        Refused: a file of the archive is missing, has another number of records, or a label
            above 9; names the file.
    """
    with atomic_folder(folder) as temporary:
        with tempfile.TemporaryDirectory(dir=temporary.parent, prefix=".unpacked-") as scratch:
            progress.say(f"cifar10: unpacking {archive.name}")
            extract(archive, Path(scratch) / "files")
            names = progress.track((*TRAIN_FILES, TEST_FILE), "cifar10: batches")
            batches = [_read(Path(scratch) / "files", name, archive) for name in names]
        labels = np.concatenate([label for label, _ in batches]).astype(np.int64)
        images = [image for _, image in batches]
        training = np.arange(RECORDS * len(TRAIN_FILES))
        split = np.full(len(labels), folds.TEST, np.int8)
        train, val = folds.hold_out(training, labels, VALIDATION, SPLIT_SEED)
        split[train], split[val] = folds.TRAIN, folds.VALIDATION
        mean, std = channel_moments(images, split == folds.TRAIN)
        animal = np.array([name in ANIMALS for name in CLASSES])
        card: Card = {
            "dataset": "cifar10",
            "title": "CIFAR-10",
            "kind": "image",
            "embedded": False,
            "input": {
                "shape": [3, SIDE, SIDE],
                "dtype": "uint8",
                "units": "grey levels 0 to 255 of the R, G, B planes",
            },
            "targets": {
                "label": {"classes": list(CLASSES)},
                "superclass": {"classes": list(SUPERCLASSES)},
            },
            "groups": [],
            "normalisation": {"mean": mean, "std": std},
            "source": source,
        }
        cards.write(
            temporary,
            card,
            inputs=images,
            targets={"label": labels, "superclass": np.where(animal[labels], 0, 1)},
            split=split,
        )


def channel_moments(
    images: list[np.ndarray], chosen: np.ndarray
) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel, pixels scaled to [0, 1].

    Args:
        images: blocks of uint8 `[n, 3, H, W]`.
        chosen: which images count, bool `[sum of n]`.
    """
    # exact, and without a float copy of all images: count each of the 256 grey levels
    histogram = np.zeros((3, 256), np.int64)
    start = 0
    for block in images:
        part = block[chosen[start : start + len(block)]]
        start += len(block)
        for channel in range(3):
            histogram[channel] += np.bincount(part[:, channel].ravel(), minlength=256)
    level = np.arange(256) / 255
    share = histogram / histogram.sum(axis=1, keepdims=True)
    mean = share @ level
    return mean.tolist(), np.sqrt(share @ level**2 - mean**2).tolist()


def _read(folder: Path, name: str, archive: Path) -> tuple[np.ndarray, np.ndarray]:
    """Labels uint8 `[n]` and images uint8 `[n, 3, 32, 32]` of one file of the archive."""
    paths = sorted(folder.rglob(name))
    if not paths:
        raise Refused(archive, f"it holds no {name}, so it is not CIFAR-10's binary version")
    record = 1 + 3 * SIDE * SIDE
    data = np.fromfile(paths[0], np.uint8)
    if data.size != RECORDS * record:
        raise Refused(
            archive, f"{name} has {data.size:,} bytes, not {RECORDS:,} records of {record}"
        )
    data = data.reshape(-1, record)
    wrong = np.flatnonzero(data[:, 0] >= len(CLASSES))
    if wrong.size:
        label = data[wrong[0], 0]
        raise Refused(archive, f"record {wrong[0]} of {name} has label {label}, not 0 to 9")
    return data[:, 0], data[:, 1:].reshape(-1, 3, SIDE, SIDE)


CIFAR10 = DataSet(
    Archive(
        file="cifar-10-binary.tar.gz",
        urls=("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
        digest="md5:c32a1d4ab5d03f1284b67883e8d87530",
        bytes=170_052_171,
        licence="not stated by the authors; free for research use",
        provenance="Krizhevsky 2009, the authors' binary version, verified by its MD5.",
        mirrored_as=("cifar-10-binary.tar.gz", "cifar-10-binary.tar.xz"),
    ),
    prepare,
)
