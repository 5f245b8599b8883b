"""MLflow's page: where it opens, and that it runs."""

import os
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

from adsmtl.errors import UserError
from adsmtl.tracking import mlflow_import, view

HOST = "127.0.0.1"  # whoever else can reach the page could read and delete


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

    Args:
        started: what `command` returns.

    Returns:
        The exit status of the page.

    Raises:
        UserError: the port is taken.
    """
    if answers(port):
        raise UserError(f"port {port} is taken; choose another: make ui UI_PORT={port + 1}")
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    page = subprocess.Popen(started, env=environment)
    say(f"MLflow: {link}\nIt runs until you stop it with Ctrl-C.")
    if _has_display():
        threading.Thread(target=_open, args=(page, link, port), daemon=True).start()
    try:
        return page.wait()
    finally:
        page.terminate()
        page.wait()


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
