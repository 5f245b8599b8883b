"""A table of alignments that grows utterance by utterance, so that no work is done twice.

One line of JSON for each utterance: `{"name", "digest", "samples", "starts", "phones"}`, or with
`"failed"`, the reason, in place of the last three. The digest is that of audio, words and
aligner; a line with another one is not used, and a line cut off by a crash is dropped.
"""

import hashlib
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from adsmtl.data.fetch import progress
from adsmtl.data.speech import aligner, features
from adsmtl.data.speech.pronunciation import words_of
from adsmtl.data.speech.segments import Segment
from adsmtl.errors import UserError

TOLD_EVERY = 30.0  # seconds between lines of progress
WAITING = 4  # utterances that each process has in its queue


class Spoken(NamedTuple):
    """An utterance that is to be aligned."""

    name: str
    text: str
    path: Path | None


class Aligned(NamedTuple):
    """An utterance in the table: its phones, or why it has none."""

    samples: int
    segments: tuple[Segment, ...]
    failed: str | None


Reader = Callable[[Path | None], np.ndarray]


class Table:
    """The alignments of certain utterances, in a .jsonl file."""

    def __init__(
        self, path: Path, spoken: Sequence[Spoken], pronunciations: Mapping[str, str]
    ) -> None:
        """Read all audio once for its digest.

        Args:
            path: of the file, which need not exist.
            pronunciations: of words that the dictionary lacks.
        """
        self._path, self._spoken, self._pronunciations = path, spoken, pronunciations
        state = aligner.state()
        self._digests = {one.name: _digest(one, pronunciations, state) for one in spoken}

    def fill(self, read: Reader, processes: int) -> None:
        """Align what the table lacks.

        Args:
            read: reads samples of a path, and raises `Unalignable` where it cannot; a function of
                a module, because other processes call it.
            processes: that align at once.

        Raises:
            UserError: a process died, or the table cannot be written. What was aligned is kept.
        """
        try:
            self._fill(read, processes)
        except BrokenProcessPool as error:
            raise UserError(
                f"a process that aligned speech died; {self._path} keeps what was done: run again"
            ) from error
        except OSError as error:
            reason = f"cannot write {self._path}: {error.strerror}"
            raise UserError(f"{reason}; free space there") from error

    def _fill(self, read: Reader, processes: int) -> None:
        known = self._offsets()
        left = [one for one in self._spoken if self._key(one) not in known]
        if not left:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        told = _Progress(len(left), len(self._spoken))
        # torch's threads do not survive a fork
        context = multiprocessing.get_context("spawn")
        start = _start, (read, self._pronunciations)
        _end_last_line(self._path)
        with (
            self._path.open("a", encoding="utf-8") as stream,
            ProcessPoolExecutor(processes, context, *start) as pool,
        ):
            for row in _in_turn(pool, map(self._job, left), WAITING * processes):
                stream.write(json.dumps(row, separators=(",", ":")) + "\n")
                stream.flush()
                told.one_more(row.get("samples", 0))

    def rows(self) -> Iterator[tuple[Spoken, Aligned]]:
        """Every utterance with its line of the table, in the order in which they were given.

        Raises:
            UserError: an utterance has none.
        """
        known = self._offsets()
        with self._path.open("rb") as stream:
            for one in self._spoken:
                if self._key(one) not in known:
                    raise UserError(f"{self._path} lacks {one.name}; run `adsmtl prepare` again")
                stream.seek(known[self._key(one)])
                yield one, _aligned(json.loads(stream.readline()))

    def _key(self, one: Spoken) -> tuple[str, str]:
        return one.name, self._digests[one.name]

    def _job(self, one: Spoken) -> tuple[Spoken, str]:
        return one, self._digests[one.name]

    def _offsets(self) -> dict[tuple[str, str], int]:
        """Where the line of each utterance begins."""
        found: dict[tuple[str, str], int] = {}
        if not self._path.exists():
            return found
        offset = 0
        with self._path.open("rb") as stream:
            for line in stream:
                with suppress(ValueError, KeyError, TypeError):  # cut off by a crash
                    row = json.loads(line)
                    found[row["name"], row["digest"]] = offset
                offset += len(line)
        return found


def _digest(one: Spoken, pronunciations: Mapping[str, str], state: str) -> str:
    total = hashlib.sha256(state.encode())
    own = {word: pronunciations.get(word) for word in words_of(one.text)}
    total.update(json.dumps([one.text, own], sort_keys=True).encode())
    if one.path is not None:
        total.update(one.path.read_bytes())
    return total.hexdigest()[:16]


def _aligned(row: Mapping[str, Any]) -> Aligned:
    if "failed" in row:
        return Aligned(0, (), row["failed"])
    starts, phones = row["starts"], row["phones"].split()
    ends = [*starts[1:], row["samples"]]
    segments = tuple(map(Segment, starts, ends, phones))
    return Aligned(row["samples"], segments, None)


def _end_last_line(table: Path) -> None:
    if table.exists() and table.stat().st_size:
        with table.open("rb+") as stream:
            stream.seek(-1, 2)
            if stream.read(1) != b"\n":
                stream.write(b"\n")


def _in_turn(
    pool: ProcessPoolExecutor, left: Iterator[tuple[Spoken, str]], waiting: int
) -> Iterator[dict[str, Any]]:
    """Rows as they are done, with few utterances in the queue at any time."""
    running: set[Future] = set()
    while True:
        while len(running) < waiting and (one := next(left, None)) is not None:
            running.add(pool.submit(_row, *one))
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


class _Progress:
    """Lines that say how far it is and how long it takes."""

    def __init__(self, left: int, total: int) -> None:
        self._left, self._total, self._done, self._samples = left, total, 0, 0
        self._began = self._told = time.monotonic()
        progress.say(f"alignment: {left:,} of {total:,} utterances to do")

    def one_more(self, samples: int) -> None:
        self._done += 1
        self._samples += samples
        now = time.monotonic()
        every = 1.0 if sys.stderr.isatty() else TOLD_EVERY
        if now - self._told < every and self._done < self._left:
            return
        self._told = now
        spent = now - self._began
        rest = spent / self._done * (self._left - self._done)
        hours = self._samples / features.SAMPLE_RATE / 3600
        progress.say(
            f"alignment: {self._done:,} of {self._left:,} utterances, {hours:.2f} hours of speech "
            f"in {spent / 60:.1f} min, {rest / 60:.1f} min left"
        )


# --- in the processes that align ------------------------------------------------------------------

_worker: dict[str, Any] = {}


def _start(read: Reader, pronunciations: Mapping[str, str]) -> None:
    import torch

    torch.set_num_threads(1)
    _worker.update(read=read, aligner=aligner.Aligner(pronunciations))


def _row(one: Spoken, digest: str) -> dict[str, Any]:
    row = {"name": one.name, "digest": digest}
    try:
        samples = _worker["read"](one.path)
        segments = _worker["aligner"].align(samples, words_of(one.text))
    except aligner.Unalignable as error:
        return row | {"failed": str(error)}
    return row | {
        "samples": len(samples),
        "starts": [segment.start for segment in segments],
        "phones": " ".join(segment.phone for segment in segments),
    }
