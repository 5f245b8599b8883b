"""MLflow's page: where it opens, and that it runs."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from adsmtl.errors import UserError
from adsmtl.stopping import Terminated
from adsmtl.tracking import mlflow_import, view

HOST = "127.0.0.1"  # whoever else can reach the page could read and delete
PATIENCE = 10.0  # seconds that the page has to end by itself


def address(root: Path, database: Path, port: int) -> str:
    """Where the arms of a results folder are listed, best first.

    Args:
        root: a results folder that was imported.
        database: MLflow's.
    """
    client = mlflow_import.connect(f"sqlite:///{database}")
    found = client.get_experiment_by_name(mlflow_import.name_of(root))
    if found is None:
        raise UserError(f"{root} is not in {database}; run `adsmtl track --only {root}`")
    return view.link(found.experiment_id, port)


def command(database: Path, port: int) -> list[str]:
    """What starts MLflow's page: one process serves a person, more would take a gigabyte."""
    store = f"sqlite:///{database}"
    own = ("ui", "--host", HOST, "--port", str(port), "--workers", "1")
    return [sys.executable, "-m", "mlflow", *own, "--backend-store-uri", store]


def serve(started: Sequence[str], link: str, port: int, say: Callable[[str], None]) -> int:
    """Run the page until it is stopped; where there is a display, a browser opens the link.

    Ctrl-C is how a person closes the page, so it is no error.

    Args:
        started: what `command` returns.

    Returns:
        The exit status of the page; 0 if Ctrl-C stopped it.

    Raises:
        UserError: the port is taken.
    """
    if answers(port):
        raise UserError(f"port {port} is taken; choose another: make ui UI_PORT={port + 1}")
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    # A group of its own: at Ctrl-C the page would end with a traceback, at SIGTERM it is quiet.
    page = subprocess.Popen(started, env=environment, start_new_session=True)
    say(f"MLflow: {link}\nIt runs until you stop it with Ctrl-C.")
    if _has_display():
        threading.Thread(target=_open, args=(page, link, port), daemon=True).start()
    try:
        return page.wait()
    except Terminated:
        raise
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(page)


def _stop(page: subprocess.Popen) -> None:
    """End the page and the processes that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(page.pid, number)
        with suppress(subprocess.TimeoutExpired):
            page.wait(PATIENCE)


def _open(page: subprocess.Popen, link: str, port: int) -> None:
    while page.poll() is None:
        if answers(port):
            webbrowser.open(link)
            return
        time.sleep(0.3)


def answers(port: int) -> bool:
    """Whether something listens at a port of this machine."""
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
