"""Folders and archives that a person named: opened, searched, and condensed to a digest."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adsmtl.data import folds
from adsmtl.data.fetch.extract import extract
from adsmtl.errors import UserError

#: What folders, and values of a column `split`, may call the parts of a split.
SPLITS: dict[str, int] = {
    **dict.fromkeys(("train", "training"), folds.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev"), folds.VALIDATION),
    **dict.fromkeys(("test", "testing"), folds.TEST),
}


_OFFICE = (".xlsx", ".xls", ".ods", ".numbers", ".txt")  # the first ones are archives by nature


@contextmanager
def opened(path: Path, scratch: Path) -> Iterator[Path]:
    """The folder `path`, or that of what an archive holds while the block runs.

    A folder that is all that an archive holds is entered. Messages name the archive.

    Args:
        scratch: an existing folder that takes the unpacked files.

    Raises:
        UserError: as `extract`.
    """
    if path.is_dir():
        yield path
        return
    if path.suffix.lower() in _OFFICE:
        raise UserError(f"{path} is neither a folder, an archive nor a table; save it as .csv")
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".unpacked-") as own:
        unpacked = Path(own) / "files"
        extract(path, unpacked)
        root = unpacked
        while len(inner := visible(root)) == 1 and inner[0].is_dir():
            root = inner[0]
        try:
            yield root
        except UserError as error:
            # the unpacked files are gone by the time the message is read
            raise UserError(str(error).replace(str(unpacked), str(path))) from error


def visible(folder: Path) -> list[Path]:
    """What lies in a folder, by name, without what operating systems add.

    Raises:
        UserError: the folder cannot be read, or a name is not UTF-8.
    """
    try:
        found = sorted(path for path in folder.iterdir() if not _hidden(path.name))
    except OSError as error:
        raise unreadable(error) from error
    return [_named(path) for path in found]


def below(folder: Path) -> list[Path]:
    """All files below a folder, by path, without what operating systems add; links are followed.

    Raises:
        UserError: a folder cannot be read, a link leads nowhere, or a name is not UTF-8.
    """

    def refuse(error: OSError) -> None:
        raise unreadable(error)

    found, seen = [], {os.path.realpath(folder)}
    for top, folders, names in os.walk(folder, followlinks=True, onerror=refuse):
        folders[:] = [name for name in folders if not _hidden(name)]
        for name in list(folders):  # a link can lead back to where it lies
            real = os.path.realpath(os.path.join(top, name))
            folders.remove(name) if real in seen else seen.add(real)
        found += [os.path.join(top, name) for name in names if not _hidden(name)]
    files = [_named(Path(path)) for path in sorted(found)]
    if lost := [path for path in files if not path.exists()]:
        raise UserError(f"{lost[0]} is a link that leads nowhere; get its file, or delete it")
    return [path for path in files if path.is_file()]


def _named(path: Path) -> Path:
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        raise UserError(f"{shown} has a name that is not UTF-8; rename it") from error
    return path


def unreadable(error: OSError) -> UserError:
    """What to say of a file or a folder that cannot be read."""
    return UserError(f"{error.filename} cannot be read: {error.strerror}; make it readable")


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def parts(root: Path) -> dict[int, Path] | None:
    """The folders of a split, where the folders in `root` have no other names, else None.

    Raises:
        UserError: two are for the same part, or some have such names and others not.
    """
    found: dict[int, Path] = {}
    folders = [path for path in visible(root) if path.is_dir()]
    others = [path for path in folders if path.name.lower() not in SPLITS]
    if len({SPLITS[path.name.lower()] for path in folders if path not in others}) > 1 and others:
        raise UserError(
            f"{others[0]} lies beside the folders of a split; move it away, or rename these if they"
            " are classes"
        )
    if not folders or others:
        return None
    for path in folders:
        part = SPLITS[path.name.lower()]
        if part in found:
            raise UserError(f"{path} and {found[part]} are the same part of a split; join them")
        found[part] = path
    return found


def part_of(value: str, place: str) -> int:
    """The part of a split that a table names; raises UserError for another word."""
    if value.lower() not in SPLITS:
        raise UserError(f"{place}: split is {value!r}; write train, val or test")
    return SPLITS[value.lower()]


def inside(root: Path, name: str, place: str, unpacked: bool) -> Path:
    """The file that a table calls `name`, relative to `root`.

    Raises:
        UserError: it is missing, or lies outside an archive that was unpacked; names `place`.
    """
    path = root / name
    if unpacked and not path.resolve().is_relative_to(root.resolve()):
        raise UserError(f"{place}: {name} lies outside the archive")
    if not path.is_file():
        raise UserError(f"{place}: {path} is missing")
    return path


def digest(root: Path, files: Iterable[Path]) -> str:
    """One SHA-256 over files and what they are called below `root`."""
    total = hashlib.sha256()
    for path in files:
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        total.update(f"{name}\0".encode())
        try:
            with path.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise unreadable(error) from error
    return total.hexdigest()


def fingerprint(path: Path) -> str:
    """Digest of names, sizes and times of what lies at a path: cheap, and another after a change.

    The empty text where there is nothing.
    """
    if not path.exists():
        return ""
    files = below(path) if path.is_dir() else [path]
    total = hashlib.sha256()
    for own in files:
        state = own.stat()
        total.update(f"{own}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return total.hexdigest()[:12]
