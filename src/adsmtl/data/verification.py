"""Prepared data, verified before they are used: digests of all bytes, and values in their range."""

from pathlib import Path

import numpy as np

from adsmtl import files, seals
from adsmtl.data import prepared
from adsmtl.data.folds import TEST, TRAIN
from adsmtl.data.prepared import Card, Prepared
from adsmtl.errors import UserError

CARD = "card.json"
_ABSENT = -1  # the label of an example that is not part of a task, the group of one without


def verify(folder: Path) -> str | None:
    """Compare prepared data with what `adsmtl prepare` wrote; every byte is read once.

    The card names the digests of the arrays, and the seal beside it (`adsmtl.seals`) that of the
    card. Data that an older version prepared have no seal; then the arrays are verified alone.

    Args:
        folder: a folder `data/prepared/<dataset>/`.

    Returns:
        What could not be verified, in words; None if everything was.

    Raises:
        UserError: a file is missing, changed or foreign to the card, or a value out of range;
            names the file and what to do.
    """
    sealed, path = seals.read(folder), folder / CARD
    if sealed is not None and path.is_file() and files.sha256(path) != sealed.get(CARD):
        raise _damaged(path, f"it is not the card that {seals.FILE} names")
    data = prepared.load(folder, verify=True)
    if sealed is not None and sealed != data.card["files"] | {CARD: sealed[CARD]}:
        raise _damaged(folder / seals.FILE, "it names other files than the card")
    try:
        _require_in_range(folder, data)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise _damaged(path, f"it lacks or misstates {error}") from error
    if sealed is None:
        return (
            f"{path} was written by a version that sealed no cards, so its arrays were verified "
            f"alone; `adsmtl prepare {data.dataset}` seals it"
        )
    return None


def _require_in_range(folder: Path, data: Prepared) -> None:
    """Refuse values that no preparation writes, whatever the digests say."""
    for name, values in data.targets.items():
        classes = data.card["targets"][name]["classes"]
        _require(folder / f"target.{name}.npy", "label", values, _ABSENT, len(classes) - 1)
    groups = data.card.get("groups", [])
    _require(folder / "groups.npy", "group", data.groups, _ABSENT, len(groups) - 1)
    if data.split is not None:
        _require(folder / "split.npy", "part", data.split, TRAIN, TEST)
    if data.spans is not None:
        _require(folder / "spans.npy", "frame", data.spans, 0, len(data.inputs))
        if empty := np.flatnonzero(data.spans[:, 0] >= data.spans[:, 1]).tolist():
            raise _damaged(folder / "spans.npy", f"example {empty[0]} has no frames")
    _require_card_in_range(folder / CARD, data.card)


def _require(path: Path, what: str, values: np.ndarray, low: int, high: int) -> None:
    outside = np.flatnonzero(
        ((values < low) | (values > high)).reshape(len(values), -1).any(axis=1)
    )
    if outside.size:
        example = int(outside[0])
        raise _damaged(
            path,
            f"example {example} has {what} {values[example].tolist()}, "
            f"the card allows {low} to {high}",
        )


def _require_card_in_range(path: Path, card: Card) -> None:
    scale = card.get("normalisation")
    if scale is not None:
        mean, std = (np.asarray(scale.get(key), float) for key in ("mean", "std"))
        if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
            raise _damaged(path, "`normalisation` is not finite, or a deviation is not positive")
    known = set(card.get("groups", []))
    for number, fold in enumerate(card.get("folds", [])):
        if unknown := {*fold["test"], *fold["val"]} - known:
            raise _damaged(path, f"fold {number} names {min(unknown)}, which is no group")
        if both := set(fold["test"]) & set(fold["val"]):
            raise _damaged(path, f"fold {number} both tests and validates on {min(both)}")


def _damaged(path: Path, reason: str) -> UserError:
    return UserError(f"{path} is damaged: {reason}; delete {path.parent} and run `adsmtl prepare`")
