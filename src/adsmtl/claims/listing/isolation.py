"""A command in a process of its own: a crash, a hang or noise of a library is a result."""

import json
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any


class NoAnswer(Exception):
    """The process gave no answer; the message says how it ended."""


def answer(
    command: Sequence[str], environment: Mapping[str, str], keys: set[str], limit_s: float
) -> dict[str, Any]:
    """The JSON object in the last line that a command prints.

    Args:
        command: program and arguments.
        environment: all its environment variables.
        keys: what the object must hold, no more and no less.
        limit_s: wall-clock limit in seconds; the process is killed after it.

    Raises:
        NoAnswer: time ran out, the process failed, or it printed something else.
    """
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=limit_s
        )
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"the process took longer than {limit_s:g} s and was ended") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoAnswer(f"the process ended with {_status(done.returncode)}: {last}")
    line = (done.stdout.strip().splitlines() or [""])[-1]
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise NoAnswer(f"the process printed no JSON but {line[:80]!r}") from error
    if not isinstance(found, dict) or set(found) != keys:
        raise NoAnswer(f"the process printed {line[:80]!r}, not an object of {sorted(keys)}")
    return found


def _status(code: int) -> str:
    """An exit code in words; a negative one is the signal that ended the process."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
