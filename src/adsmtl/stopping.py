"""SIGTERM, which a cluster sends before it kills: everything stops, as at SIGINT.

Snakemake waits for running jobs when it gets SIGTERM, and leaves them behind when it is killed.
Here its jobs get the signal too, and a job whose Snakemake is gone stops by itself.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil

CALLER = "ADSMTL_CALLER"  # names the process of Snakemake to its jobs
SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
PATIENCE = 3.0  # seconds that a job has to end by itself, before it is killed
LOOK = 1.0  # seconds between looks at the caller


class Terminated(KeyboardInterrupt):
    """SIGTERM; whoever cleans up at an interruption cleans up now."""


@contextmanager
def interruptible() -> Iterator[None]:
    """In the block SIGTERM raises `Terminated`, and so does the end of the process that `CALLER`
    names. Only the main thread can have it so; in others nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    ended = threading.Event()
    caller = os.environ.get(CALLER)
    if caller is not None:
        threading.Thread(target=_follow, args=(caller, ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def _follow(caller: str, ended: threading.Event) -> None:
    """Send this process SIGTERM when the caller has gone."""
    while not ended.wait(LOOK):
        if not _lives(caller):
            os.kill(os.getpid(), signal.SIGTERM)
            return


def name_caller() -> None:
    """Tell the processes that this one starts that they end with it."""
    os.environ[CALLER] = _stamp(psutil.Process())


def _stamp(process: psutil.Process) -> str:
    return f"{process.pid}@{process.create_time()}"  # a number alone may come again


def _lives(stamp: str) -> bool:
    try:
        process = psutil.Process(int(stamp.partition("@")[0]))
        return _stamp(process) == stamp and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pass_on_sigterm() -> None:
    """At SIGTERM this process does what it did before, and its jobs get the signal too.

    What is left after `PATIENCE` is killed.
    """
    before = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        if callable(before):
            before(number, frame)
        _signal_jobs(signal.SIGTERM)
        time.sleep(PATIENCE)
        _signal_jobs(signal.SIGKILL)

    def handler(number: int, frame: FrameType | None) -> None:
        # Apart, because the interrupted thread may hold what the old handler waits for.
        threading.Thread(target=stop, args=(number, None), daemon=True).start()

    signal.signal(signal.SIGTERM, handler)


def _signal_jobs(number: int) -> None:
    for job in jobs(psutil.Process()):
        try:
            job.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def jobs(process: psutil.Process) -> Iterator[psutil.Process]:
    """The processes that the shells below a process run; a shell ends with what it runs."""
    try:
        children = process.children()
    except psutil.NoSuchProcess:
        return
    for child in children:
        try:
            name = child.name()
        except psutil.NoSuchProcess:
            continue
        if name in SHELLS:
            yield from jobs(child)
        else:
            yield child
