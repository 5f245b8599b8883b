"""Prepared speech of three speakers whose numbers are known: phones of 50 ms and of 200 ms."""

from pathlib import Path

import numpy as np

from adsmtl.data import cards
from adsmtl.data.speech import clip
from adsmtl.data.speech.segments import INPUT, Index, Segment

SPEAKERS = ("a", "b", "c")
FOLDS = [{"test": [own], "val": [other]} for own, other in zip("abc", "bca", strict=True)]


def make(folder: Path, fixed: bool, credit: str | None = None) -> Path:
    """Speaker n of three says n times `x`, 50 ms long, and once `y`, 200 ms long; nobody says `z`.

    Args:
        fixed: the first speaker trains, the second validates, the third tests; else three folds.
        credit: of the card; with it there is a clip.
    """
    folder.mkdir(exist_ok=True)
    index = Index(("x", "y", "z"), SPEAKERS, folder)
    for number, speaker in enumerate(SPEAKERS, start=1):
        short = [Segment(800 * place, 800 * (place + 1), "x") for place in range(number)]
        end = 800 * number
        index.add(speaker, end + 3200, [*short, Segment(end, end + 3200, "y")])
    card = {
        **{"dataset": "made", "title": "Made <speech>", "kind": "sequence", "embedded": False},
        **{"input": INPUT, "targets": {"phone": {"classes": ["x", "y", "z"]}}},
        **{"groups": list(SPEAKERS), "audio": index.audio()},
        "source": dict.fromkeys(("name", "origin", "sha256", "provenance", "licence"), "-"),
    }
    if not fixed:
        card["folds"] = FOLDS
    random = np.random.default_rng(0)
    if credit is not None:
        card["credit"] = credit
        clip.write(folder, card, random.normal(0, 0.1, 16_000), "x x y")
    cards.write(
        folder,
        card,
        inputs=[random.normal(size=(index.frames, 3, 40)).astype(np.float32)],
        targets={"phone": index.phones},
        groups=index.groups,
        spans=index.spans,
        split=index.groups.through(np.arange(3, dtype=np.int8)) if fixed else None,
    )
    return folder
