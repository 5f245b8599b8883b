"""Modules run in a process of their own, where a crash, a hang or noise of a library ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import adsmtl


class NoAnswer(Exception):
    """The process gave no answer; the message says how it ended."""


def run(
    module: str, *arguments: str, limit_s: float, environment: Mapping[str, str] | None = None
) -> str:
    """What `python -m <module> <arguments>` prints on standard output.

    Args:
        module: name of a module of this package, which the process finds where this one did.
        arguments: its arguments.
        limit_s: wall-clock limit in seconds; the process is killed after it.
        environment: all its environment variables; those of this process if None.

    Raises:
        NoAnswer: time ran out or the process failed.
    """
    own = dict(os.environ if environment is None else environment)
    own["PYTHONPATH"] = search_path(own)
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(command, env=own, capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"the process took longer than {limit_s:g} s and was ended") from error
    if done.returncode:
        code, lines = done.returncode, done.stderr.strip().splitlines() or ["no message"]
        # a negative code is the signal that ended the process
        how = f"exit code {code}" if code > 0 else f"signal {-code} ({signal.strsignal(-code)})"
        raise NoAnswer(f"the process ended with {how}: {lines[-1]}")
    return done.stdout


def search_path(environment: Mapping[str, str]) -> str:
    """`PYTHONPATH` of `environment`, with this package first: it need not be installed."""
    package = str(Path(adsmtl.__file__).parents[1])
    known = environment.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([package, *(path for path in known if path not in ("", package))])
