"""Small stand-ins for the real archives."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from adsmtl.data.corpora import cifar10
from adsmtl.data.fetch import mirrors
from adsmtl.data.prepared import Source

SOURCE: Source = {
    "name": "fake",
    "origin": "local",
    "sha256": "0" * 64,
    "provenance": "made in a test",
    "licence": "none",
}
SAMPLE_SPEAKERS = tuple(f"dr{n}-{sex}ab{n}0" for n in range(1, 9) for sex in "fm")
LABELS = "0 800 h#\n800 1600 sh\n1600 1660 q\n1660 3200 h#\n"

needs_mirror = pytest.mark.skipif(
    not os.environ.get(mirrors.MIRROR), reason=f"{mirrors.MIRROR} names no mirror"
)


def cifar_files(records: int = 40) -> dict[str, bytes]:
    """The six files of the binary version; image n of a file is filled with its label + 10."""
    labels = np.arange(records, dtype=np.uint8) % 10
    pixels = np.repeat(labels[:, None] + 10, 3072, axis=1)
    content = np.concatenate([labels[:, None], pixels], axis=1).astype(np.uint8).tobytes()
    return {
        f"cifar-10-batches-bin/{name}": content
        for name in (*cifar10.TRAIN_FILES, cifar10.TEST_FILE)
    }


def make_tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:xz" if path.suffix == ".xz" else "w:gz") as pack:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            pack.addfile(info, io.BytesIO(content))
    return path


def audio(length: int = 3200, sphere: bool = False, seed: int = 0) -> bytes:
    """Quiet noise at 16 kHz as the bytes of a RIFF or NIST SPHERE file."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).normal(0, 0.01, length)
    kind = "NIST" if sphere else "WAV"
    soundfile.write(buffer, noise, 16_000, format=kind, subtype="PCM_16")
    return buffer.getvalue()


def sample_files(speakers: tuple[str, ...] = SAMPLE_SPEAKERS) -> dict[str, bytes]:
    """The public sample's layout: two sentences of each speaker, one of them an SA sentence."""
    members = {"timit/README": b"not a recording"}
    for number, speaker in enumerate(speakers):
        for sentence in ("sa1", "si10"):
            members[f"timit/{speaker}/{sentence}.wav"] = audio(seed=number, sphere=number == 3)
            members[f"timit/{speaker}/{sentence}.phn"] = LABELS.encode()
    return members


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in members.items():
            pack.writestr(name, content)
    return path
