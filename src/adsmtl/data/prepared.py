"""Prepared data: the folder that `docs/formats.md` describes, loaded. Needs NumPy alone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adsmtl import files
from adsmtl.errors import UserError

# `card.json`, and its `source`; `docs/formats.md` says what their keys mean.
Card = dict[str, Any]
Source = dict[str, str]


@dataclass(frozen=True)
class Prepared:
    """One prepared data set; arrays are read-only memory maps with N examples.

    Images: `inputs` is uint8 [N, 3, H, W] and `spans` is None. Speech: `inputs` is float32
    [F, 3, 40], all frames of all utterances, and example n is `inputs[spans[n, 0]:spans[n, 1]]`.
    A label of -1 says that the example is not part of the task.

    `transform` is what a task does to images before it sees them: it takes images `[n, 3, H, W]`
    and their numbers `[n]`.
    """

    dataset: str
    inputs: np.ndarray
    spans: np.ndarray | None
    targets: dict[str, np.ndarray]
    groups: np.ndarray
    split: np.ndarray | None
    card: Card
    transform: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.groups)

    def images(self, numbers: np.ndarray) -> np.ndarray:
        """Images uint8 `[n, 3, H, W]` of the examples of these numbers, int64 `[n]`."""
        images = self.inputs[numbers]
        return images if self.transform is None else self.transform(images, numbers)


def load(folder: Path, verify: bool = False) -> Prepared:
    """Open the prepared data in `folder`.

    Args:
        folder: a folder `data/prepared/<dataset>/`.
        verify: also compare every file with its digest in the card (reads all the data).

    Raises:
        UserError: a file is missing, unreadable, of the wrong shape, or (with `verify`) changed.
    """
    folder = Path(folder)
    if not (folder / "card.json").is_file():
        raise UserError(f"{folder} holds no prepared data (no card.json); run `adsmtl prepare`")
    card: Card = files.read_json(folder / "card.json")
    try:
        dataset, digests, examples = card["dataset"], card["files"], card["examples"]
        targets = {name: f"target.{name}.npy" for name in card["targets"]}
        fixed, sequence = card["split"] == "fixed", card["kind"] == "sequence"
        per_input = tuple(card["input"]["shape"])
    except (KeyError, TypeError) as error:
        raise _broken(folder / "card.json", f"it lacks {error}") from error
    if verify:
        _verify(folder, card)
    for name in targets.values():
        if name not in digests:
            raise _broken(folder / "card.json", f"`files` lacks {name}")
    prepared = Prepared(
        dataset=dataset,
        inputs=_array(folder / "inputs.npy", None if sequence else examples, per_input),
        spans=_array(folder / "spans.npy", examples, (2,)) if sequence else None,
        targets={name: _array(folder / file, examples, ()) for name, file in targets.items()},
        groups=_array(folder / "groups.npy", examples, ()),
        split=_array(folder / "split.npy", examples, ()) if fixed else None,
        card=card,
    )
    if prepared.spans is not None and prepared.spans.max(initial=0) > len(prepared.inputs):
        raise _broken(folder / "spans.npy", "a span ends after the last frame of inputs.npy")
    return prepared


def _array(path: Path, length: int | None, rest: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise _broken(path, "it is missing") from error
    except (OSError, ValueError, EOFError) as error:
        raise _broken(path, str(error)) from error
    if array.shape[1:] != rest or (length is not None and array.shape[:1] != (length,)):
        expected = ["*" if length is None else length, *rest]
        raise _broken(path, f"its shape is {list(array.shape)}, the card says {expected}")
    return array


def _verify(folder: Path, card: Card) -> None:
    for name, expected in card["files"].items():
        path = folder / name
        found = files.sha256(path) if path.is_file() else "no file"
        if found != expected:
            raise _broken(path, f"SHA-256 is {found}, the card says {expected}")
    if files.digest(card["files"]) != card.get("digest"):
        raise _broken(folder / "card.json", "`digest` is not the digest of `files`")


def _broken(path: Path, reason: str) -> UserError:
    return UserError(f"{path} is damaged: {reason}; delete {path.parent} and run `adsmtl prepare`")
