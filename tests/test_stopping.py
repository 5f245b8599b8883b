"""SIGTERM stops everything, and jobs end with the process that started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from adsmtl import stopping

WORK = """
import time
from adsmtl import stopping
try:
    with stopping.interruptible():
        print("at work", flush=True)
        time.sleep(600)
except stopping.Terminated:
    print("cleaned up", flush=True)
"""
# Snakemake in small: it waits for its jobs, which shells run, when it gets SIGTERM.
CALLER = """
import signal, subprocess, sys
from adsmtl import stopping
signal.signal(signal.SIGTERM, lambda *_: print("graceful", flush=True))
stopping.name_caller()
stopping.pass_on_sigterm()
job = f"set -euo pipefail; {sys.executable} {sys.argv[1]}; true"
sys.exit(subprocess.run(["bash", "-c", job]).returncode)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("at work", flush=True)
time.sleep(600)
"""


@pytest.fixture
def start(tmp_path: Path):
    """Start a piece of code and wait until it, or its job, is at work."""
    started = []

    def call(code: str, job: str = "") -> subprocess.Popen:
        (tmp_path / "job.py").write_text(job)
        command = [sys.executable, "-c", code, str(tmp_path / "job.py")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "at work\n"
        return process

    yield call
    for process in started:
        process.kill()


def test_sigterm_lets_a_job_clean_up(start):
    process = start(WORK)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == "cleaned up\n"
    assert process.returncode == 0


def test_after_the_block_sigterm_does_what_it_did_before():
    before = signal.getsignal(signal.SIGTERM)
    with stopping.interruptible():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_call_passes_sigterm_on_to_its_jobs(start):
    call = start(CALLER, WORK)
    call.send_signal(signal.SIGTERM)
    said = call.communicate(timeout=60)[0].splitlines()
    assert sorted(said) == ["cleaned up", "graceful"]
    assert call.returncode == 0


def test_a_job_that_does_not_listen_is_killed(start):
    call = start(CALLER, STUBBORN)
    call.send_signal(signal.SIGTERM)
    call.communicate(timeout=60)
    assert call.returncode == 128 + signal.SIGKILL


def test_a_job_ends_with_its_caller_however_that_ends(start):
    call = start(CALLER, WORK)
    (job,) = stopping.jobs(psutil.Process(call.pid))
    call.kill()
    assert call.stdout.readline() == "cleaned up\n"
    job.wait(60)


def test_a_caller_is_told_from_another_process_of_the_same_number(monkeypatch):
    monkeypatch.setenv(stopping.CALLER, f"{os.getpid()}@1.5")
    began = time.monotonic()
    with pytest.raises(stopping.Terminated), stopping.interruptible():
        time.sleep(60)
    assert time.monotonic() - began < 60
