"""Unpack an archive, refusing what no data archive holds: links, ways out of its folder, bombs."""

import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from adsmtl.errors import UserError
from adsmtl.files import atomic_folder

#: Bytes that an archive may unpack to: this, or `GROWTH` times its own size if that is more.
HARMLESS = 1 << 30
GROWTH = 20  # sound and images shrink to a half at best

_DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error),
    # gzip and zip end early with EOFError; zip raises the other two on odd compression flags
    *(EOFError, NotImplementedError, RuntimeError),
)


def extract(archive: Path, folder: Path) -> None:
    """Unpack `archive` (.tar.gz, .tar.xz, .tar or .zip) as the new folder `folder`.

    Only plain files and folders are accepted. Links are refused wherever they point: a link inside
    the folder can lead a later member out of it.

    Raises:
        UserError: a member would leave the folder or is no plain file, the whole is far larger
            than the archive, the archive is damaged or of another format, or the disk is full.
            Nothing is left behind.
    """
    with atomic_folder(folder) as temporary:
        try:
            unpack = _unpack_zip if zipfile.is_zipfile(archive) else _unpack_tar
            unpack(archive, temporary)
        except _DAMAGED as error:
            raise _unreadable(archive, error) from error
        except OSError as error:
            if error.errno is None:  # gzip.BadGzipFile
                raise _unreadable(archive, error) from error
            raise


def _unpack_zip(archive: Path, folder: Path) -> None:
    check = _Check(archive)
    with zipfile.ZipFile(archive) as pack:
        for info in pack.infolist():
            # the upper half holds the Unix mode; 0 where the packer wrote none
            kind = (info.external_attr >> 16) & 0o170000
            check.member(info.filename, kind in (0, 0o100000, 0o040000), info.file_size)
        pack.extractall(folder)


def _unpack_tar(archive: Path, folder: Path) -> None:
    check = _Check(archive)

    def accepted(info: tarfile.TarInfo, target: str) -> tarfile.TarInfo | None:
        check.member(info.name, info.isreg() or info.isdir(), info.size)
        return tarfile.data_filter(info, target)

    with tarfile.open(archive) as pack:
        pack.extractall(folder, filter=accepted)
        # tarfile stops at the end marker; the checksum of the compression comes after it
        while pack.fileobj.read(1 << 20):
            pass


class _Check:
    """Refuses members. tarfile and zipfile would rename or follow some of them instead."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._left = max(HARMLESS, GROWTH * archive.stat().st_size)

    def member(self, name: str, plain: bool, size: int) -> None:
        """Raises UserError unless the member is `plain`, stays inside, and leaves the sum small."""
        path = PurePosixPath(name)
        self._left -= size
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            reason = "its path leaves the folder"
        elif not plain:
            reason = "it is a link or a special file"
        elif self._left < 0:
            reason = f"the whole would be more than {GROWTH} times as large as the archive"
        else:
            return
        raise UserError(
            f"{self._archive}: refused to unpack {name!r}: {reason}; "
            "get the archive from another source"
        )


def _unreadable(archive: Path, error: Exception) -> UserError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
    return UserError(
        f"{archive} cannot be unpacked ({reason}); it is damaged or of an unknown format: "
        "delete it and fetch it again"
    )
