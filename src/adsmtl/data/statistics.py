"""What prepared data hold, in numbers: by part of the split, and by class of the first target.

Arrays are read piece by piece, so that any amount of data needs little memory.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adsmtl import files
from adsmtl.data.cards import PIECE
from adsmtl.data.folds import TEST, TRAIN, VALIDATION
from adsmtl.data.prepared import Prepared, load
from adsmtl.data.speech.features import CONTEXT, HOP, SAMPLE_RATE

NAME = "statistics.json"
ALL = "all"
#: Of durations, in percent of the segments.
QUANTILES = {"p5": 5, "median": 50, "p95": 95}
_FRAME_MS = 1000 * HOP / SAMPLE_RATE
_LONGEST = 1 << 12  # frames; longer segments count as this long


def write(folder: Path) -> Path:
    """Write `statistics.json` into a prepared folder.

    Raises:
        UserError: the folder is damaged or cannot be written.
    """
    path = folder / NAME
    files.write_json(path, of(load(folder)))
    return path


def of(prepared: Prepared) -> dict[str, Any]:
    """JSON-able; `docs/formats.md` says what the keys mean.

    Parts are training, validation, test and all of a fixed split; of folds what each tests, and
    all. Durations are those of segments without their context, in milliseconds.
    """
    card = prepared.card
    target = next(iter(prepared.targets))
    classes = card["targets"][target]["classes"]
    parts = _parts(prepared)
    counts = {name: np.zeros(len(classes), np.int64) for name in parts}
    speakers = {name: np.zeros(len(card["groups"]), bool) for name in parts}
    lengths = np.zeros((len(classes), _LONGEST + 1), np.int64)
    for start in range(0, len(prepared), PIECE):
        rows = slice(start, start + PIECE)
        labels, groups = prepared.targets[target][rows], prepared.groups[rows]
        for name, wanted in parts.items():
            own = _chosen(prepared, wanted, rows)
            counts[name] += np.bincount(labels[own], minlength=len(classes))
            speakers[name][np.unique(groups[own & (groups >= 0)])] = True
        if prepared.spans is not None:
            frames = prepared.spans[rows, 1] - prepared.spans[rows, 0] - 2 * CONTEXT
            np.add.at(lengths, (labels, np.minimum(frames, _LONGEST)), 1)
    return {
        "digest": card["digest"],
        "target": target,
        "parts": {
            name: {
                "examples": int(counts[name].sum()),
                "speakers": int(speakers[name].sum()),
                "hours": _hours(card, speakers[name]),
                "ms": _quantiles(prepared, lengths.sum(0)) if name == ALL else None,
            }
            for name in parts
        },
        "classes": {
            label: {
                "counts": {name: int(counts[name][number]) for name in parts},
                "ms": _quantiles(prepared, lengths[number]),
            }
            for number, label in enumerate(classes)
        },
    }


def _parts(prepared: Prepared) -> dict[str, int | Sequence[int] | None]:
    """Name of every part to its number in the split, or to the speakers of a fold's test."""
    if prepared.split is not None:
        return {"train": TRAIN, "val": VALIDATION, "test": TEST, ALL: None}
    number = {name: index for index, name in enumerate(prepared.card["groups"])}
    folds = prepared.card["folds"]
    tested = [[number[name] for name in fold["test"]] for fold in folds]
    return {f"test of fold {fold}": own for fold, own in enumerate(tested)} | {ALL: None}


def _chosen(prepared: Prepared, wanted: int | Sequence[int] | None, rows: slice) -> np.ndarray:
    """Which of some examples are in a part, bool."""
    groups = prepared.groups[rows]
    if wanted is None:
        return np.ones(len(groups), bool)
    if isinstance(wanted, int):
        return prepared.split[rows] == wanted
    return np.isin(groups, wanted)


def _hours(card: Mapping[str, Any], speakers: np.ndarray) -> float | None:
    """Hours of audio of some speakers; None of data that are no speech."""
    if "audio" not in card:
        return None
    return round(float(np.array(card["audio"]["seconds"])[speakers].sum()) / 3600, 4)


def _quantiles(prepared: Prepared, lengths: np.ndarray) -> dict[str, float] | None:
    """Quantiles of durations from how often each number of frames occurs; None without any."""
    if prepared.spans is None or not lengths.any():
        return None
    below = np.cumsum(lengths)
    return {
        name: float(np.searchsorted(below, share / 100 * below[-1])) * _FRAME_MS
        for name, share in QUANTILES.items()
    }
