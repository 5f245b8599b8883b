"""What lies beside an archive: where it came from, or why it was refused.

`source.json` is of the archive that is here. `refused.json` is of one that was verified and then
could not be unpacked; it lies there as `<file>.refused`, does not count as present, and no place
that offers the same bytes is asked for them again.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adsmtl import files
from adsmtl.data.dataset import Archive
from adsmtl.data.fetch.extract import Refused
from adsmtl.errors import UserError

SOURCE = "source.json"
REFUSED = "refused.json"
ALGORITHMS = ("sha256", "md5")  # of the digests by which archives are known


def digest(path: Path, algorithm: str) -> str:
    """Digest of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def write_source(content: Path, target: Path, origin: str, archive: Archive) -> None:
    """Say where an archive came from.

    It is written before the archive gets its name: without it, one that differs from upstream's
    would pass for a damaged one if the process ended in between.

    Args:
        content: where the archive is now.
        target: its final name.
        origin: "mirror" or "upstream".
        archive: as that place has it.
    """
    record = {
        "name": target.name,
        "origin": origin,
        "sha256": files.sha256(content),
        "bytes": content.stat().st_size,
        "provenance": archive.provenance,
        "licence": archive.licence,
    }
    files.write_json(target.parent / SOURCE, record)


@contextmanager
def judged() -> Iterator[None]:
    """An archive that the block refuses is set aside.

    Raises:
        UserError: the block refused one; says why and where it is now.
    """
    try:
        yield
    except Refused as error:
        path = error.archive
        kept = path.with_name(f"{path.name}.refused")
        record = {
            "file": kept.name,
            "reason": error.reason,
            **{algorithm: digest(path, algorithm) for algorithm in ALGORITHMS},
        }
        with files.writing(kept):
            files.write_json(path.parent / REFUSED, record)
            path.replace(kept)
            (path.parent / SOURCE).unlink(missing_ok=True)
        raise UserError(
            f"{error}. It now lies in {kept} and is not used any more; the next call takes "
            f"it from a place that has other bytes. Delete {path.parent / REFUSED} to try "
            "the same ones again"
        ) from error


def refused(archive: Archive, folder: Path) -> str | None:
    """Why these very bytes were refused before, or None."""
    path = folder / REFUSED
    if not path.is_file():
        return None
    record = files.read_json(path)
    algorithm, _, expected = archive.digest.partition(":")
    try:
        same = record[algorithm] == expected
        return f"refused before: {record['reason']} (see {path})" if same else None
    except (KeyError, TypeError) as error:
        raise UserError(f"{path} lacks {error}; delete it") from error
