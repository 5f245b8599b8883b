"""Download one file from one address, and go on where an earlier try broke off.

requests sends the requests (proxies, certificates, redirects) and urllib3's Retry counts the tries
and sets the pauses; both are here already, for DVC and MLflow. No well-kept library continues a
partial file as well (pooch, fsspec and torch.hub begin again; huggingface_hub does it for its own
site alone), so that is written here.
"""

import re
from dataclasses import dataclass, replace

import requests
from urllib3 import Retry
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, ProtocolError

from adsmtl.data.fetch import places, progress
from adsmtl.data.fetch.part import Part, Version
from adsmtl.data.fetch.places import Unreachable

#: Answers that may be another one soon.
PASSING = (408, 429, 500, 502, 503, 504)
#: Asking again would not help.
_FINAL = (
    *(requests.exceptions.SSLError, requests.exceptions.TooManyRedirects),
    # of a redirect to nowhere
    *(requests.exceptions.InvalidURL, requests.exceptions.MissingSchema),
    *(requests.exceptions.InvalidSchema, requests.exceptions.InvalidHeader),
)
CHUNK = 1 << 20


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for. While bytes come, however slowly, there is no limit.

    Attributes:
        connect: seconds to connect.
        read: seconds without a byte.
        retries: in a row that bring no new byte.
        first: of them until the server has answered once: it may not exist.
        pause: seconds before the second of them; every further pause is twice as long.
        longest: seconds of a pause, also where a server asks for more (Retry-After).
    """

    connect: float = 10.0
    read: float = 60.0
    retries: int = 5
    first: int = 1
    pause: float = 1.0
    longest: float = 60.0


PATIENT = Patience()


def download(
    address: str, digest: str, part: Part, limit: int, patience: Patience = PATIENT
) -> None:
    """Complete `part`. What it then holds has yet to be verified.

    Args:
        address: http or https.
        digest: that the file must have; it is kept with the part, not computed.
        limit: bytes after which this cannot be the file.

    Raises:
        Unreachable: why it could not be completed. What came is kept where that can go on.
        OSError: it cannot be written.
    """
    _Download(address, digest, part, limit, patience).run()


class _Download:
    def __init__(
        self, address: str, digest: str, part: Part, limit: int, patience: Patience
    ) -> None:
        self._address, self._digest, self._part = address, digest, part
        self._limit, self._patience = limit, patience
        self._furthest, self._tries = part.size, 0
        self._retry = Retry(
            total=patience.retries,
            other=patience.first,  # of what requests reports: nothing was answered
            status_forcelist=PASSING,
            backoff_factor=patience.pause,
            backoff_max=patience.longest,
            retry_after_max=int(patience.longest),
        )

    def run(self) -> None:
        if self._part.size:
            progress.say(f"{self._part.name}: going on after {self._part.size / 1e6:,.1f} MB")
        while not self._part.whole:
            try:
                with self._ask() as answer:
                    self._retry = self._retry.new(other=None)
                    if self._retry.is_retry(
                        "GET", answer.status_code, "Retry-After" in answer.headers
                    ):
                        self._pause(str(places.refusal(answer)), answer=answer)
                        continue
                    self._receive(answer)
                    return
            except _FINAL as error:
                raise Unreachable(places.reason(error)) from error
            except (requests.RequestException, HTTPError) as error:
                self._pause(places.reason(error), error=error)

    def _ask(self) -> requests.Response:
        # The bytes of the file, not another coding of them: the digest is of those.
        headers = {"Accept-Encoding": "identity"}
        if self._part.size:
            headers["Range"] = f"bytes={self._part.size}-"
            if self._part.version.mark is not None:
                headers["If-Range"] = self._part.version.mark
        limits = (self._patience.connect, self._patience.read)
        try:
            return requests.get(self._address, headers=headers, stream=True, timeout=limits)
        except (requests.RequestException, HTTPError):
            raise
        except ValueError as error:  # of a redirect to what is no address
            raise Unreachable(places.reason(error)) from error

    def _receive(self, answer: requests.Response) -> None:
        """Append what the answer brings, or start anew where it begins at the start."""
        if answer.status_code == 416:
            self._at_the_end(answer)
            return
        if answer.status_code == 206:
            self._require_the_rest(answer)
        elif answer.status_code == 200:
            total = answer.raw.length_remaining
            self._part.begin(Version(self._address, self._digest, _mark(answer), total))
        else:
            raise places.refusal(answer)
        part, total = self._part, self._part.version.total
        self._require_small(total or 0)
        with part.more() as stream, progress.Received(part.name, part.size, total) as shown:
            # read1 gives what has come, so a slow server is heard and little is lost in a break
            while chunk := answer.raw.read1(CHUNK, decode_content=False):
                stream.write(chunk)
                shown.add(len(chunk))
                self._require_small(stream.tell())
        if total is not None and part.size != total:
            raise ProtocolError("the connection broke off")

    def _require_the_rest(self, answer: requests.Response) -> None:
        """An answer of 206 must be the rest of the same version."""
        found = re.fullmatch(
            r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip()
        )
        version = self._part.version
        if version is None:
            raise Unreachable("it gave a part of the file although the whole was asked for")
        start, total = (int(found[1]), found[2]) if found else (None, None)
        other = (
            start != self._part.size
            or (total != "*" and version.total is not None and int(total) != version.total)
            or _of_another(answer, version.mark)
        )
        if other:
            self._part.discard()
            raise ProtocolError("it gave another part of the file than was asked for")
        if version.total is None and total != "*":
            self._part.version = replace(version, total=int(total))

    def _at_the_end(self, answer: requests.Response) -> None:
        """The server says that nothing follows. So the file is here, or it has become another."""
        stated = answer.headers.get("Content-Range", "").strip()
        if not self._part.size or stated != f"bytes */{self._part.size}":
            self._part.discard()
            raise ProtocolError("the file there has become shorter")

    def _require_small(self, size: int) -> None:
        if size > self._limit:
            self._part.discard()
            raise Unreachable(f"it gives more than {self._limit:,} bytes, so it is another file")

    def _pause(
        self,
        reason: str,
        error: Exception | None = None,
        answer: requests.Response | None = None,
    ) -> None:
        """Wait before the next try, or raise Unreachable after the last."""
        self._tries += 1
        if self._part.size > self._furthest:
            self._furthest = self._part.size
            # The count starts again. One old try stays, so that there is a pause.
            self._retry = self._retry.new(
                total=self._patience.retries, history=self._retry.history[-1:]
            )
        raw = None if answer is None else answer.raw
        try:
            self._retry = self._retry.increment("GET", self._address, response=raw, error=error)
        except MaxRetryError as last:
            kept = f"; {self._part.size / 1e6:,.1f} MB are kept" if self._part.size else ""
            raise Unreachable(f"{reason} ({self._tries} tries){kept}") from last
        progress.say(f"{self._part.name}: {reason}; trying again")
        try:
            self._retry.sleep(raw)
        except InvalidHeader:  # a Retry-After that is neither seconds nor a date
            self._retry.sleep()


def _mark(answer: requests.Response) -> str | None:
    """What tells this version of the file from others, usable in If-Range (RFC 9110, 13.1.5)."""
    tag = answer.headers.get("ETag", "")
    if tag.startswith('"'):  # a weak one, W/"…", does not promise equal bytes
        return tag
    return answer.headers.get("Last-Modified")


def _of_another(answer: requests.Response, mark: str | None) -> bool:
    """Whether a partial answer states another ETag or date; it may leave out either."""
    if mark is None:
        return False
    return answer.headers.get("ETag" if mark.startswith('"') else "Last-Modified", mark) != mark
