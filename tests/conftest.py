"""What tests of several folders share."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from collecting import collected
from filelock import FileLock

pytest_plugins = ["faults"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a copy of the configuration, as the working folder; no mirror."""
    shutil.copytree(Path(__file__).parents[1] / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADSMTL_MIRROR", raising=False)
    monkeypatch.delenv("ADSMTL_SETTINGS", raising=False)
    monkeypatch.delenv("ADSMTL_PROCESSES", raising=False)
    return tmp_path


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker makes and all others read."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / name
    with FileLock(shared / f"{name}.lock"):
        if not (folder / ".made").exists():
            folder.mkdir()
            make(folder)
            (folder / ".made").touch()
    return folder


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder, `quick`, of nine arms and three seeds, without products; read only."""
    from synthetic import ORDER, write_results

    def make(folder: Path) -> None:
        collected(write_results(folder / "quick"), ORDER)

    return once(tmp_path_factory, "results", make) / "quick"


@pytest.fixture(scope="session")
def drawn(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with all figures, which take seconds to draw; read only."""
    from adsmtl.collected import reading
    from adsmtl.figures import build as figures

    def make(folder: Path) -> None:
        shutil.copytree(results, folder / "quick")
        figures.write_all(reading.load(results), folder / "quick")

    return once(tmp_path_factory, "drawn", make) / "quick"


@pytest.fixture(scope="session")
def machine():
    """This process's CPU, float32, one thread."""
    import torch

    from adsmtl.training.device import Machine

    torch.set_num_threads(1)
    return Machine(torch.device("cpu"), "fp32", 1)


@pytest.fixture(scope="session")
def prepared():
    """Two tiny data sets by task; see `tiny`."""
    import tiny

    return tiny.both()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole workflow first: it takes longest, and the other tests run beside it."""
    items.sort(key=lambda item: "workflow" not in item.path.parts)
