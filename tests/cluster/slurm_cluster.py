"""A Slurm cluster of one's own on this machine: a controller and nodes that are daemons beside it.

Everything lies in a temporary folder, with a key of its own for munge; no service of the system is
used or changed. Nodes state more than they have, so that several fit on a small machine.
"""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
PACKAGES = "slurmctld slurmd slurm-client munge"  # of Debian and Ubuntu
PATIENCE = 120.0  # seconds for a daemon to answer, on a machine that does other things as well


def missing() -> list[str]:
    """The programs that are needed and not installed."""
    return [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]


def _path() -> str:
    return os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])


class Cluster:
    """A running cluster; `started` makes one and stops it."""

    def __init__(self, folder: Path, nodes: Sequence[str]) -> None:
        self.folder = folder
        self.nodes = nodes
        self._daemons: dict[str, subprocess.Popen] = {}

    @property
    def variables(self) -> dict[str, str]:
        """What a process needs in its environment to find the cluster."""
        return {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{_path()}",
        }

    def start(self) -> None:
        """Start the daemons and wait until every node is idle."""
        self._configure()
        munge = self.folder / "munge"
        self._start(
            "munged",
            *("munged", "--foreground", "--force"),
            *(f"--{name}-file={munge / name}" for name in ("key", "pid", "log", "seed")),
            f"--socket={munge / 'socket'}",
        )
        self._await("munged", lambda: (munge / "socket").exists())
        self._start("slurmctld", "slurmctld", "-D")
        for node in self.nodes:
            self._start(node, "slurmd", "-D", "-N", node)
        self._await("slurmctld", lambda: set(self.states().values()) == {"idle"})

    def states(self) -> dict[str, str]:
        """The state of every node, as `sinfo` says it."""
        lines = self.ask("sinfo", "--noheader", "--Node", "--format=%N|%T").splitlines()
        return dict(line.split("|") for line in lines)

    def running(self) -> dict[str, str]:
        """The node of every job that runs, by number."""
        text = self.ask("squeue", "--noheader", "--states=running", "--format=%A|%N")
        return dict(line.split("|") for line in text.splitlines())

    def ask(self, *command: str) -> str:
        """What a command of Slurm prints."""
        environment = {**os.environ, **self.variables}
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        return result.stdout

    def kill(self, node: str) -> None:
        """End a node with all that runs on it, as when its power fails."""
        self._daemons[node].kill()
        self._daemons[node].wait()
        for process in self._of_node(node):
            with _gone_already():
                process.kill()

    def stop(self) -> None:
        """End every process of the cluster, and all that its jobs started."""
        for name in (*self.nodes, "slurmctld", "munged"):
            if name in self._daemons:
                self._daemons[name].kill()
                self._daemons[name].wait()
        for process in self.processes():
            with _gone_already():
                process.kill()
        shutil.rmtree(self.folder)

    def processes(self) -> list[psutil.Process]:
        """Every process that knows this cluster's configuration, but this one."""
        conf = self.variables["SLURM_CONF"]
        return [
            process
            for process in psutil.process_iter()
            if process.pid != os.getpid() and _variable(process, "SLURM_CONF") == conf
        ]

    def _of_node(self, node: str) -> list[psutil.Process]:
        """What a node's daemon started: the processes of its jobs, and what watches over them."""
        found = {}
        for process in self.processes():
            if _variable(process, "SLURMD_NODENAME") == node:
                with _gone_already():
                    above = [one for one in process.parents() if "slurmstepd" in one.name()]
                    below = process.children(recursive=True)
                    found |= {one.pid: one for one in (process, *above, *below)}
        return list(found.values())

    def _configure(self) -> None:
        munge = self.folder / "munge"
        munge.mkdir(mode=0o755)
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o400)
        ports = _free_ports(1 + len(self.nodes))
        host, user = socket.gethostname(), getpass.getuser()
        lines = {
            "ClusterName": "adsmtl",
            "SlurmctldHost": f"{host}(127.0.0.1)",
            "SlurmUser": user,
            "SlurmdUser": user,
            "AuthType": "auth/munge",
            # A job of a dead node goes back into the queue after as long as a credential holds.
            "AuthInfo": f"socket={munge / 'socket'},cred_expire=10",
            "SlurmctldPort": ports[0],
            "StateSaveLocation": self.folder / "state",
            "SlurmdSpoolDir": self.folder / "spool-%n",
            "SlurmctldPidFile": self.folder / "slurmctld.pid",
            "SlurmdPidFile": self.folder / "slurmd-%n.pid",
            "SlurmctldLogFile": self.folder / "slurmctld.log",
            "SlurmdLogFile": self.folder / "slurmd-%n.log",
            "ProctrackType": "proctrack/linuxproc",  # no control groups: they want more rights
            "TaskPlugin": "task/none",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_CPU_Memory",
            "SlurmdParameters": "config_overrides",
            "SlurmdTimeout": 20,  # seconds until a silent node counts as dead
            "KillWait": 10,
            "ReturnToService": 2,
        }
        text = [f"{key}={value}" for key, value in lines.items()]
        text += [
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1"
            " RealMemory=16000"
            for node, port in zip(self.nodes, ports[1:], strict=True)
        ]
        text.append("PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP")
        self._wrap_srun()
        for name in ("state", *(f"spool-{node}" for node in self.nodes)):
            (self.folder / name).mkdir()
        (self.folder / "slurm.conf").write_text("\n".join(text) + "\n")

    def _wrap_srun(self) -> None:
        """Snakemake's job steps forget `SLURM_CONF`; other clusters have theirs in /etc/slurm."""
        wrapper = self.folder / "bin/srun"
        wrapper.parent.mkdir()
        own, program = self.variables["SLURM_CONF"], shutil.which("srun", path=_path())
        wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={own} exec {program} "$@"\n')
        wrapper.chmod(0o755)

    def _start(self, name: str, *command: str) -> None:
        environment = {**os.environ, **self.variables}
        with (self.folder / f"{name}.out").open("w") as stream:
            self._daemons[name] = subprocess.Popen(
                command, env=environment, stdout=stream, stderr=stream, start_new_session=True
            )

    def _await(self, name: str, ready) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            for own, daemon in self._daemons.items():
                if daemon.poll() is not None:
                    said = (self.folder / f"{own}.out").read_text()
                    raise RuntimeError(f"{own} ended with {daemon.returncode}:\n{said}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not answer within {PATIENCE:.0f} s")
            time.sleep(0.5)


@contextmanager
def started(*nodes: str) -> Iterator[Cluster]:
    """A cluster of nodes with these names; at the end nothing of it is left."""
    # A short path: the name of a socket has at most 107 characters.
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="adsmtl-slurm-")), nodes)
    cluster.folder.chmod(0o755)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def _gone_already() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return


def _variable(process: psutil.Process, name: str) -> str | None:
    try:
        return process.environ().get(name)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return None


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
