"""MLflow's page while it runs, with a plain server of files in its place."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adsmtl.errors import UserError
from adsmtl.tracking import page

SERVE = """
import signal, sys
from adsmtl.tracking import page

# whoever runs in the background of a shell ignores SIGINT, and so would this
signal.signal(signal.SIGINT, signal.default_int_handler)
link, port = sys.argv[1], int(sys.argv[2])
server = [sys.executable, "-m", "http.server", str(port), "--bind", page.HOST]
sys.exit(page.serve(server, link, port, print))
"""
LINK = "http://127.0.0.1/#/experiments/1/runs"


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind((page.HOST, 0))
        return free.getsockname()[1]


@pytest.fixture
def served(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A page that answers, of a person with a display; what the browser opens is in a file."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path / "opened"}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("BROWSER", str(browser))
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, LINK, str(port)], stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: page.answers(port))
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_browser_opens_the_link_where_there_is_a_display(served, tmp_path):
    opened = tmp_path / "opened"
    until(lambda: opened.is_file() and opened.read_text().strip())
    assert opened.read_text().strip() == LINK
    served.send_signal(signal.SIGINT)
    assert served.wait(60) == 0


def test_ctrl_c_closes_the_page_without_an_error(served, port):
    served.send_signal(signal.SIGINT)
    _, errors = served.communicate(timeout=60)
    assert served.returncode == 0
    assert "Traceback" not in errors
    assert not page.answers(port)


def test_a_port_that_is_taken_is_named(port):
    with socket.socket() as other:
        other.bind((page.HOST, port))
        other.listen()
        with pytest.raises(UserError, match=f"port {port} is taken.*UI_PORT={port + 1}"):
            page.serve(["false"], LINK, port, print)
