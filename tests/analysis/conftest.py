from pathlib import Path

import pytest
from synthetic import write_results


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole results folder, `quick`, of nine arms and three seeds; read only."""
    return write_results(tmp_path_factory.mktemp("results") / "quick")
