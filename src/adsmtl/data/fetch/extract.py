"""Unpack an archive, refusing anything that could write outside its folder."""

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from adsmtl.errors import UserError
from adsmtl.files import atomic_folder

_DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error),
    # gzip and zip end early with EOFError; zip raises the other two on odd compression flags
    *(EOFError, NotImplementedError, RuntimeError),
)


def extract(archive: Path, folder: Path) -> None:
    """Unpack `archive` (.tar.gz, .tar.xz, .tar or .zip) as the new folder `folder`.

    Only plain files and folders are accepted. Links are refused wherever they point: data
    archives have none, and a link inside the folder can lead a later member out of it.

    Raises:
        UserError: a member would leave the folder or is no plain file, the archive is damaged or
            of another format, or the disk is full. Nothing is left behind.
    """
    with atomic_folder(folder) as temporary:
        try:
            for name, stream in _members(archive):
                target = temporary / _inside(archive, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as out:
                    shutil.copyfileobj(stream, out, 1 << 20)
        except _DAMAGED as error:
            raise _unreadable(archive, error) from error
        except OSError as error:
            if error.errno is None:  # gzip.BadGzipFile
                raise _unreadable(archive, error) from error
            raise


def _members(archive: Path) -> Iterator[tuple[str, BinaryIO]]:
    """The plain files of an archive, each with its open stream."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as pack:
            for info in pack.infolist():
                _inside(archive, info.filename)
                # the upper half holds the Unix mode; 0 where the packer wrote none
                kind = (info.external_attr >> 16) & 0o170000
                if kind not in (0, 0o100000, 0o040000):
                    raise _refused(archive, info.filename, "it is a link or a special file")
                if not info.is_dir():
                    with pack.open(info) as stream:
                        yield info.filename, stream
        return
    with tarfile.open(archive) as pack:
        for info in pack:
            _inside(archive, info.name)
            if info.isdir():
                continue
            if not info.isreg():
                raise _refused(archive, info.name, "it is a link or a special file")
            stream = pack.extractfile(info)
            assert stream is not None  # regular files always have one
            yield info.name, stream
        # tarfile stops at the end marker; the checksum of the compression comes after it
        while pack.fileobj.read(1 << 20):
            pass


def _inside(archive: Path, name: str) -> PurePosixPath:
    """`name` as a relative path that stays in its folder on any system."""
    path = PurePosixPath(name)
    if path.is_absolute() or PureWindowsPath(name).anchor:
        raise _refused(archive, name, "its path is absolute")
    if ".." in PureWindowsPath(name).parts:
        raise _refused(archive, name, "its path leaves the folder")
    return path


def _refused(archive: Path, name: str, reason: str) -> UserError:
    return UserError(
        f"{archive}: refused to unpack {name!r}: {reason}; get the archive from another source"
    )


def _unreadable(archive: Path, error: Exception) -> UserError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
    return UserError(
        f"{archive} cannot be unpacked ({reason}); it is damaged or of an unknown format: "
        "delete it and fetch it again"
    )
