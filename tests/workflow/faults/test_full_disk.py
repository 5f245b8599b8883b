"""Every step that writes, on a disk that is too small for what it writes: one message, nothing half
written, and the same call succeeds once there is room.

The disk is a tmpfs that holds a copy of the finished project. What the step has made is deleted,
and the rest of the disk is filled but for a random part of the room that its files took.
"""

import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bits import differing
from copies import EMBEDDED, RESULTS, Project

PAGE = 4096
HERE = {
    # Python keeps compiled modules that a full disk cut off, and cannot load them afterwards.
    "PYTHONDONTWRITEBYTECODE": "1",
    # Else git says in other words that this is no checkout, and a run repeats them.
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
}
SETTINGS = ("adsmtl", "--settings", '{"preset": "smoke", "embedded": "always"}')
RUN = RESULTS / "runs/none/seed=0"
TESTED = RESULTS / "runs/adsmtl-0.2/seed=0"


@dataclass(frozen=True)
class Step:
    """A command, and the files and folders that it makes.

    Attributes:
        again: whether it makes the same bytes again.
        status: with which it ends on a full disk.
    """

    command: tuple[str, ...]
    makes: tuple[Path, ...]
    again: bool = True
    status: int = 2


def command(*words: str) -> tuple[str, ...]:
    return (*SETTINGS, *words)


STEPS: dict[str, Step] = {
    "prepare images": Step(command("prepare", "digits"), (Path("data/prepared/digits"),)),
    "prepare speech": Step(command("prepare", "espeak"), (Path("data/prepared/espeak"),)),
    "train": Step(command("train", "--arms", "none", "--seeds", "0"), (RUN,), again=False),
    "test-time": Step(
        command("test-time", "--arm", "adsmtl-0.2", "--seeds", "0"), (TESTED / "test-time.json",)
    ),
    "affinity": Step(
        command("affinity", "--arms", "none", "--seeds", "0"), (RUN / "affinity.json",)
    ),
    "collect": Step(command("collect"), (RESULTS / "collected",)),
    "listing": Step(command("listing"), (RESULTS / "listing.json",)),
    "tables": Step(command("tables"), (RESULTS / "tables",)),
    "figures": Step(command("figures"), (RESULTS / "figures",)),
    "claims": Step(command("claims"), (RESULTS / "claims.json", RESULTS / "claims.md")),
    "report": Step(command("report"), (RESULTS / "report.html",)),
    "manifest": Step(command("manifest"), (RESULTS / "manifest.json",)),
    "track": Step(command("track"), (Path("mlflow.db"), Path("mlruns")), again=False),
    "judge": Step(
        command("judge", str(RESULTS)),
        (RESULTS / "tables", RESULTS / "figures", RESULTS / "claims.json", RESULTS / "claims.md"),
    ),
    # Snakemake writes messages and benchmarks of its own, and says in its own words what failed.
    "the workflow": Step(
        ("snakemake", "--cores", "2", "--config", *EMBEDDED), (RESULTS / "tables",), status=1
    ),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    option = metafunc.config.option
    drawn = random.Random(option.fault_seed).sample(list(STEPS), min(option.disks, len(STEPS)))
    metafunc.parametrize("name", drawn)


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished study on a disk of its own."""
    disk, used = tmp_path / "disk", _pages([finished.folder])
    disk.mkdir()
    size = f"size={used * PAGE + 64 * 2**20}"
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.strip()}")
    try:
        shutil.copytree(finished.folder, disk / "project", symlinks=True)
        yield Project(disk / "project")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.faults("full disks")
def test_a_full_disk_is_one_message_and_costs_nothing(
    name: str, project: Project, finished: Project, request: pytest.FixtureRequest
) -> None:
    step, folder = STEPS[name], project.folder
    own = [folder / path for path in step.makes]
    room = random.Random(f"{request.config.option.fault_seed} {name}").randrange(_pages(own))
    for path in own:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = _files(folder)
    ballast = _fill(folder.parent, room)
    print(f"{name}: {room} pages of {PAGE} bytes are left")

    ended = project.call(*step.command, **HERE)
    said = ended.stdout + ended.stderr
    assert ended.returncode == step.status, said[-3000:]
    if step.status == 2:
        assert "No space left on device" in said or "disk is full" in said, said[-3000:]
        assert "Traceback" not in said
        (message,) = [line for line in said.splitlines() if "error: " in line]
        assert str(folder) in message or any(str(path) in message for path in _roots(step)), said
    half = [path for path in _files(folder) - before if path.name.startswith(".")]
    assert [path for path in half if ".snakemake" not in path.parts] == []

    ballast.unlink()
    project.done(*step.command, **HERE)
    for path in step.makes:
        assert (folder / path).exists(), path
    if step.again:
        for path in _files(finished.folder):
            if any(path.is_relative_to(one) for one in step.makes):
                assert (folder / path).read_bytes() == (finished.folder / path).read_bytes(), path
    assert differing(folder / RUN, finished.folder / RUN) == []


def _roots(step: Step) -> set[Path]:
    """The folders, relative to the project, of which a message may name a file."""
    return {path.parent for path in step.makes}


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def _pages(paths: list[Path]) -> int:
    """Pages that files and those of folders take on a tmpfs."""
    files = [own for path in paths for own in ([path] if path.is_file() else path.rglob("*"))]
    return sum(-(-own.stat().st_size // PAGE) for own in files if own.is_file())


def _fill(disk: Path, room: int) -> Path:
    """Fill a disk but for some pages; the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(2**20)) == 2**20:
                pass
        except OSError:
            pass
        stream.truncate(max(0, stream.tell() // PAGE - room) * PAGE)
    return ballast
