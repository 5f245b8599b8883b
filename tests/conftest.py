"""What tests of several folders share."""

import shutil
from pathlib import Path

import pytest
from collecting import collected


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a copy of the configuration, as the working folder; no mirror."""
    shutil.copytree(Path(__file__).parents[1] / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADSMTL_MIRROR", raising=False)
    monkeypatch.delenv("ADSMTL_SETTINGS", raising=False)
    monkeypatch.delenv("ADSMTL_PROCESSES", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder, `quick`, of nine arms and three seeds, without products; read only."""
    from synthetic import ORDER, write_results

    root = write_results(tmp_path_factory.mktemp("results") / "quick")
    collected(root, ORDER)
    return root


@pytest.fixture(scope="session")
def drawn(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with all figures, which take seconds to draw."""
    from adsmtl.collected import reading
    from adsmtl.figures import build as figures

    root = tmp_path_factory.mktemp("drawn") / "quick"
    shutil.copytree(results, root)
    figures.write_all(reading.load(root), root)
    return root


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
