"""Blocks of a study joined give the study, and what is no block of it is refused with a reason."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fewer import draw_few
from synthetic import write_results, write_run

from adsmtl import cli, outputs, paths
from adsmtl.archive import consistency, freeze
from adsmtl.archive.judge import judge
from adsmtl.archive.pool import pool
from adsmtl.collected import collect, provenance, reading
from adsmtl.errors import UserError

ARMS = ["none", "fixed-0.2"]
PLANNED = {arm: range(4) for arm in ARMS}
Edit = Callable[[dict], None]


def block(
    root: Path, seeds: range | tuple, arms: list[str] = ARMS, edit: Edit | None = None
) -> Path:
    """A results folder that holds these seeds of a study of four, collected."""
    for arm in arms:
        for seed in seeds:
            path = write_run(root, arm, seed, epochs=2, exact=True) / "metrics.json"
            if edit is not None:
                metrics = json.loads(path.read_text())
                edit(metrics)
                path.write_text(json.dumps(metrics))
    collect.write(root, dict.fromkeys(arms, seeds), planned=PLANNED)
    return root


def test_blocks_of_seeds_and_arms_give_the_bytes_of_the_whole_study(tmp_path):
    whole = block(tmp_path / "whole", range(4))
    parts = [
        block(tmp_path / "late", (2, 3)),
        block(tmp_path / "none", (0, 1), ["none"]),
        block(tmp_path / "fixed", (0, 1), ["fixed-0.2"]),
    ]
    for path in pool(parts, tmp_path / "pooled"):
        if path.name != "study.json":
            assert path.read_bytes() == (whole / "collected" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("tried", "taken"), [(["", "3.15"], "3.15"), (["3.15", "3.16"], "3.15"), (["", None], "")]
)
def test_the_record_of_the_listing_is_of_a_block_that_had_keras(tmp_path, tried, taken):
    parts = [block(tmp_path / str(seed), (seed,)) for seed in range(2)]
    for part, keras in zip(parts, tried, strict=True):
        if keras is not None:
            record = {"keras": keras or None, "reason": None, "defects": []}
            (part / "listing.json").write_text(json.dumps(record))
    pool(parts, tmp_path / "pooled")
    found = json.loads((tmp_path / "pooled" / "listing.json").read_text())
    assert found["keras"] == (taken or None)


def test_blocks_can_be_pooled_step_by_step(tmp_path):
    parts = [block(tmp_path / str(seed), (seed,)) for seed in range(4)]
    pool(parts[:2], tmp_path / "first")
    pool([tmp_path / "first", *parts[2:]], tmp_path / "steps")
    pool(parts, tmp_path / "at once")
    for path in outputs.collected(tmp_path / "steps"):
        assert path.read_bytes() == (tmp_path / "at once/collected" / path.name).read_bytes()
    assert len(reading.load(tmp_path / "steps").study["blocks"]) == 4


def test_a_study_is_interim_until_all_planned_runs_are_there(tmp_path, monkeypatch):
    draw_few(monkeypatch)
    parts = [block(tmp_path / "a", (0, 1)), block(tmp_path / "b", (2,))]
    pool(parts, tmp_path / "three")
    found = provenance.interim(reading.load(tmp_path / "three"))
    assert found == "interim, 3 of 4 seeds (6 of 8 runs)"
    judge(tmp_path / "three", tmp_path / "three")
    assert (tmp_path / "three/claims.md").read_text().startswith(f"# Claims ledger: {found}\n")
    last = block(tmp_path / "c", (3,), ["none"])
    pool([tmp_path / "three", last], tmp_path / "nearly")
    found = provenance.interim(reading.load(tmp_path / "nearly"))
    assert found == "interim, 3 of 4 seeds (7 of 8 runs)"
    pool([tmp_path / "nearly", block(tmp_path / "d", (3,), ["fixed-0.2"])], tmp_path / "all")
    assert provenance.interim(reading.load(tmp_path / "all")) is None


def _committed(metrics: dict) -> None:
    metrics["code"] = {"commit": "a" * 40, "describe": "v1", "dirty": False, "reason": None}


def _precision(metrics: dict) -> None:
    metrics["device"]["precision"] = "bf16"


def _rate(metrics: dict) -> None:
    metrics["config"]["training"]["batch_size"] = 32


def _data(metrics: dict) -> None:
    metrics["data"]["cifar10"]["digest"] = "0" * 64


def _code(metrics: dict) -> None:
    metrics["identity"] = {"code": {"adsmtl.training.engine": "other"}}


def _preset(metrics: dict) -> None:
    metrics["preset"] = "another"


def test_seeds_may_come_from_machines_of_different_precision(tmp_path):
    parts = [block(tmp_path / "a", (0, 1)), block(tmp_path / "b", (2, 3), edit=_precision)]
    pool(parts, tmp_path / "pooled")
    assert len(provenance.devices(reading.load(tmp_path / "pooled"))) == 2


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (_rate, r"none differs in training\.batch_size \(64 and 32\)"),
        (_data, "the prepared data of cifar10 differ"),
        (_code, "other code decided the numbers of none"),
        (_preset, "they differ in their preset"),
    ],
)
def test_a_block_of_another_study_is_refused_with_the_reason(tmp_path, edit, reason):
    parts = [block(tmp_path / "a", (0, 1)), block(tmp_path / "b", (2, 3), edit=edit)]
    with pytest.raises(UserError, match=f"a and .*b are not blocks of one study: {reason}"):
        pool(parts, tmp_path / "pooled")
    assert not (tmp_path / "pooled").exists()


def test_a_block_of_another_plan_is_refused(tmp_path):
    parts = [block(tmp_path / "a", (0, 1)), block(tmp_path / "b", (2, 3))]
    collect.write(parts[1], planned={"none": range(8), "fixed-0.2": range(8)})
    with pytest.raises(UserError, match="planned arms and seeds"):
        pool(parts, tmp_path / "pooled")


def test_the_runs_of_one_seed_come_from_one_kind_of_machine(tmp_path):
    parts = [
        block(tmp_path / "a", (0,), ["none"]),
        block(tmp_path / "b", (0,), ["fixed-0.2"], _precision),
    ]
    with pytest.raises(UserError, match=r"seed 0 was trained on .*bf16\) and on .*fp32\)"):
        pool(parts, tmp_path / "pooled")


def test_a_seed_of_two_kinds_of_machine_is_neither_kept_nor_verified(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = block(paths.RESULTS / "quick", (0,), ["none"], _committed)
    for seed in (0, 1):
        block(
            root, (seed,), ["fixed-0.2"], lambda metrics: (_committed(metrics), _precision(metrics))
        )
    collect.write(root, planned=PLANNED)
    told = r"seed 0 was trained on .*bf16\) and on .*fp32\)"
    with pytest.raises(UserError, match=f"{told}; the runs of a seed are compared"):
        freeze.keep(root, "mixed")
    (found,) = consistency.faults(reading.load(root))
    assert found[0] == consistency.RUNS
    assert re.fullmatch(f"mixes machines: {told}", found[1])


def test_overlapping_blocks_are_named_with_a_run_that_both_hold(tmp_path):
    parts = [block(tmp_path / "a", (0, 1)), block(tmp_path / "b", (1, 2))]
    with pytest.raises(UserError, match=r"a and .*b overlap: both hold none seed=1 \(2 runs"):
        pool(parts, tmp_path / "pooled")


def test_a_run_that_diverged_in_one_block_is_not_in_another_too(tmp_path):
    first, second = block(tmp_path / "a", (0, 1)), block(tmp_path / "b", (1, 2))
    for part in (first, second):
        path = part / "collected/study.json"
        study = json.loads(path.read_text())
        if part is first:  # as if both runs of seed 1 had diverged there
            study["diverged"] = [
                {"arm": arm, "seed": 1, "label": arm, "epoch": 1, "reason": "loss", "traits": {}}
                for arm in ARMS
            ]
        path.write_text(json.dumps(study))
        whole = reading.load(part)
        kept = whole.runs[~((whole.runs["seed"] == 1) & (part == first))]
        collect.save(replace(whole, runs=kept))
    with pytest.raises(UserError, match=r"a and .*b overlap: both hold none seed=1"):
        pool([first, second], tmp_path / "pooled")


def test_a_study_that_lacks_a_run_is_interim_whatever_there_is_too_much(tmp_path):
    whole = reading.load(block(tmp_path / "all", range(4)))
    lacking = {arm: [*seeds, 4] for arm, seeds in whole.planned.items()}
    for planned, found in ((lacking, "4 of 5 seeds (8 of 10 runs)"), (whole.planned, None)):
        told = provenance.interim(replace(whole, study={"planned": planned, "blocks": []}))
        assert told == (found and f"interim, {found}")


def test_seeds_are_counted_as_most_runs_have_them(tmp_path):
    whole = reading.load(block(tmp_path / "all", range(4)))
    variants = {f"variant {number}": [0] for number in range(3)}  # more arms, but fewer runs
    planned = {"none": list(range(8)), **variants}
    told = provenance.interim(replace(whole, study={"planned": planned, "blocks": []}))
    assert told == "interim, 4 of 8 seeds (4 of 11 runs)"


def test_a_pool_that_fails_can_be_made_again(tmp_path, monkeypatch):
    def fail(*given):
        raise UserError("no space")

    part, out = block(tmp_path / "a", range(4)), tmp_path / "pooled"
    draw_few(monkeypatch)
    call = ["pool", str(part), "--out", str(out)]
    with monkeypatch.context() as patch:
        patch.setattr("adsmtl.archive.page.write", fail)
        assert cli.main(call) == 2
    assert cli.main(call) == 0
    assert cli.main(call) == 2  # and what is there stays
    assert (out / "collected/runs.csv").is_file()


def test_one_block_alone_is_taken_up_as_it_is(tmp_path):
    (part,) = [block(tmp_path / "a", (0, 1))]
    for path in pool([part], tmp_path / "pooled"):
        if path.name != "study.json":  # says which blocks were pooled
            assert path.read_bytes() == (part / path.relative_to(tmp_path / "pooled")).read_bytes()


def test_nothing_is_overwritten(tmp_path):
    parts = [block(tmp_path / "a", (0, 1)), block(tmp_path / "b", (2, 3))]
    with pytest.raises(UserError, match="pool into another folder"):
        pool(parts, tmp_path / "a")


def test_a_block_is_kept_without_its_runs_and_the_pool_is_judged_and_frozen(tmp_path, monkeypatch):
    clean = {"commit": "a" * 40, "describe": "v1", "dirty": False, "reason": None}
    shutil.copy(paths.CITATION, tmp_path)
    shutil.copytree("workflow", tmp_path / "workflow")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("adsmtl.revision.code", lambda: clean)
    draw_few(monkeypatch)

    kept = []
    for seeds in ((0, 1), (2, 3)):
        root = block(
            paths.RESULTS / "quick", seeds, edit=lambda metrics: metrics.update(code=clean)
        )
        kept.append(freeze.keep(root, f"seeds-{seeds[0]}-{seeds[1]}"))
        shutil.rmtree(root)
    with pytest.raises(UserError, match="exists; give the block another name"):
        freeze.keep(write_results(paths.RESULTS / "quick", 1, ARMS), kept[0].name)
    assert cli.main(["pool", *map(str, kept), "--out", "results/pooled"]) == 0
    assert cli.main(["freeze", "results/pooled"]) == 0
    target = next(paths.FROZEN.glob("*/pooled"))
    traced = json.loads((target / outputs.MANIFEST).read_text())
    assert traced["unfinished"] is None
    assert [own["seeds"] for own in traced["blocks"]] == [[0, 1], [2, 3]]
    assert cli.main(["judge", str(target), "--out", "again"]) == 0
    assert (Path("again") / "claims.json").read_bytes() == (target / "claims.json").read_bytes()


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x"])
def test_a_block_has_a_name_that_can_be_a_folder(tmp_path, name):
    with pytest.raises(UserError, match="a block cannot be called"):
        freeze.keep(tmp_path, name)
