"""Sound files of any kind that libsndfile reads, as one channel at 16 kHz."""

from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from adsmtl.data.speech import features
from adsmtl.errors import UserError

RATES = (4_000, 384_000)
#: A filter for a rate whose ratio to 16 kHz is no simpler would take gigabytes.
SIMPLE = 2_000


class Broken(UserError):
    """A sound file that cannot be used."""


class Sound(NamedTuple):
    """Samples float32 `[S]` at 16 kHz, and what the file has: rate, samples and channels."""

    samples: np.ndarray
    rate: int
    length: int
    channels: int


def read(path: Path) -> Sound:
    """The mean of the channels of a file, resampled to 16 kHz.

    Raises:
        Broken: it is unreadable, empty, silent, holds values that are no numbers, or has a rate
            that cannot be resampled; names it.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    # TypeError: raw samples, which do not say their rate
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise Broken(f"{path} cannot be read as audio: {error}") from error
    length, channels = samples.shape
    if not length:
        raise Broken(f"{path} holds no samples")
    common = gcd(rate, features.SAMPLE_RATE)
    if not RATES[0] <= rate <= RATES[1] or rate // common > SIMPLE:
        raise Broken(f"{path} has {rate:,} samples a second; convert it to 16,000")
    if not np.isfinite(samples).all():
        raise Broken(f"{path} holds samples that are no numbers")
    mono = samples.mean(axis=1, dtype=np.float32)
    if not mono.any():
        why = "its channels cancel each other" if samples.any() else "it is silent throughout"
        raise Broken(f"{path} cannot be used: {why}")
    if rate != features.SAMPLE_RATE:
        mono = features.resampled(mono, rate)
    return Sound(mono, rate, length, channels)
