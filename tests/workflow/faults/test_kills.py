"""Kills at random moments over the whole workflow cost no bit and no epoch that was kept."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from bits import differing
from copies import RESULTS, Project, copy_project
from killing import Study, durations

PER_STUDY = 5
#: What must be equal byte for byte, beside the runs. Tables state times, and captions repeat them.
PRODUCTS = (
    *("runs/*/*/test-time.json", "runs/*/*/affinity.json", "collected/predictions.npz"),
    *("collected/configs.json", "claims.json", "figures/accuracy.png"),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Kills are spread over studies; each draws from a seed of its own, which its name states.

    The first begins with prepared data, which saves half of the time of a small sample.
    """
    if "seed" in metafunc.fixturenames:
        kills, first = metafunc.config.option.kills, metafunc.config.option.fault_seed
        shares = [min(PER_STUDY, kills - done) for done in range(0, kills, PER_STUDY)]
        drawn = [(first + n, share, n > 0) for n, share in enumerate(shares)]
        ids = [f"seed {seed}, {share} kills" for seed, share, _ in drawn]
        metafunc.parametrize(("seed", "kills", "from_scratch"), drawn, ids=ids)


@pytest.mark.faults("killed studies")
def test_a_study_that_is_killed_gives_the_bits_of_one_that_is_not(
    seed: int,
    kills: int,
    from_scratch: bool,
    finished: Project,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    log = (finished.folder / "first.log").read_text()
    project = copy_project(tmp_path / "project")
    if not from_scratch:
        shutil.copytree(finished.folder / "data", project.folder / "data", dirs_exist_ok=True)
    study = Study(project, random.Random(seed), durations(log), tmp_path)
    while len(study.kills) < kills and study.killed():
        print(study.kills[-1])
    study.finish()
    record_property("faults: kills", len(study.kills))
    record_property("faults: epochs kept at kills", len(study.kept))

    assert study.lost() == []
    own, undisturbed = study.project.folder / RESULTS, finished.folder / RESULTS
    runs = sorted(path.relative_to(undisturbed) for path in undisturbed.glob("runs/*/*"))
    assert [name for run in runs for name in differing(own / run, undisturbed / run)] == []
    for pattern in PRODUCTS:
        for path in undisturbed.glob(pattern):
            assert (own / path.relative_to(undisturbed)).read_bytes() == path.read_bytes(), path
    assert "files verified" in study.project.done("adsmtl", "verify", str(RESULTS))
    query = "SELECT count(*) FROM tags WHERE key = 'mlflow.parentRunId'"
    with sqlite3.connect(study.project.folder / "mlflow.db") as database:
        assert database.execute(query).fetchone() == (len(runs),)
