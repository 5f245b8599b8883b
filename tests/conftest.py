"""What tests of several folders share."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a copy of the configuration, as the working folder; no mirror."""
    shutil.copytree(Path(__file__).parents[1] / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADSMTL_MIRROR", raising=False)
    monkeypatch.delenv("ADSMTL_SETTINGS", raising=False)
    return tmp_path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole workflow first: it takes longest, and the other tests run beside it."""
    items.sort(key=lambda item: "workflow" not in item.path.parts)
