"""The file of MLflow's database: who may write it, and what is done when it cannot be used.

Everything in it comes from results, so a database beyond repair is moved aside and filled anew.
"""

import errno
import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from adsmtl.errors import UserError

T = TypeVar("T")

PATIENCE = 5.0  # seconds that another program may lock the database
WAIT = 900.0  # seconds that another import may take
_FULL = ("disk is full", "disk i/o error", "no space left", "file too large", "quota exceeded")
_LOCKED = ("database is locked", "database table is locked")
_READ_ONLY = ("readonly database", "unable to open database", "permission denied")


class Broken(Exception):
    """The database cannot be repaired; the message says why, as part of a sentence."""


@contextmanager
def alone(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keep other imports from the database `path` meanwhile; wait for one that is under way.

    Args:
        say: takes the line that says that it waits.

    Raises:
        UserError: the other one takes longer than `WAIT`, or the folder cannot be written.
    """
    guard = path.with_name(f".{path.name}.import")
    try:
        stream = guard.open("w")
    except OSError as error:
        raise UserError(f"cannot write {guard}: {error.strerror}; make it writable") from error
    with stream:
        until, said = time.monotonic() + WAIT, False
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES) or time.monotonic() > until:
                    raise UserError(
                        f"another import holds {guard}; wait for it and call again"
                    ) from error
            if not said:
                say(f"waiting for another import into {path}")
                said = True
            time.sleep(0.2)
        yield


def require_usable(path: Path) -> None:
    """Look at a database before MLflow does, which would wait or leave a traceback.

    Raises:
        UserError: it is locked, cannot be written, or the disk is full.
        Broken: it is no database, damaged, or left by a migration that did not end.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise UserError(f"{path} is no file; move it away")

    def look() -> tuple[str, set[str]]:
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in found}
            return connection.execute("PRAGMA quick_check(1)").fetchone()[0], tables
        finally:
            connection.close()

    answer, tables = translated(path, look)
    if answer != "ok":
        raise Broken(f"it is damaged ({answer.splitlines()[0]})")
    if tables and "alembic_version" not in tables:
        raise Broken("its tables were not all made")


def translated(path: Path, act: Callable[[], T]) -> T:
    """What `act` returns; whatever MLflow, SQLite or the disk say of the database, in our words.

    Other errors pass: they are faults of this package, and no reason to touch the file.

    Raises:
        UserError: the database is locked, cannot be written, or the disk is full.
        Broken: SQLite or a migration failed for another reason.
    """
    try:
        return act()
    except (UserError, Broken):
        raise
    except Exception as error:  # whichever of SQLite, SQLAlchemy, Alembic and MLflow words it
        text = str(error)
        reason = text.splitlines()[0] if text else type(error).__name__
        known = text.lower()
        if any(words in known for words in _LOCKED):
            raise UserError(
                f"{path} is locked by another program; close what writes it and call again"
            ) from error
        if any(words in known for words in _FULL) or _is_full(error):
            raise UserError(
                f"cannot write {path}: {reason}; free space there and call again, which mends what "
                "was left half done"
            ) from error
        if any(words in known for words in _READ_ONLY) or isinstance(error, PermissionError):
            raise UserError(f"cannot write {path}: {reason}; make it writable") from error
        own = type(error).__module__.partition(".")[0] in ("sqlite3", "sqlalchemy", "alembic")
        if own or "sqlite3." in text or "database schema" in known:
            raise Broken(reason) from error
        raise


def _is_full(error: Exception) -> bool:
    full = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    return isinstance(error, OSError) and error.errno in full


def move_aside(path: Path) -> Path:
    """Move a database and its journals out of the way, and return where it lies now."""
    stamp, count = time.strftime("%Y%m%d-%H%M%S"), 0
    target = path.with_name(f"{path.name}.broken-{stamp}")
    while target.exists():
        count += 1
        target = path.with_name(f"{path.name}.broken-{stamp}-{count}")
    for suffix in ("-wal", "-shm", "-journal"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(target.with_name(target.name + suffix))
    path.rename(target)
    return target
