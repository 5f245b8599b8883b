"""Unpack an archive, refusing what no data archive holds: links, ways out of its folder, bombs."""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from adsmtl.data.fetch.members import GROWTH, Check, Unacceptable, allowance
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder

#: First bytes of a compressed tar, and what reads it.
_COMPRESSIONS = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\x00": lzma.open}
_BLOCK = 16 << 20  # tarfile reads files in small blocks, but a header at once, however long

_DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error),
    # gzip and zip end early with EOFError; zip raises the others on odd flags, names and sizes
    *(EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError),
)


class Refused(UserError):
    """An archive that cannot or must not be unpacked.

    Attributes:
        archive: its path.
        reason: without the path.
    """

    def __init__(self, archive: Path, reason: str) -> None:
        super().__init__(f"{archive}: {reason}; get it from another source")
        self.archive, self.reason = archive, reason


def extract(archive: Path, folder: Path) -> None:
    """Unpack `archive` (.tar.gz, .tar.xz, .tar or .zip) as the new folder `folder`.

    Only plain files and folders are accepted. Links are refused wherever they point: a link inside
    the folder can lead a later member out of it.

    Raises:
        Refused: a member would leave the folder, is no plain file, or bears a name that cannot be
            one; the whole is far larger than the archive; or the archive is damaged, empty or of
            another format. Nothing is left behind.
        UserError: the folder cannot be written, or the disk is full.
    """
    with atomic_folder(folder) as temporary:
        check = Check(archive.stat().st_size)
        try:
            unpack = _unpack_zip if zipfile.is_zipfile(archive) else _unpack_tar
            unpack(archive, temporary, check)
            check.end()
        except Unacceptable as error:
            raise Refused(archive, str(error)) from error
        except _DAMAGED as error:
            raise _unreadable(archive, error) from error
        except OSError as error:
            if error.errno is None:  # gzip.BadGzipFile
                raise _unreadable(archive, error) from error
            raise


def _unpack_zip(archive: Path, folder: Path, check: Check) -> None:
    with zipfile.ZipFile(archive) as pack:
        for info in pack.infolist():
            # the upper half holds the Unix mode; 0 where the packer wrote none
            mode = (info.external_attr >> 16) & 0o170000
            plain = mode == (0o040000 if info.is_dir() else 0o100000) or not mode
            kind = "folder" if info.is_dir() else "file"
            # `orig_filename`, since `filename` ends where a NUL is
            check.member(info.orig_filename, kind if plain else "other", info.file_size)
        pack.extractall(folder)


def _unpack_tar(archive: Path, folder: Path, check: Check) -> None:
    def accepted(info: tarfile.TarInfo, target: str) -> tarfile.TarInfo | None:
        plain = info.isreg() and not info.issparse()
        kind = "file" if plain else "folder" if info.isdir() else "other"
        check.member(info.name, kind, info.size)
        return tarfile.data_filter(info, target)

    with archive.open("rb") as raw:
        start = raw.read(max(map(len, _COMPRESSIONS)))
    opened = next((way for magic, way in _COMPRESSIONS.items() if start.startswith(magic)), open)
    with opened(archive, "rb") as stream:
        bounded = _Bounded(stream, allowance(archive.stat().st_size))
        with tarfile.open(fileobj=bounded, mode="r:") as pack:
            pack.extractall(folder, filter=accepted)
        # tarfile stops at the end marker; the checksum of the compression comes after it
        while bounded.read(1 << 20):
            pass


class _Bounded:
    """A stream of which neither too much at once nor too much in all is read.

    tarfile reads the headers of long names at once, and what follows the last member is in no
    member's size: both are places for a bomb.
    """

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        if size > _BLOCK:
            raise Unacceptable("a header in it is longer than any name")
        content = self._stream.read(size)
        self._require(self._stream.tell())
        return content

    def seek(self, position: int) -> int:
        self._require(position)
        return self._stream.seek(position)

    def _require(self, position: int) -> None:
        # headers and padding come on top of the files
        if position > 2 * self._limit:
            raise Unacceptable(f"it unpacks to more than {GROWTH} times its size")


def _unreadable(archive: Path, error: Exception) -> Refused:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
    return Refused(archive, f"cannot be unpacked ({reason}): it is damaged or of an unknown format")
