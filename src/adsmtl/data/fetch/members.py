"""What a member of an archive may be: a plain file or folder, inside, of a usable name and size."""

from pathlib import PurePosixPath

#: Bytes that an archive may unpack to: this, or `GROWTH` times its own size if that is more.
HARMLESS = 1 << 30
GROWTH = 20  # sound and images shrink to a half at best
MEMBERS = 1_000_000  # LibriSpeech's largest archive has about 150,000
NAME_BYTES = 255  # of one part of a path, on all usual file systems
PATH_BYTES = 2048  # leaves as much for the folder that it is unpacked to


def allowance(size: int) -> int:
    """Bytes that an archive of `size` bytes may unpack to."""
    return max(HARMLESS, GROWTH * size)


class Unacceptable(Exception):
    """What is wrong with an archive that is not damaged."""


class Check:
    """Looks at the members of one archive in turn. Libraries would rename or follow some of them.

    Args:
        size: bytes of the archive.
    """

    def __init__(self, size: int) -> None:
        self._left, self._count = allowance(size), 0
        self._files: set[PurePosixPath] = set()
        self._folders: set[PurePosixPath] = set()

    def member(self, name: str, kind: str, size: int) -> None:
        """Take note of a member.

        Args:
            kind: "file", "folder", or anything else for what is neither.
            size: bytes that it unpacks to.

        Raises:
            Unacceptable: it is not allowed; names it.
        """
        path = PurePosixPath(name)
        self._left -= size
        self._count += 1
        reason = self._fault(name, path, kind)
        if reason is not None:
            shown = name if len(name) <= 100 else f"{name[:100]}…"
            raise Unacceptable(f"refused to unpack {shown!r}: {reason}")
        (self._files if kind == "file" else self._folders).add(path)
        self._folders.update(path.parents)

    def end(self) -> None:
        """Raises Unacceptable if there was no file."""
        if not self._files:
            raise Unacceptable("it holds no file")

    def _fault(self, name: str, path: PurePosixPath, kind: str) -> str | None:
        parts = [len(part.encode(errors="surrogateescape")) for part in path.parts]
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            return "its path leaves the folder"
        if kind not in ("file", "folder"):
            return "it is a link or a special file"
        if any(ord(character) < 32 or ord(character) == 127 for character in name):
            return "its name has control characters"
        if max(parts, default=0) > NAME_BYTES or sum(parts) + len(parts) > PATH_BYTES:
            return "its name is too long"
        if kind == "file" and not parts:
            return "it has no name"
        if path in self._files and kind == "file":
            return "it is in the archive twice"
        other = self._folders if kind == "file" else self._files
        if path in other or not self._files.isdisjoint(path.parents):
            return "one name is both a file and a folder"
        if self._left < 0:
            return f"the whole would be more than {GROWTH} times as large as the archive"
        if self._count > MEMBERS:
            return f"there are more than {MEMBERS:,} members"
        return None
