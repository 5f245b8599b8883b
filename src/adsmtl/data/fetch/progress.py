"""Progress on stderr: a bar for a person at a terminal, two plain lines for a log."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


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
