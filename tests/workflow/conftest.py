"""A copy of the project in which the whole workflow has run once, on embedded data."""

import shutil
from pathlib import Path

import pytest
from copies import Project, copy_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished smoke study on embedded data; do not change it."""
    project = copy_project(tmp_path_factory.mktemp("project"))
    output = project.snakemake()
    (project.folder / "first.log").write_text(output)
    return project


@pytest.fixture
def study(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished study that a test may change. Times are kept, so nothing is stale."""
    folder = tmp_path / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Project(folder)
