"""Locks of the dead are released, the living are named: with processes that are really killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adsmtl import owners

OWNER = """
import sys, time
from pathlib import Path
from adsmtl import owners
owners.claim(Path(sys.argv[1]), print)
print("claimed", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Snakemake's folder, in which it has locked two files."""
    (tmp_path / "locks").mkdir()
    for name in ("0.input.lock", "0.output.lock"):
        (tmp_path / "locks" / name).write_text("results/x\n")
    return tmp_path


@pytest.fixture
def owner(folder: Path) -> Iterator[subprocess.Popen]:
    """Another process that works there."""
    process = start(folder, 600)
    yield process
    process.kill()
    process.wait()


def start(folder: Path, seconds: float) -> subprocess.Popen:
    command = [sys.executable, "-c", OWNER, str(folder), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while "claimed" not in process.stdout.readline():
        assert process.poll() is None
    return process


def claimed(folder: Path) -> tuple[list[str], list[str]]:
    """What `claim` says, and whom it finds alive."""
    said: list[str] = []
    living = owners.claim(folder, said.append)
    owners._held.clear()  # this process goes on with other tests
    return said, living


def locks(folder: Path) -> int:
    return len(list((folder / "locks").glob("*.lock")))


def test_a_living_owner_is_named_and_its_locks_stay(folder, owner):
    said, living = claimed(folder)
    assert said == []
    assert len(living) == 1
    assert living[0].startswith(f"process {owner.pid} on {socket.gethostname()}, at work since 20")
    assert locks(folder) == 2


def test_the_locks_of_a_killed_owner_are_released_once(folder, owner):
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    said, living = claimed(folder)
    assert living == []
    assert len(said) == 1
    assert f"process {owner.pid} on" in said[0]
    assert "is dead" in said[0]
    assert locks(folder) == 0
    assert claimed(folder) == ([], [])


def test_one_that_ended_well_leaves_nothing(folder):
    process = start(folder, 0)
    assert process.wait() == 0
    assert list((folder / "owners").iterdir()) == []
    assert claimed(folder) == ([], [])
    assert locks(folder) == 2  # whose they are is not known


def test_beside_a_living_owner_nothing_of_a_dead_one_is_touched(folder, owner):
    dead = start(folder, 600)
    dead.kill()
    dead.wait()
    said, living = claimed(folder)
    assert (said, len(living), locks(folder)) == ([], 1, 2)


def test_an_owner_on_another_host_counts_as_alive(folder):
    (folder / "owners").mkdir()
    record = '{"pid": 7, "host": "elsewhere", "since": "2026-01-01 00:00:00"}'
    (folder / "owners" / "elsewhere-7.json").write_text(record)
    assert claimed(folder) == ([], ["process 7 on elsewhere, at work since 2026-01-01 00:00:00,"])
    assert locks(folder) == 2


def test_a_power_cut_that_emptied_the_record_is_got_over(folder):
    (folder / "owners").mkdir()
    (folder / "owners" / f"{socket.gethostname()}-7.json").touch()
    said, living = claimed(folder)
    assert (len(said), living, locks(folder)) == (1, [], 0)


def test_a_folder_that_is_new_has_no_owner(tmp_path):
    assert claimed(tmp_path / ".snakemake") == ([], [])
    assert [path.name for path in (tmp_path / ".snakemake/owners").iterdir()] == [
        f"{socket.gethostname()}-{os.getpid()}.json"
    ]
