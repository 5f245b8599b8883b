"""A few seconds of a corpus to listen to, where its licence lets them be passed on."""

from pathlib import Path

import numpy as np
import soundfile

from adsmtl.data.prepared import Card
from adsmtl.data.speech.features import SAMPLE_RATE

NAME = "clip.flac"
#: Seconds that a clip should last; a longer utterance is cut.
SHORTEST, LONGEST = 2.0, 5.0


def fits(samples: int) -> bool:
    """Whether an utterance of so many samples makes a clip without being cut."""
    return SHORTEST <= samples / SAMPLE_RATE <= LONGEST


def write(folder: Path, card: Card, samples: np.ndarray, words: str) -> None:
    """Write `clip.flac` and say in the card what it is.

    Args:
        folder: the prepared folder.
        card: has a `credit`, since nothing else may be passed on.
        samples: float `[S]` in [-1, 1] at 16 kHz.
        words: that are said in it.
    """
    if not card.get("credit"):
        raise ValueError(f"{card['dataset']} has nobody to credit, so it may not be passed on")
    kept = samples[: round(LONGEST * SAMPLE_RATE)]
    soundfile.write(folder / NAME, kept, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    cut = " (cut)" if len(kept) < len(samples) else ""
    card["clip"] = {"file": NAME, "words": f"{words}{cut}"}
