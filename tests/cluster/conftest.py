"""A Slurm cluster of two nodes on this machine; `make test-cluster` runs these."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The copies of the project that the tests of the workflow use.
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import slurm_cluster


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """The tests fail at once where something is missing, and say what to do."""
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.fail(
            "Snakemake's executor for Slurm is not installed; call `make test-cluster`, which "
            "installs the extra `cluster`"
        )
    if missing := slurm_cluster.missing():
        pytest.fail(
            f"no Slurm: {', '.join(missing)} missing (apt-get install {slurm_cluster.PACKAGES})"
        )


@pytest.fixture
def cluster() -> Iterator[slurm_cluster.Cluster]:
    """Two nodes, `one` and `two`, with nothing in the queue."""
    with slurm_cluster.started("one", "two") as running:
        yield running
    assert running.processes() == [], "something of the cluster still runs"
