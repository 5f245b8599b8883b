"""Copies of the project, and how to call its commands there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = (
    *("Snakefile", "workflow", "profiles", "config", "src"),
    *("dvc.yaml", ".dvc", ".dvcignore", ".gitignore", "environment.yml", "CITATION.cff"),
    *("Makefile", "requirements.lock", "requirements-bench.lock", "requirements-docs.lock"),
    *("requirements-browser.lock", "requirements-cluster.lock", "pyproject.toml"),
)
EMBEDDED = ("preset=smoke", "embedded=always")
RESULTS = Path("results/smoke-embedded")


@dataclass(frozen=True)
class Project:
    """A copy of the project and how to call its commands."""

    folder: Path

    def call(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment in the copy, whose package shadows the installed one."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder / "src"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            **variables,
        }
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True
        )

    def done(self, *command: str, **variables: str) -> str:
        """Like `call`, for a command that must succeed; what it printed."""
        result = self.call(*command, **variables)
        output = result.stdout + result.stderr
        assert result.returncode == 0, output[-6000:]
        return output

    def snakemake(self, *options: str, config: tuple[str, ...] = EMBEDDED, **variables: str) -> str:
        """A successful call of Snakemake; what it printed."""
        return self.done("snakemake", *options, "--config", *config, **variables)

    def edit(self, name: str, pattern: str, replacement: str) -> None:
        """Replace the only place in a file that matches a regular expression."""
        path = self.folder / name
        text, count = re.subn(pattern, replacement, path.read_text())
        assert count == 1, f"{name} has {count} places that match {pattern}"
        path.write_text(text)


def copy_project(folder: Path) -> Project:
    """The project's files without data and results."""
    folder.mkdir(parents=True, exist_ok=True)
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info", "cache", "tmp", "*.local")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=skip)
        else:
            shutil.copy2(source, folder / part)
    return Project(folder)


class Beside:
    """Calls that go on beside a test, each in a process group of its own; leaving kills them.

    Args:
        folder: where what they print goes, a file each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[subprocess.Popen] = []

    def __enter__(self) -> "Beside":
        return self

    def start(
        self, project: Project, *command: str, **variables: str
    ) -> tuple[subprocess.Popen, Path]:
        """The process of a command in a project, and the file with what it prints."""
        output = self._folder / f"{len(self._started)}.log"
        with output.open("w") as stream:
            process = subprocess.Popen(
                command,
                cwd=project.folder,
                env={**os.environ, "PYTHONPATH": str(project.folder / "src"), **variables},
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(process)
        return process, output

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
