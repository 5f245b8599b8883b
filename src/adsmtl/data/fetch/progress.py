"""Progress on stderr: a bar for a person at a terminal, two plain lines for a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.progress import track as rich_track

T = TypeVar("T")


def say(line: str) -> None:
    """One plain line on stderr."""
    print(line, file=sys.stderr, flush=True)


def track(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield `items`, showing how far `what` is."""
    if sys.stderr.isatty():
        yield from rich_track(items, what, total=total, console=Console(stderr=True))
        return
    say(f"{what} …")
    start, number = time.perf_counter(), 0
    for item in items:
        yield item
        number += 1
    say(f"{what}: {number:,} done in {time.perf_counter() - start:.1f} s")


class _Bytes:
    """What pooch's downloader asks of a progress bar (it sets `total`)."""

    def __init__(self, bar: Progress, what: str) -> None:
        self._bar, self._task = bar, bar.add_task(what, total=None)
        self.total = 0

    def update(self, count: int) -> None:
        self._bar.update(self._task, total=self.total or None, advance=count)

    def reset(self) -> None:
        # pooch resets and adds the total once more at the end
        self._bar.reset(self._task)

    def close(self) -> None:
        self._bar.stop()


@contextmanager
def download_bar(what: str) -> Iterator[_Bytes | None]:
    """A bar for a download, or None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=Console(stderr=True)) as bar:
        yield _Bytes(bar, what)
