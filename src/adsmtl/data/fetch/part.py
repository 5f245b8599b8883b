"""A part of a download, kept until the rest comes, and of which file it is a part."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from adsmtl import files
from adsmtl.errors import UserError
from adsmtl.validation import checked


@dataclass(frozen=True)
class Version:
    """What a server gave: a part of one version is never continued with another.

    Attributes:
        address: where it was asked for.
        digest: that the whole must have, "<algorithm>:<hexadecimal>".
        mark: its strong ETag, else its Last-Modified; None if the server stated neither.
        total: bytes of the whole; None if the server did not say.
    """

    address: str
    digest: str
    mark: str | None
    total: int | None


class Part:
    """`.<name>.part` beside the final file, and `.<name>.part.json`, which holds its `Version`.

    Attributes:
        path: of the part, which may be absent.
        version: None where nothing is there, or nothing that could be continued.
    """

    def __init__(self, target: Path, address: str, digest: str) -> None:
        """Take up what an earlier call left, if it came from `address` and is to be `digest`."""
        self.name = target.name
        self.path = self.path_of(target)
        self._record = self.path.with_name(f"{self.path.name}.json")
        self.version: Version | None = None
        try:
            found = checked(Version, files.read_json(self._record), str(self._record))
        except UserError:  # absent, or cut off: nothing that can be relied on
            return
        fits = (found.address, found.digest) == (address, digest)
        if fits and self.path.is_file():
            self.version = found

    @staticmethod
    def path_of(target: Path) -> Path:
        """Where the part of a file lies."""
        return target.with_name(f".{target.name}.part")

    @property
    def size(self) -> int:
        """Bytes that are here of the version."""
        return 0 if self.version is None else self.path.stat().st_size

    @property
    def whole(self) -> bool:
        """Whether as much is here as the server announced."""
        return self.version is not None and self.version.total == self.size

    def begin(self, version: Version) -> None:
        """Start from nothing."""
        self.discard()
        self.path.touch()
        files.write_json(self._record, asdict(version))
        self.version = version

    def more(self) -> BinaryIO:
        """The file, open for more bytes at its end."""
        return self.path.open("ab")

    def discard(self) -> None:
        """Delete it."""
        self.version = None
        # The record first: a part without one is never continued.
        self._record.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def finish(self, target: Path) -> None:
        """Give the file its final name."""
        self._record.unlink(missing_ok=True)
        self.path.replace(target)
        self.version = None
