"""Calls of Snakemake that are killed, stopped, or made twice; the same call goes on afterwards."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from copies import EMBEDDED, RESULTS, Beside, Project

CALL = ("snakemake", "--cores", "2", "--config", *EMBEDDED)
LOG = RESULTS / "logs/train/none-and-1-more.log"


@pytest.fixture
def call(study: Project, tmp_path: Path):
    """Start a call that trains for very long, in a group of its own, and wait until it does."""
    study.edit("config/presets/smoke.yaml", "epochs: 2", "epochs: 100000")
    with Beside(tmp_path) as calls:

        def start(*options: str) -> tuple[subprocess.Popen, Path]:
            (study.folder / LOG).unlink(missing_ok=True)
            process, output = calls.start(study, *CALL, *options)
            while not re.search(r"epoch \d+/100000", read(study.folder / LOG)):
                assert process.poll() is None, output.read_text()
                time.sleep(0.1)
            return process, output

        yield start


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def epochs(study: Project) -> list[int]:
    return [int(number) for number in re.findall(r"epoch (\d+)/", read(study.folder / LOG))]


def test_the_same_call_goes_on_after_every_end(study, call):
    first, _ = call()
    second = study.call(*CALL)
    assert second.returncode == 1
    assert f"process {first.pid} on" in second.stderr
    assert "left alone" in second.stderr
    assert "--unlock" not in second.stderr
    assert first.poll() is None

    os.killpg(first.pid, signal.SIGKILL)  # as a power cut
    first.wait()
    trained = epochs(study)[-1]
    third, output = call()
    assert f"process {first.pid} on" in output.read_text()
    assert "is dead; its locks are released" in output.read_text()
    assert epochs(study)[0] in (trained, trained + 1)  # the last one may not have been kept

    jobs = psutil.Process(third.pid).children(recursive=True)
    began = time.monotonic()
    third.send_signal(signal.SIGTERM)
    assert third.wait() == 1
    assert time.monotonic() - began < 15  # five seconds on a machine that does nothing else
    assert not any(job.is_running() for job in jobs)
    said = output.read_text()
    assert "stopped; run again to continue" in said
    assert "no backup found" not in said
    assert not list((study.folder / ".snakemake").glob("locks/*"))


def test_jobs_whose_snakemake_is_gone_stop(call):
    alone, _ = call()
    jobs = psutil.Process(alone.pid).children(recursive=True)
    alone.kill()  # its jobs are nobody's now
    alone.wait()
    psutil.wait_procs(jobs, timeout=60)
    assert not any(job.is_running() for job in jobs)


def test_a_call_after_a_stopped_one_trains_what_is_stale(study, call):
    first, _ = call()
    first.send_signal(signal.SIGTERM)
    assert first.wait() == 1
    planned = study.done(*CALL, "--dry-run")
    assert "train_none" in planned
