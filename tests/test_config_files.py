"""The committed configuration is right, and what is made from it is up to date."""

import json
import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import yaml
from synthetic import claim_arms

from adsmtl import arms as expansion
from adsmtl import config, paths
from adsmtl.config import Group, Settings
from adsmtl.dropout.difficulty import SIGNALS
from adsmtl.dropout.schedules import (
    SCHEDULES,
    Adsmtl,
    Fixed,
    Follow,
    ListingIntent,
    NoDropout,
)
from adsmtl.study import Arm, Examples, Study
from adsmtl.weighting import WEIGHTINGS, Equal
from adsmtl.yaml_files import read_yaml

CHECKOUT = Path(__file__).parents[1]
PRESETS = sorted(path.stem for path in (CHECKOUT / paths.PRESETS).glob("*.yaml"))


@pytest.fixture(scope="module")
def arms() -> dict[str, Arm]:
    """Every committed arm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(CHECKOUT)
        return config.arms()


def study(preset: str, embedded: str = "never") -> Study:
    return config.study(Settings(preset=preset, embedded=embedded))


def test_the_papers_arms_have_its_settings(arms: dict[str, Arm]) -> None:
    assert arms["single-vision-none"].tasks == ("vision",)
    assert arms["single-speech-none"].tasks == ("speech",)
    assert arms["none"].dropout == NoDropout()
    assert arms["none"].tasks is None
    assert arms["fixed-0.3"].dropout == Fixed(0.3)
    for p0 in (0.1, 0.2, 0.3, 0.5):
        assert arms[f"adsmtl-{p0}"].dropout == Adsmtl(
            p0=p0, kappa=1.0, p_min=0.0, p_max=0.7, smoothing=0.5, interval=1
        )
    assert arms["listing-intent"].dropout == ListingIntent(rate=0.2, epochs=1)


def test_the_main_arms_are_those_of_the_protocol(arms: dict[str, Arm]) -> None:
    assert [name for name, arm in arms.items() if arm.group == "main"] == [
        *("none", "fixed-0.1", "fixed-0.2", "fixed-0.3", "fixed-0.5"),
        *("per-task-0.1-0.3", "per-task-0.3-0.1", "per-task-0.1-0.5", "per-task-0.5-0.1"),
        *("adsmtl-0.1", "adsmtl-0.2", "adsmtl-0.3", "adsmtl-0.5", "listing-intent"),
    ]


def test_a_fixed_rate_per_task_is_what_its_id_says(arms: dict[str, Arm]) -> None:
    found = [arm for arm in arms.values() if arm.family == "per-task"]
    assert [arm.names()["tunable"] for arm in found] == [1, 2, 3, 4]
    for arm in found:
        vision, speech = arm.dropout.by_task["vision"], arm.dropout.by_task["speech"]
        assert arms[f"per-task-{vision}-{speech}"] == arm
        assert vision != speech


def test_the_controls_take_the_rates_of_adsmtl_apart(arms: dict[str, Arm]) -> None:
    kept = {name: arm.dropout for name, arm in arms.items() if arm.group == "controls"}
    assert kept == {
        "borrowed": Follow("adsmtl-0.2", "borrowed"),
        "swapped": Follow("adsmtl-0.2", "swapped"),
        "matched-mean": Follow("adsmtl-0.2", "mean-over-time"),
        "reversed": Adsmtl(direction="harder-drops-more"),
    }


def test_the_multiverse_changes_one_thing_or_two(arms: dict[str, Arm]) -> None:
    """Against ADSMTL, or for a site of fixed rates against that rate."""

    def differences(arm: Arm, other: Arm) -> list[str]:
        flat = [
            {**own.deciding(), **{f"dropout.{k}": v for k, v in own.deciding()["dropout"].items()}}
            for own in (arm, other)
        ]
        return [key for key in flat[0] if key != "dropout" and flat[0][key] != flat[1].get(key)]

    rated = {"adsmtl": arms["adsmtl-0.2"], "fixed": arms["fixed-0.2"]}
    changed = {
        name: differences(arm, rated[arm.dropout.schedule])
        for name, arm in arms.items()
        if arm.group == "multiverse" or name == "reversed"
    }
    assert {name: keys for name, keys in changed.items() if len(keys) not in (1, 2)} == {}
    assert {keys[0] for keys in changed.values() if len(keys) == 1} == {
        *("dropout.difficulty", "dropout.kappa", "dropout.interval", "dropout.direction"),
        *("dropout.reference", "site"),
    }
    pairs = {frozenset(keys) for keys in changed.values() if len(keys) == 2}
    assert pairs == {
        frozenset({"dropout.difficulty", "dropout.reference"}),
        frozenset({"dropout.difficulty", "dropout.kappa"}),
        frozenset({"dropout.reference", "dropout.kappa"}),
        frozenset({"dropout.kappa", "site"}),
    }


def test_every_schedule_weighting_and_signal_has_an_arm(arms: dict[str, Arm]) -> None:
    schedules = {arm.dropout.schedule for arm in arms.values()}
    assert schedules == set(SCHEDULES)
    assert {arm.weighting.weighting for arm in arms.values()} == set(WEIGHTINGS)
    assert {
        arm.dropout.difficulty for arm in arms.values() if isinstance(arm.dropout, Adsmtl)
    } == set(SIGNALS)


def test_every_key_of_an_arm_is_explained_in_the_file_with_its_choices() -> None:
    text = (CHECKOUT / "config/arms.yaml").read_text()
    header = text[: text.index("\n\n")]
    explained = set(re.findall(r"^#   (\w+) ", header, re.MULTILINE))
    from_group = {"group", "group_title"}
    keys = {key.name for key in (*fields(Group), *fields(Arm))} - from_group
    assert explained == {*keys, "like"}
    for key, names in {
        "dropout": SCHEDULES,
        "weighting": WEIGHTINGS,
        "site": ("all", "shared", "specific"),
    }.items():
        own = re.search(rf"^#   {key} .*(?:\n#      .*)*", header, re.MULTILINE).group()
        assert set(names) <= set(re.findall(r"[a-z][a-z0-9-]+", own)), key


def test_fair_tuning_every_family_tries_the_same_values(arms: dict[str, Arm]) -> None:
    families: dict[str, list[Arm]] = {}
    for arm in arms.values():
        if arm.family is not None:
            families.setdefault(arm.family, []).append(arm)
    assert {"fixed", "adsmtl", "per-task", "single-vision-fixed", "single-speech-fixed"} <= set(
        families
    )
    tried = {}
    for family, members in families.items():
        assert len({(arm.dropout.schedule, arm.tasks, arm.role) for arm in members}) == 1, family
        (zero,) = {arm.zero for arm in members}
        values = {arm.names()["tunable"] for arm in members} | (set() if zero is None else {0})
        assert len(values) == len(members) + (zero is not None), family
        tried[family] = sorted(values)
    penalties = tried.pop("l2")
    rates = tried["fixed"]
    assert tried.pop("per-task") == [1, 2, 3, 4]  # as many as there are rates
    assert tried == dict.fromkeys(tried, rates)
    assert len(penalties) == len(rates)


def test_arms_of_the_roles_without_dropout_have_no_other_treatment(arms: dict[str, Arm]) -> None:
    treated = [
        name
        for name, arm in arms.items()
        if (arm.dropout, arm.l2, arm.weighting) != (NoDropout(), 0, Equal())
    ]
    plain = ("no-dropout", "pair", "pair-single")
    assert [name for name, arm in arms.items() if arm.role not in plain] == treated


def test_a_group_is_in_the_main_table_or_has_a_baseline(arms: dict[str, Arm]) -> None:
    baselines = {arm.group: arm.baseline for arm in arms.values()}
    assert [name for name, own in baselines.items() if own is None] == ["reference", "main"]
    assert set(baselines.values()) == {None, "adsmtl-0.2", "none", config.SINGLE_TASK}


def test_every_task_that_is_trained_with_others_is_trained_alone_too(
    arms: dict[str, Arm],
) -> None:
    """With as much data and without dropout: what delta_m compares with."""
    main = [name for name, entry in config.task_entries().items() if entry.main]
    plain = [arm for arm in arms.values() if arm.dropout == NoDropout() and arm.l2 == 0]
    alone = {(*arm.tasks, arm.train_fraction) for arm in plain if len(arm.tasks or main) == 1}
    together = {
        (task, arm.train_fraction)
        for arm in arms.values()
        if len(arm.tasks or main) > 1
        for task in arm.tasks or main
    }
    assert together == alone
    assert {fraction for _, fraction in together} == {0.1, 0.25, 0.5, 1.0}


def test_labels_and_ids_tell_arms_and_groups_apart(arms: dict[str, Arm]) -> None:
    assert len({arm.label for arm in arms.values()}) == len(arms)
    assert not {arm.group for arm in arms.values()} & set(arms)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_presets_load(project: Path, preset: str) -> None:
    stated = read_yaml(paths.PRESETS / f"{preset}.yaml")
    found = study(preset)
    first = stated.get("first_seed", 0)
    assert found.extent.seeds == tuple(range(first, first + stated["seeds"]))
    assert set(found.seeds) == set().union(*found.planned.values())
    assert found.extent.training.epochs == stated["training"]["epochs"]
    named = {*stated["arms"], *stated.get("apart", {})}
    assert list(found.arms) == [
        name for name, arm in config.arms().items() if name in named or arm.group in named
    ]
    hashes = {run.config_hash for run in found.runs()}
    assert len(found.runs()) == len(hashes) == sum(map(len, found.planned.values()))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_that_falls_back_has_a_study_on_embedded_data(project: Path, preset: str) -> None:
    if config.preset(preset).fallback:
        found = study(preset, embedded="always")
        assert {task.dataset for task in found.tasks.values()} == {"digits", "espeak"}
        assert found.arms
    else:
        assert preset not in ("smoke", "quick")


@pytest.mark.parametrize("preset", ["study", "paper"])
def test_a_preset_for_every_claim_has_the_arms_that_claims_need(project: Path, preset: str) -> None:
    found = study(preset)
    assert set(claim_arms()) <= set(found.arms)
    assert found.test_time is not None
    assert set(claim_arms("C6")) <= set(found.test_time.arms)


def test_c9_has_at_least_twelve_pairs_whose_tasks_are_trained_alone_too(
    arms: dict[str, Arm],
) -> None:
    pairs = [arm.tasks for arm in arms.values() if arm.role == "pair"]
    alone = {arm.tasks for arm in arms.values() if arm.role == "pair-single"}
    assert len(set(map(frozenset, pairs))) == len(pairs) >= 12
    assert all(len(pair) == 2 for pair in pairs)
    assert alone == {(task,) for pair in pairs for task in pair}


def test_no_pair_of_c9_has_a_main_task_and_all_take_the_same_steps(arms: dict[str, Arm]) -> None:
    entries = config.task_entries()
    pairs = [arm.tasks for arm in arms.values() if arm.role == "pair"]
    used = [entries[task] for pair in pairs for task in pair]
    assert not any(entry.main for entry in used)
    assert {entry.examples for entry in used} == {Examples(train=2000, val=1000, test=2000)}


def test_tasks_of_a_pair_of_c9_that_share_labels_share_no_example(arms: dict[str, Arm]) -> None:
    entries = config.task_entries()
    for one, other in (arm.tasks for arm in arms.values() if arm.role == "pair"):
        first, second = entries[one], entries[other]
        data = (first.dataset, first.target, first.view.labels)
        if data != (second.dataset, second.target, second.view.labels):
            continue
        halves = {first.view.half, second.view.half} == {"even", "odd"}
        classes = [set(entry.view.classes or ()) for entry in (first, second)]
        assert halves or (all(classes) and not classes[0] & classes[1]), (one, other)


def test_every_preset_says_what_it_is_for(project: Path) -> None:
    assert all(config.preset(name).description for name in PRESETS)


def test_the_paper_preset_is_all_data_at_the_papers_settings_and_never_falls_back(
    project: Path,
) -> None:
    own = config.preset("paper")
    assert not own.fallback
    assert own.examples == {}
    assert own.training.learning_rate == 1e-3


def test_the_settings_load_and_are_the_defaults(project: Path) -> None:
    assert config.settings() == Settings()


def test_the_committed_schema_is_the_one_that_the_settings_make() -> None:
    committed = json.loads((CHECKOUT / paths.SCHEMA).read_text())
    assert committed == config.schema()


def test_the_committed_table_of_arms_is_the_one_of_the_configuration(arms: dict[str, Arm]) -> None:
    assert (CHECKOUT / paths.ARMS).read_text() == expansion.as_markdown(arms)
    for name in arms:
        assert f"\n| {name} | " in expansion.as_markdown(arms)


def test_every_key_of_the_settings_is_explained_in_their_file() -> None:
    text = (CHECKOUT / "config/config.yaml").read_text()
    assert set(yaml.safe_load(text)) == set(asdict(Settings()))
    for key in asdict(Settings()):
        above = text[: text.index(f"\n{key}:")].rstrip().splitlines()[-1]
        assert above.startswith("#"), key
