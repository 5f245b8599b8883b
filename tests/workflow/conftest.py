"""A copy of the project in which the whole workflow has run once, on embedded data."""

import os
import shutil
from pathlib import Path

import pytest
from copies import Project, copy_project
from filelock import FileLock


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished smoke study on embedded data, the same for all workers; do not change it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    project = Project(shared / "finished")
    log = project.folder / "first.log"
    with FileLock(shared / "finished.lock"):
        if not log.exists():
            copy_project(project.folder)
            log.write_text(project.snakemake("--cores", "2"))
    return project


@pytest.fixture
def study(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished study that a test may change. Times are kept, so nothing is stale."""
    folder = tmp_path / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Project(folder)
