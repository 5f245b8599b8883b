"""A block that is kept is still a part of the study that this code would train."""

from pathlib import Path

import pytest

from adsmtl import config, identity
from adsmtl.collected import provenance, reading
from adsmtl.config import Settings
from adsmtl.files import digest
from adsmtl.tables import numbers

ROOT = Path(__file__).parents[2]
BLOCKS = sorted(path.parent for path in (ROOT / "results/blocks").glob("*/*/collected"))
IDS = [path.relative_to(ROOT / "results/blocks").as_posix() for path in BLOCKS]


@pytest.fixture(autouse=True)
def checkout(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_nothing_that_decides_its_numbers_has_changed(block):
    """Else the study could not go on: its other seeds would be trained in another way."""
    kept = reading.load(block)
    study = config.study(Settings(preset=block.parent.name, embedded="never"))
    assert {arm: list(seeds) for arm, seeds in study.planned.items()} == kept.planned
    for row in kept.per_run.drop_duplicates("arm").to_dict("records"):
        run = study.run(row["arm"], row["seed"])
        assert digest(identity.code(run))[:12] == row["code"], run.name
        assert run.config_hash == row["config_hash"], run.name


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_it_was_trained_by_one_commit_of_clean_code(block):
    code = [one["code"] for one in reading.load(block).environments.values()]
    assert all(own["dirty"] is False for own in code)


def test_the_list_of_results_has_every_block():
    """It counts arms, seeds and runs; the study as a whole has so many runs."""
    text = (ROOT / "results/README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `seeds-")]
    expected = []
    for block in BLOCKS:
        kept = reading.load(block)
        facts = (len(kept.arms), numbers.spans(kept.seeds), len(kept.per_run))
        device = "; ".join(provenance.devices(kept))
        expected.append(" | ".join([f"| `{block.name}`", *map(str, facts), f"{device} |"]))
        assert f"has {sum(map(len, kept.planned.values())):,} runs" in text
    assert rows == expected


def test_blocks_of_one_study_do_not_overlap():
    seen: dict[tuple, str] = {}
    for block, name in zip(BLOCKS, IDS, strict=True):
        for run in reading.load(block).per_run[["arm", "seed"]].itertuples(index=False):
            key = (block.parent.name, *run)
            assert seen.setdefault(key, name) == name, key
