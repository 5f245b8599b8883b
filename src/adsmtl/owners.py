"""Calls of Snakemake that are at work in a folder, and locks that one left when it died.

Snakemake's own locks do not say whose they are, so after a power cut they would stay until somebody
removes them. Every call therefore holds a file of its own open under an advisory lock of the
operating system, which ends with the process however that ends.
"""

import atexit
import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from adsmtl.files import lock

OWNERS, LOCKS = "owners", "locks"  # below Snakemake's folder; the second is Snakemake's

_held: list[IO[str]] = []  # what is open here stays open as long as the process lives


def claim(folder: Path, say: Callable[[str], None]) -> list[str]:
    """Note that this process works in a project, and release the locks of dead ones.

    Locks are released only where one who worked here is dead, and nobody else is alive. One on
    another host counts as alive, because not every shared file system passes its lock on.

    Args:
        folder: Snakemake's folder, `.snakemake`.
        say: takes a line for every dead process whose locks are released.

    Returns:
        The living, each in words.
    """
    owners = folder / OWNERS
    owners.mkdir(parents=True, exist_ok=True)
    # Before others are looked for: of two that start at once, one at least sees the other.
    own = _hold(owners / f"{socket.gethostname()}-{os.getpid()}.json")
    living, dead = [], []
    for path in sorted(owners.glob("*.json")):
        if path != own:
            (dead if _is_dead(path) else living).append(path)
    described = [_described(path) for path in living]
    if not living:
        for path in dead:
            if any((folder / LOCKS).glob("*.lock")):
                say(f"{_described(path)} is dead; its locks are released, the study goes on")
                shutil.rmtree(folder / LOCKS)
                (folder / LOCKS).mkdir()
            path.unlink(missing_ok=True)
    return described


def _hold(path: Path) -> Path:
    stream = path.open("w", encoding="utf-8")
    lock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": since}, stream)
    stream.flush()
    _held.append(stream)
    atexit.register(path.unlink, missing_ok=True)
    return path


def _is_dead(path: Path) -> bool:
    if not path.name.startswith(f"{socket.gethostname()}-"):
        return False
    try:
        with path.open(encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:  # it has just ended
        return True
    except OSError:  # held, or the file system has no such locks
        return False
    return True


def _described(path: Path) -> str:
    """Who a file speaks of; a power cut can leave it empty, and then its name says it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return f"process {found['pid']} on {found['host']}, at work since {found['since']},"
    except (OSError, ValueError, KeyError, TypeError):
        return f"the process of {path.name}"
