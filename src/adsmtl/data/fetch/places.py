"""Places that may hold a file, local paths or http(s) addresses: is it there, and small files.

All that looks for data before the workflow starts is here, so nothing takes longer than the limits
below, whatever a server does.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adsmtl.errors import UserError
from adsmtl.files import expanded

if TYPE_CHECKING:
    import requests

PROBE_SECONDS = 3.0  # to hear whether a file is there
READ_SECONDS = 10.0  # to read a small file
SMALL = 10_000_000  # bytes of a small file at most


class Unreachable(Exception):
    """A place does not answer, or does not give the file; the message is the reason."""


class Absent(Unreachable):
    """The place answers that it has no such file."""


def remote(location: str) -> bool:
    """Whether `location` is an address rather than a path.

    Raises:
        UserError: it is an address of another kind than http and https.
    """
    scheme, marker, _ = location.partition("://")
    if marker and scheme.lower() not in ("http", "https"):
        raise UserError(f"{location}: {scheme}:// is not read; give a folder, http:// or https://")
    return bool(marker)


def read(location: str) -> bytes:
    """The bytes of a small file.

    Raises:
        Unreachable: it is not there, does not come within `READ_SECONDS`, or is no small file.
    """
    if remote(location):
        return _in_time(lambda: _get(location), READ_SECONDS)
    try:
        with Path(location).open("rb") as stream:
            content = stream.read(SMALL + 1)
    except FileNotFoundError as error:
        raise Absent(reason(error)) from error
    except OSError as error:
        raise Unreachable(reason(error)) from error
    return _small(content)


def problem(location: str) -> str | None:
    """None if there is a file at `location`, else the reason; takes at most `PROBE_SECONDS`."""
    if not remote(location):
        path = Path(location)
        try:
            return None if path.is_file() else "a folder" if path.is_dir() else "no such file"
        except OSError as error:  # such as a folder that may not be entered
            return reason(error)
    try:
        _in_time(lambda: _head(location), PROBE_SECONDS)
    except Unreachable as error:
        return str(error)
    return None


def reason(error: BaseException) -> str:
    """Why a file could not be had, in a few words.

    The libraries wrap what the operating system said several times over: it is looked for.
    """
    import requests
    import urllib3

    seen: list[BaseException] = []
    queue: list[BaseException | None] = [error]
    while queue:
        one = queue.pop(0)
        if one is None or one in seen:
            continue
        seen.append(one)
        inner = [getattr(one, "reason", None), *one.args]
        queue += [each for each in inner if isinstance(each, BaseException)]
        queue += [one.__cause__, one.__context__]
    for one in seen:
        if isinstance(one, requests.exceptions.SSLError):
            return f"its certificate is not trusted ({_last(seen)})"
        if isinstance(one, requests.exceptions.TooManyRedirects):
            return "it redirects in circles"
        if isinstance(one, urllib3.exceptions.IncompleteRead):
            return "the connection broke off"
        if isinstance(one, socket.gaierror):
            return f"its name is not known ({one.strerror})"
        if isinstance(one, OSError) and one.strerror:
            return one.strerror
    # urllib3 counts a connection that was refused among these, so they come last
    waited = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if any(isinstance(one, waited) for one in seen):
        return "no answer in time"
    return _last(seen)


def refusal(answer: "requests.Response") -> Unreachable:
    """What the status of an answer without the file says."""
    name = f" ({answer.reason})" if answer.reason else ""
    kind = Absent if answer.status_code in (404, 410) else Unreachable
    return kind(f"HTTP status {answer.status_code}{name}")


def _last(errors: list[BaseException]) -> str:
    return " ".join(str(errors[-1]).split()) or type(errors[-1]).__name__


def _in_time(call: Callable[[], Any], seconds: float) -> Any:
    """`call()` or Unreachable: a socket's own time limit does not cover looking up its name."""
    import requests
    import urllib3

    answer: Future = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    if not wait([answer], seconds).done:
        raise Unreachable(f"no answer within {seconds:g} s")
    try:
        return answer.result()
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise Unreachable(reason(error)) from error


def _session() -> "requests.Session":
    """Asks again, soon, where a server hiccups."""
    import requests
    from urllib3 import Retry

    again = Retry(
        total=2,
        connect=0,
        backoff_factor=0.2,
        status_forcelist=(500, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    session = requests.Session()
    session.max_redirects = 5
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=again))
    return session


def _get(location: str) -> bytes:
    with _session() as session, session.get(location, stream=True, timeout=READ_SECONDS) as answer:
        if answer.status_code != 200:
            raise refusal(answer)
        return _small(answer.raw.read(SMALL + 1, decode_content=True))


def _head(location: str) -> None:
    with _session() as session:
        answer = session.head(location, timeout=PROBE_SECONDS, allow_redirects=True)
        if answer.status_code in (403, 405, 501):  # some servers know no HEAD
            answer = session.get(location, timeout=PROBE_SECONDS, stream=True)
            answer.close()
        if answer.status_code != 200:
            raise refusal(answer)


def _small(content: bytes) -> bytes:
    if len(content) > SMALL:
        raise Unreachable(f"it is larger than {SMALL / 1e6:g} MB")
    return content


def joined(base: str, name: str) -> str:
    """The place of the file `name` in the folder or at the address `base`."""
    if remote(base):
        return f"{base.rstrip('/')}/{name}"
    return str(expanded(base) / name)
