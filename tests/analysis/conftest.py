import shutil
from pathlib import Path

import pytest
from synthetic import ORDER, write_results

from adsmtl.analysis import figures


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder, `quick`, of nine arms and three seeds, without products; read only."""
    return write_results(tmp_path_factory.mktemp("results") / "quick")


@pytest.fixture(scope="session")
def drawn(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with all figures, which take seconds to draw."""
    root = tmp_path_factory.mktemp("drawn") / "quick"
    shutil.copytree(results, root)
    figures.write_all(root, ORDER)
    return root
