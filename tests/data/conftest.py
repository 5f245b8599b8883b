"""A mirror of stand-ins, and a small CIFAR-10."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fakes import make_zip

from adsmtl import files
from adsmtl.data.corpora import cifar10


@pytest.fixture
def small_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a CIFAR-10 file hold 40 records and the validation split 20."""
    monkeypatch.setattr(cifar10, "RECORDS", 40)
    monkeypatch.setattr(cifar10, "VALIDATION", 20)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror folder with a fake `timit.zip` and its manifest."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    archive = make_zip(folder / "timit.zip", {"timit/README": b"x" * 1000})
    entry = {
        "bytes": archive.stat().st_size,
        "sha256": files.sha256(archive),
        "licence": "fake licence",
        "provenance": "Fake provenance.",
        "identical_to_upstream": False,
    }
    manifest = {"version": 1, "files": {"timit.zip": entry}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Serve a folder over HTTP on this machine; returns the address."""
    servers = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
