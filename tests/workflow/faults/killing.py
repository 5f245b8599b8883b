"""Calls of the workflow that are killed at a random moment, and what must be left then.

A moment is drawn over the jobs: a random number of them starts, and then a random part of the time
passes that the last of them takes when nothing disturbs it. A moment in seconds would nearly always
be one of the longest job.
"""

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from bits import history_of
from copies import EMBEDDED, RESULTS, Project

from adsmtl.collected import whole
from adsmtl.running import checkpoint, names

CALL = ("snakemake", "--cores", "2", "--config", *EMBEDDED)
EARLY = 0.1  # of the kills are before the first job
SILENT = 2  # jobs of a call that say nothing when they start
START = 10.0  # seconds before the first job, about
PATIENCE = 900.0  # seconds that a call which was hit has to end, on a machine that is busy
Process = subprocess.Popen


def _everything(call: Process, draw: random.Random) -> None:
    os.killpg(call.pid, signal.SIGKILL)


def _one(call: Process, draw: random.Random) -> None:
    """One process of the jobs, or Snakemake itself where there is none."""
    own = psutil.Process(call.pid)
    try:
        draw.choice(own.children(recursive=True) or [own]).kill()
    except psutil.NoSuchProcess:  # it has just ended
        own.kill()


#: How a call ends: the name, and what is done to it.
WAYS: dict[str, Callable[[Process, random.Random], None]] = {
    "SIGKILL to all, as a power cut": _everything,
    "SIGKILL to Snakemake": lambda call, draw: call.kill(),
    "SIGKILL to one process": _one,
    "SIGTERM to Snakemake, as a cluster": lambda call, draw: call.terminate(),
    "SIGTERM to all": lambda call, draw: os.killpg(call.pid, signal.SIGTERM),
    "SIGINT to all, as Ctrl-C": lambda call, draw: os.killpg(call.pid, signal.SIGINT),
}


@dataclass
class Kill:
    """One kill: how, after which job, how many seconds later, and the exit status.

    `job` is the message of the last job that had started, empty where none had.
    """

    way: str
    job: str
    delay: float
    status: int

    def __str__(self) -> str:
        after = self.job or "the start"
        return f"{self.way}, {self.delay:.1f} s after {after}: status {self.status}"


@dataclass
class Study:
    """A copy of the project whose calls are killed.

    Attributes:
        project: without data and results.
        draw: everything random.
        durations: seconds that every job takes, by its name.
        log: what the calls print, one file each.
        kills: those so far.
        kept: by run and epoch, the record that training had kept at a kill.
    """

    project: Project
    draw: random.Random
    durations: Mapping[str, float]
    log: Path
    kills: list[Kill] = field(default_factory=list)
    kept: dict[tuple[Path, int], dict[str, Any]] = field(default_factory=dict)

    def killed(self) -> bool:
        """Start a call and kill it at a random moment; False if it had ended before, well."""
        way, place, part = self.draw.choice(list(WAYS)), self.draw.random(), self.draw.random()
        early = self.draw.random() < EARLY
        output = self.log / f"call-{len(self.kills)}.log"
        call = self._start(output)
        try:
            job = ""
            if not early:
                _wait(call, lambda: _total(output) > 0)
                wanted = 1 + int(place * max(1, _total(output) - SILENT))
                _wait(call, lambda: len(_started(output)) >= wanted)
                job = (_started(output) or [""])[-1]
            pause = part * self.durations.get(job, START)
            until = time.monotonic() + pause
            _wait(call, lambda: time.monotonic() > until)
            if call.poll() is not None:
                assert call.returncode == 0, f"ended by itself:\n{output.read_text()[-6000:]}"
                return False
            family = [psutil.Process(call.pid), *psutil.Process(call.pid).children(recursive=True)]
            WAYS[way](call, self.draw)
            status = call.wait(PATIENCE)
            _, alive = psutil.wait_procs(family, timeout=PATIENCE)
            assert not alive, f"{way}: these go on: {alive}"
        finally:
            if call.poll() is None:
                os.killpg(call.pid, signal.SIGKILL)
                call.wait()
        self.kills.append(Kill(way, job, pause, status))
        self.kept |= kept(self.project.folder / RESULTS)
        return True

    def finish(self) -> None:
        """One call that nothing disturbs. It must succeed."""
        call = self._start(self.log / "last.log")
        assert call.wait() == 0, (self.log / "last.log").read_text()[-6000:]

    def lost(self) -> list[str]:
        """The epochs that were kept at a kill and trained again, by the time they took."""
        return [
            f"{folder.relative_to(self.project.folder)}: epoch {epoch}"
            for (folder, epoch), record in self.kept.items()
            if history_of(folder)[epoch - 1] != record
        ]

    def _start(self, output: Path) -> Process:
        with output.open("w") as stream:
            return Process(
                CALL,
                cwd=self.project.folder,
                env={**os.environ, "PYTHONPATH": str(self.project.folder / "src")},
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Whoever runs in the background of a shell ignores SIGINT, and so would the call.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )


def _total(output: Path) -> int:
    """The sum of Snakemake's table of jobs, 0 where it was not printed."""
    for line in output.read_text().splitlines():
        if line.startswith("total ") and line.split()[-1].isdecimal():
            return int(line.split()[-1])
    return 0


def _started(output: Path) -> list[str]:
    """The names of the jobs that have started; see `_JOB`."""
    return [found[2] for line in output.read_text().splitlines() if (found := _JOB.match(line))]


#: As `Job 3: prepare: espeak`; rules without a message count with the job before.
_JOB = re.compile(r"Job (\d+): ([^:]+)(?::|$)")
_STAMP = "[%a %b %d %H:%M:%S %Y]"


def durations(output: str) -> dict[str, float]:
    """Seconds that every job of a finished call took, to the second; those of one name at most."""
    began: dict[str, tuple[str, datetime]] = {}
    found: dict[str, float] = {}
    for line in output.splitlines():
        if line.startswith("["):
            now = datetime.strptime(line.strip(), _STAMP)
        elif job := _JOB.match(line):
            began[job[1]] = (job[2], now)
        elif (done := re.match(r"Finished jobid: (\d+)", line)) and done[1] in began:
            name, since = began[done[1]]
            found[name] = max(found.get(name, 1.0), (now - since).total_seconds())
    return found


def _wait(call: Process, done: Callable[[], bool]) -> None:
    """Until it is done, or the call has ended."""
    while call.poll() is None and not done():
        time.sleep(0.05)


def kept(root: Path) -> Mapping[tuple[Path, int], dict[str, Any]]:
    """The epochs from which a training can go on, with their records; those of finished runs too.

    Runs that train at once go on together, so of those that are under way only the epochs count
    that all of them have kept.
    """
    finished, under_way = {}, {}
    for folder in sorted(root.glob("runs/*/seed=*")):
        if (folder / names.METRICS).is_file() and not whole.faults(folder):
            finished[folder] = history_of(folder)
        elif any((folder / name).is_file() for name in (names.RESUME, names.EARLIER)):
            states = [checkpoint.load(folder / name) for name in (names.RESUME, names.EARLIER)]
            under_way[folder] = [state[1]["history"] for state in states if state is not None]
    epochs = [{len(history) for history in own} for own in under_way.values()]
    last = max(set.intersection(*epochs), default=0) if epochs else 0
    for folder, histories in under_way.items():
        finished[folder] = next((h for h in histories if len(h) == last), [])
    return {
        (folder, record["epoch"]): record
        for folder, history in finished.items()
        for record in history
    }
