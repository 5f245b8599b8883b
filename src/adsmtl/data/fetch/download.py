"""Read, probe and copy files that are either local paths or http(s) addresses."""

import http.client
import shutil
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

from adsmtl.errors import UserError

PROBE_SECONDS = 3.0


class Unreachable(Exception):
    """A place does not answer, or has no such file; the message is the reason."""


def remote(location: str) -> bool:
    """Whether `location` is an address rather than a path."""
    return location.startswith(("http://", "https://"))


def read(location: str) -> bytes:
    """The bytes of a small file.

    Raises:
        Unreachable: it is not there, or does not come within `PROBE_SECONDS`.
    """
    try:
        if remote(location):
            return _in_time(lambda: urllib.request.urlopen(location, timeout=PROBE_SECONDS).read())
        return Path(location).read_bytes()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(_reason(error)) from error


def problem(location: str) -> str | None:
    """None if there is a file at `location`, else the reason; takes at most `PROBE_SECONDS`."""
    if not remote(location):
        return None if Path(location).is_file() else "no such file"
    request = urllib.request.Request(location, method="HEAD")
    try:
        _in_time(lambda: urllib.request.urlopen(request, timeout=PROBE_SECONDS).close())
    except (OSError, http.client.HTTPException) as error:
        return _reason(error)
    return None


def copy(location: str, target: Path) -> None:
    """Copy or download `location` to `target`, with a progress bar for downloads.

    Raises:
        UserError: the download broke off.
    """
    if not remote(location):
        shutil.copyfile(location, target)
        return
    # loaded here, not above: both are slow to import and a verified file on disk needs neither
    import pooch
    import requests

    try:
        pooch.HTTPDownloader(progressbar=sys.stderr.isatty())(location, str(target), None)
    except requests.RequestException as error:
        raise UserError(
            f"download of {location} broke off ({error}); nothing was kept: run it again"
        ) from error


def _in_time(call: Callable[[], Any]) -> Any:
    """`call()`, or TimeoutError: a socket's own time limit does not cover looking up its name."""
    answer: Future = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    if not wait([answer], PROBE_SECONDS).done:
        raise TimeoutError(f"no answer within {PROBE_SECONDS:g} s")
    return answer.result()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code}"
    cause = getattr(error, "reason", error)  # URLError wraps the socket's error
    return str(getattr(cause, "strerror", None) or cause)
