"""MLflow's database: damaged, locked, half made, or wanted twice; the disk full. Real files."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from collecting import collected
from synthetic import write_results

from adsmtl.archive import manifest
from adsmtl.collected import reading
from adsmtl.errors import UserError
from adsmtl.tables import build as tables
from adsmtl.tracking import database, importing, mlflow_import
from adsmtl.tracking.page import command as page_command

ARMS = ["single-vision-none", "none"]
IMPORT = """
import sys
from pathlib import Path
from adsmtl.errors import UserError
from adsmtl.tracking import importing
roots = [Path(sys.argv[1])]
try:
    importing.track(roots, roots, Path("mlflow.db"), Path("mlruns"), print)
except UserError as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a results folder and a database of MLflow's tables; read only."""
    folder = tmp_path_factory.mktemp("made")
    root = write_results(folder / "quick", 2, ARMS, epochs=2)
    tables.write_all(collected(root, ARMS), root)
    manifest.write(reading.load(root))
    mlflow_import.connect(f"sqlite:///{folder / 'mlflow.db'}")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it as the working folder."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def track() -> list[str]:
    said: list[str] = []
    roots = [Path("quick")]
    importing.track(roots, roots, Path("mlflow.db"), Path("mlruns"), said.append)
    return said


def runs(path: str = "mlflow.db") -> int:
    with sqlite3.connect(path) as connection:
        query = "SELECT count(*) FROM runs WHERE lifecycle_stage = 'active'"
        return connection.execute(query).fetchone()[0]


def no_database(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:65536] = b"\xff" * (65536 - 8192)
    path.write_bytes(content)


def half_migrated(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE alembic_version")


def of_an_earlier_step(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")


@pytest.mark.parametrize("damage", [no_database, truncated, scribbled, half_migrated])
def test_damage_is_seen_before_the_database_is_used(folder, damage):
    database.require_usable(folder / "mlflow.db")
    damage(folder / "mlflow.db")
    with pytest.raises(database.Broken):
        database.require_usable(folder / "mlflow.db")


# The first is seen before MLflow opens the file, the second when it has it open.
@pytest.mark.parametrize("damage", [no_database, of_an_earlier_step])
def test_a_database_beyond_repair_is_moved_aside_and_made_anew(folder, damage):
    damage(folder / "mlflow.db")
    before = (folder / "mlflow.db").read_bytes()
    said = track()
    (kept,) = folder.glob("mlflow.db.broken-*")
    assert kept.read_bytes() == before
    assert said[0].startswith("mlflow.db cannot be used: ")
    assert kept.name in said[0]
    assert said[1:] == ["MLflow quick: 7 runs created, 0 removed, 0 unchanged"]
    assert runs() == 7
    assert track() == ["MLflow quick: 0 runs created, 0 removed, 7 unchanged"]


def test_a_folder_whose_name_would_cut_the_address_of_the_database_is_named(folder, monkeypatch):
    odd = folder / "what?"
    odd.mkdir()
    monkeypatch.chdir(odd)
    with pytest.raises(UserError, match=r"what\?/mlflow\.db: MLflow .* move the project"):
        track()
    assert list(folder.glob("what*")) == [odd]
    assert list(odd.iterdir()) == []


def test_a_locked_database_is_one_message_and_is_left_alone(folder, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    other = sqlite3.connect("mlflow.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(UserError, match=r"mlflow\.db is locked by another program; close"):
        track()
    assert time.monotonic() - began < 10
    other.execute("ROLLBACK")
    other.close()
    assert track() == ["MLflow quick: 7 runs created, 0 removed, 0 unchanged"]
    assert not list(folder.glob("*.broken-*"))


def test_two_first_imports_at_once_wait_for_each_other(folder):
    (folder / "mlflow.db").unlink()
    both = [
        subprocess.Popen(
            [sys.executable, "-c", IMPORT, "quick"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    said = sorted(line for out, _ in outputs for line in out.splitlines() if "MLflow" in line)
    assert said == [
        "MLflow quick: 0 runs created, 0 removed, 7 unchanged",
        "MLflow quick: 7 runs created, 0 removed, 0 unchanged",
    ]
    assert runs() == 7


def test_a_full_disk_is_one_message_and_the_next_call_mends_it(folder):
    (folder / "mlflow.db").unlink()
    limited = f"ulimit -f 200; exec {sys.executable} -c '{IMPORT}' quick"
    full = subprocess.run(["bash", "-c", limited], capture_output=True, text=True)
    assert full.returncode == 1
    assert "Traceback" not in full.stderr
    message = full.stderr.strip().splitlines()[-1]
    assert message.startswith("cannot write mlflow.db: ")
    assert "free space there and call again" in message
    track()
    assert runs() == 7


def test_a_fault_of_this_package_is_no_reason_to_move_the_database(folder, monkeypatch):
    def sync(*arguments: object) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr(mlflow_import, "sync", sync)
    with pytest.raises(KeyError):
        track()
    assert (folder / "mlflow.db").exists()
    assert not list(folder.glob("*.broken-*"))


def test_the_page_listens_on_this_machine_alone(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = page_command(folder / "mlflow.db", port)
    environment = {"MLFLOW_HOST": "0.0.0.0", "MLFLOW_DISABLE_TELEMETRY": "true"}
    page = psutil.Popen(command, env=os.environ | environment)
    try:
        until = time.monotonic() + 600
        while not (found := _listening(page)):
            assert page.poll() is None
            assert time.monotonic() < until
            time.sleep(0.5)
        assert found == {("127.0.0.1", port)}
    finally:
        for process in [*page.children(recursive=True), page]:
            process.kill()
        page.wait()


def _listening(page: psutil.Popen) -> set[tuple[str, int]]:
    """Where the processes of the page listen."""
    found = set()
    for process in [page, *page.children(recursive=True)]:
        for one in process.net_connections("inet"):
            if one.status == psutil.CONN_LISTEN:
                found.add((one.laddr.ip, one.laddr.port))
    return found
