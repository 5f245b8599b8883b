"""Progress on stderr: a bar for a person at a terminal, plain lines for a log."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

LINE_SECONDS = 30.0  # between two lines of one download in a log


def say(line: str) -> None:
    """One plain line on stderr."""
    print(line, file=sys.stderr, flush=True)


def track(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield `items`, showing how far `what` is."""
    if sys.stderr.isatty():
        yield from tqdm(items, what)
        return
    say(f"{what} …")
    start = time.perf_counter()
    yield from items
    say(f"{what}: {len(items):,} done in {time.perf_counter() - start:.1f} s")


class Received:
    """How much of a download is here and how long the rest will take. A context manager.

    Args:
        what: its name.
        here, total: bytes that are here already, and of the whole; None if nobody said.
    """

    def __init__(self, what: str, here: int, total: int | None) -> None:
        self._what, self._here, self._total = what, here, total
        self._first, self._start = here, time.perf_counter()
        self._said = self._start
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(
                desc=what, initial=here, total=total, unit="B", unit_scale=True, leave=False
            )

    def __enter__(self) -> "Received":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def add(self, count: int) -> None:
        """`count` more bytes are here."""
        self._here += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.perf_counter() - self._said >= LINE_SECONDS:
            self._said = time.perf_counter()
            say(self._line())

    def _line(self) -> str:
        line = f"{self._what}: {self._here / 1e6:,.1f} MB"
        rate = (self._here - self._first) / (time.perf_counter() - self._start)
        if not self._total:
            return f"{line}, {rate / 1e6:.2f} MB/s"
        left = tqdm.format_interval((self._total - self._here) / rate)
        return f"{line} of {self._total / 1e6:,.1f} MB, {rate / 1e6:.2f} MB/s, {left} left"
