"""A real HTTP server on this machine that behaves as it is told, request by request."""

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

#: What one request gets: a function of the handler, which has `asked_from` and `body`.
Answer = Callable[["Handler"], None]

DATE = formatdate(0, usegmt=True)


class Handler(BaseHTTPRequestHandler):
    """Gives the request with number n the n-th answer; the last one goes on for ever."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def _answer(self, method: str) -> None:
        self.close_connection = True
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        self.asked_from = int(found[1]) if found else 0
        self.asked_if = self.headers.get("If-Range")
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append((method, self.path, self.asked_from))
        answers = self.server.answers
        # the client may have had enough
        with suppress(BrokenPipeError, ConnectionResetError):
            answers[min(number, len(answers) - 1)](self)

    def head(self, status: int = 200, length: int | str | None = None, **headers: str) -> None:
        """Status and headers; `_` in a name is a hyphen."""
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def write(self, content: bytes) -> None:
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, body: bytes, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.answers = body, answers
        self.requests: list[tuple[str, str, int]] = []
        self.lock, self.stopped = threading.Lock(), threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def starts(self) -> list[int]:
        """The byte from which each GET asked."""
        return [start for method, _, start in self.requests if method == "GET"]


def encrypt(server: Server, folder: Path) -> Path:
    """Let a server speak HTTPS under a certificate of its own; returns that."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    private = key.private_bytes(
        form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    (folder / "certificate.pem").write_bytes(made.public_bytes(form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return folder / "certificate.pem"


@contextmanager
def serving(body: bytes, *answers: Answer) -> Iterator[Server]:
    """Serve `body` with these answers."""
    server = Server(body, list(answers))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()


def good(handler: Handler, upto: int | None = None, tag: str | None = '"one"', **more: str) -> None:
    """The file, or the rest that was asked for; the connection drops at byte `upto`."""
    body, start = handler.server.body, handler.asked_from
    own = {"Accept_Ranges": "bytes", **more}
    if tag is not None:
        own["ETag"] = tag
    if start and handler.asked_if not in (None, tag):
        start = 0
    if start >= len(body):
        handler.head(416, 0, Content_Range=f"bytes */{len(body)}")
        return
    if start:
        stated = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.head(206, len(body) - start, Content_Range=stated, **own)
    else:
        handler.head(200, len(body), **own)
    handler.write(body[start:upto])


def drops(upto: int, **how: str | None) -> Answer:
    """The connection closes at byte `upto` of the file."""
    return lambda handler: good(handler, upto, **how)


def ignores_ranges(handler: Handler, upto: int | None = None) -> None:
    """The whole file, whatever was asked for."""
    handler.head(200, len(handler.server.body))
    handler.write(handler.server.body[:upto])


def status(code: int, **headers: str) -> Answer:
    """An answer without the file."""
    return lambda handler: handler.head(code, 0, **headers)


def claims_length(length: int | str) -> Answer:
    """The whole file under a wrong Content-Length."""

    def answer(handler: Handler) -> None:
        handler.head(200, length)
        handler.write(handler.server.body)

    return answer


def wrong_file(content: bytes) -> Answer:
    """Another file, whole."""

    def answer(handler: Handler) -> None:
        handler.head(200, len(content), ETag='"other"')
        handler.write(content)

    return answer


def wrong_range(stated: str, tag: str = '"one"') -> Answer:
    """A part of the file that is not the one that was asked for, or of another version."""

    def answer(handler: Handler) -> None:
        if not handler.asked_from:
            good(handler)
            return
        handler.head(206, 10, Content_Range=stated, ETag=tag)
        handler.write(b"0123456789")

    return answer


def redirects(to: str) -> Answer:
    """To another address, or path here."""
    return lambda handler: handler.head(302, 0, Location=to)


def slowly(pause: float, pieces: int) -> Answer:
    """All of it, in pieces with pauses between them."""

    def answer(handler: Handler) -> None:
        body = handler.server.body
        handler.head(200, len(body))
        step = -(-len(body) // pieces)
        for start in range(0, len(body), step):
            handler.write(body[start : start + step])
            time.sleep(pause)

    return answer


def hangs(after: int | None = None) -> Answer:
    """Says nothing, or nothing more after some bytes of the file."""

    def answer(handler: Handler) -> None:
        if after is not None:
            body, start = handler.server.body, handler.asked_from
            if start:
                stated = f"bytes {start}-{len(body) - 1}/{len(body)}"
                handler.head(206, len(body) - start, Content_Range=stated, ETag='"one"')
            else:
                handler.head(200, len(body), ETag='"one"')
            handler.write(body[start:after])
        handler.server.stopped.wait(30)

    return answer


def chunked(upto: int | None = None) -> Answer:
    """Without a length, in chunks; without the last one where it ends early."""

    def answer(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked")
        body = handler.server.body[:upto]
        for start in range(0, len(body), 1000):
            piece = body[start : start + 1000]
            handler.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if upto is None:
            handler.write(b"0\r\n\r\n")

    return answer


def until_closed(handler: Handler) -> None:
    """Without a length; the end of the connection is the end of the file."""
    handler.head(200)
    handler.write(handler.server.body)


def endless(handler: Handler) -> None:
    """Without a length and without an end."""
    handler.head(200)
    while not handler.server.stopped.is_set():
        handler.write(bytes(100_000))


def no_http(handler: Handler) -> None:
    """Bytes that are no answer."""
    handler.write(b"SSH-2.0-OpenSSH_9.6\r\n" * 3)


def labelled_gzip(handler: Handler) -> None:
    """As some servers give .tar.gz files: called a coding, although it is the file itself."""
    body = handler.server.body
    handler.head(200, len(body), Content_Encoding="gzip")
    handler.write(body)
