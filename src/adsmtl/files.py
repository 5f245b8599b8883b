"""Files that are either whole or absent, and their digests."""

import errno
import fcntl
import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from adsmtl.errors import UserError

_DRAWN = "[a-z0-9_]" * 8  # what `tempfile` puts behind a prefix

#: What to do where a file cannot be written and neither space nor permission is missing.
_REMEDIES = {
    **dict.fromkeys(
        (errno.EEXIST, errno.ENOTDIR, errno.EISDIR),
        "a file and a folder would bear one name: move away what is there",
    ),
    errno.ENAMETOOLONG: "choose a folder with a shorter path",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make the folder of `path`; an error of the operating system in the block names `path`.

    Raises:
        UserError: instead of that error.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = _REMEDIES.get(error.errno, "free space there or make it writable")
        message = f"cannot write {path}: {reason}; {remedy}"
        raise UserError(message) from error


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; it takes the real name only if the block succeeds.

    Raises:
        UserError: the folder cannot be written or the disk is full; names the path.
    """
    with writing(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o644)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Like `atomic` for a whole folder: `path` is replaced only when the block succeeds.

    What a killed process left of an earlier attempt is deleted.
    """
    prefix = f".{path.name}-"
    with writing(path), ExitStack() as held:
        for left in path.parent.glob(glob.escape(prefix) + _DRAWN):
            with _locked(left) as free:
                if free:
                    shutil.rmtree(left, ignore_errors=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=prefix))
        held.enter_context(_locked(temporary))
        try:
            yield temporary
            temporary.chmod(0o755)
            if path.exists():
                shutil.rmtree(path)
            os.replace(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Whether `folder` could be locked, as nobody else holds it; it is until the block ends."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except OSError:  # somebody holds it, or the file system has no locks
            free = False
        yield free
    finally:
        os.close(handle)


def copy_file(source: Path, target: Path) -> None:
    """Copy the content of a file atomically."""
    with atomic(target) as temporary:
        shutil.copyfile(source, temporary)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON atomically; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UserError: the file is missing or no JSON; names it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; run the step that makes it") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid JSON ({error}); delete it and run again") from error


def expanded(path: str) -> Path:
    """`path` with `~` and `~name` replaced by a home.

    Raises:
        UserError: nobody here is called so.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(f"{path}: {error}; write the whole path") from error


def lock(handle: int | IO[Any], how: int) -> None:
    """`fcntl.flock`; without effect on a file system that has no such locks.

    Raises:
        BlockingIOError: `how` has `LOCK_NB`, and another process holds the lock.
    """
    try:
        fcntl.flock(handle, how)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK):
            raise


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: Any) -> str:
    """SHA-256 of a JSON-able value, independent of the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
