"""Jobs that a killed call left on a cluster; with a real one in tests/cluster."""

from pathlib import Path

import pytest

from adsmtl import cluster
from adsmtl.errors import UserError
from adsmtl.yaml_files import read_yaml

ROOT = Path(__file__).parents[1]


def test_without_slurm_it_is_said_that_slurm_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"Slurm does not answer: .*squeue"):
        cluster.end_left(tmp_path, print)


def test_the_profile_gives_the_jobs_the_name_by_which_they_are_found() -> None:
    profile = read_yaml(ROOT / "profiles/slurm/config.yaml")
    assert f"{profile['slurm-jobname-prefix']}_" == cluster.PREFIX


def test_the_profile_repeats_nothing_of_the_default_one() -> None:
    own, default = (
        read_yaml(ROOT / f"profiles/{name}/config.yaml") for name in ("slurm", "default")
    )
    assert not set(own) & set(default)
