"""`SHA256SUMS`: what the files of a folder were when they were written.

The file has the format of `sha256sum`, so `sha256sum --check SHA256SUMS` says the same as this
module. Whoever can write the files can write their digests: a seal finds what was damaged or
edited, not what was forged together with it.
"""

import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from adsmtl.errors import UserError
from adsmtl.files import lock, sha256, write_text

FILE = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64}) [ *]([^/\n]+)")


def write(folder: Path, digests: Mapping[str, str]) -> None:
    """Seal a folder with the digests of its files, by name."""
    write_text(folder / FILE, "".join(f"{own}  {name}\n" for name, own in sorted(digests.items())))


def update(folder: Path, names: Iterable[str] = (), drop: Iterable[str] = ()) -> None:
    """Enter the digests that files have now, and strike out others; the rest stays as it is.

    Processes that write different files of one folder may call this at once. A seal that cannot be
    read is begun anew.

    Args:
        folder: may be missing; then there is nothing to seal.
        names: of files in the folder.
        drop: names that need not be sealed.
    """
    if not folder.is_dir():
        return
    with _alone(folder):
        try:
            before = read(folder)
        except UserError:
            before = {}
        known = {name: own for name, own in (before or {}).items() if name not in set(drop)}
        known |= {name: sha256(folder / name) for name in names}
        if known != before and (known or before is not None):
            write(folder, known)


def read(folder: Path) -> dict[str, str] | None:
    """The sealed digests by name; None where the folder has no seal.

    Raises:
        UserError: the file is not in the format of `sha256sum`.
    """
    path = folder / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is damaged: it is not UTF-8") from error
    found = [_LINE.fullmatch(line) for line in lines]
    if None in found:
        raise UserError(f"{path} is damaged: line {found.index(None) + 1} is no digest and name")
    return {match[2]: match[1] for match in found if match}


def differing(folder: Path) -> dict[str, str]:
    """By name, what is wrong with a sealed file: `was changed` or `is missing`.

    Every byte of the files is read. A folder without a seal has nothing to differ from.
    """
    try:
        sealed = read(folder) or {}
    except UserError:
        return {FILE: "is damaged"}
    wrong = {}
    for name, own in sealed.items():
        if not (folder / name).is_file():
            wrong[name] = "is missing"
        elif sha256(folder / name) != own:
            wrong[name] = "was changed"
    return wrong


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from sealing the folder meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        lock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
