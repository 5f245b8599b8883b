"""The other end of the pipe: starts a worker and asks it."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.job import Job

ROOT = Path(__file__).resolve().parent.parent


class WorkerError(Exception):
    """A contender failed; the text is its traceback or the end of its messages."""


class Worker:
    """One contender in a process of its own.

    Attributes:
        ready: its facts, once `start` returned; None if it cannot run here.
        reason: why it cannot run here.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.ready: dict[str, Any] | None = None
        self.reason: str | None = None
        self._messages = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
            encoding="utf-8",
        )

    def start(self) -> None:
        """Load and warm up; returns when that is done.

        Raises:
            WorkerError: the contender failed.
        """
        answer = self._ask(self.job.to_json())
        self.ready, self.reason = answer.get("ready"), answer.get("absent")

    def time(self) -> dict[str, Any]:
        """One repetition: `seconds`, `values` and the peaks of `memory` so far, in MiB."""
        return self._ask({"do": "time"})

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"error": self._last_messages()}
        if "error" in answer:
            raise WorkerError(f"{self.job.contender} failed:\n{answer['error']}")
        return answer

    def _last_messages(self) -> str:
        code = self._process.wait()
        self._messages.seek(0)
        return f"{self._messages.read()[-2000:]}\nthe process ended with code {code}"

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._messages):
            with suppress(BrokenPipeError):
                stream.close()
