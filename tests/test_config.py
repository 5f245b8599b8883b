"""Configuration: every mistake is answered with file and key; the committed files are right."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import yaml

from adsmtl import config, paths
from adsmtl.claims import dropout_at_test
from adsmtl.claims.catalogue import CLAIMS
from adsmtl.config import Settings
from adsmtl.dropout.difficulty import SIGNALS
from adsmtl.dropout.schedules import (
    SCHEDULES,
    Adsmtl,
    Concrete,
    Curriculum,
    Fixed,
    Follow,
    ListingIntent,
    NoDropout,
)
from adsmtl.errors import UserError
from adsmtl.study import Arm, Examples, Study
from adsmtl.weighting import WEIGHTINGS, DynamicWeightAverage, Uncertainty

CHECKOUT = Path(__file__).parents[1]
PRESETS = sorted(path.stem for path in (CHECKOUT / paths.PRESETS).glob("*.yaml"))
Edit = Callable[[str, str], None]


@pytest.fixture
def edit(project: Path) -> Edit:
    """Append text to a file of `config/`, or replace it where the text begins with `=`."""

    def call(name: str, text: str) -> None:
        path = project / "config" / name
        before = "" if text.startswith("=") else path.read_text()
        path.write_text(before + text.removeprefix("=") + "\n")

    return call


@pytest.fixture
def arms(project: Path) -> dict[str, Arm]:
    """Every committed arm."""
    return config.arms()


def study(preset: str = "quick", embedded: str = "never", **more: object) -> Study:
    return config.study(Settings(preset=preset, embedded=embedded, **more))


def refused(call: Callable, *parts: str) -> str:
    """The message of the mistake, which names every one of `parts`."""
    with pytest.raises(UserError) as caught:
        call()
    message = str(caught.value)
    for part in parts:
        assert part in message, message
    return message


# The committed files


def test_the_papers_arms_have_its_settings(arms: dict[str, Arm]) -> None:
    assert arms["single-vision-none"].tasks == ("vision",)
    assert arms["single-speech-none"].tasks == ("speech",)
    assert arms["none"].dropout == NoDropout()
    assert arms["none"].tasks is None
    assert arms["fixed-0.3"].dropout == Fixed(0.3)
    assert arms["adsmtl"].dropout == Adsmtl(
        p0=0.2, kappa=1.0, p_min=0.0, p_max=0.5, smoothing=0.5, interval=1
    )
    assert arms["listing-intent"].dropout == ListingIntent(rate=0.2, epochs=1)


def test_the_main_arms_are_those_of_the_paper(arms: dict[str, Arm]) -> None:
    assert [name for name, arm in arms.items() if arm.group == "main"] == [
        *("none", "fixed-0.1", "fixed-0.2", "fixed-0.3", "fixed-0.5", "adsmtl", "listing-intent")
    ]


def test_the_controls_take_the_rates_of_adsmtl_apart(arms: dict[str, Arm]) -> None:
    kept = {name: arm.dropout for name, arm in arms.items() if arm.group == "controls"}
    assert kept == {
        "yoked": Follow("adsmtl", "mean-over-tasks"),
        "swapped": Follow("adsmtl", "swapped"),
        "matched-mean": Follow("adsmtl", "mean-over-time"),
        "reversed": Adsmtl(direction="harder-drops-more"),
    }


def test_an_ablation_changes_one_thing_alone(arms: dict[str, Arm]) -> None:
    """Against `adsmtl`, or for a site of fixed rates against that rate."""

    def differences(arm: Arm, other: Arm) -> list[str]:
        flat = [
            {**own.deciding(), **{f"dropout.{k}": v for k, v in own.deciding()["dropout"].items()}}
            for own in (arm, other)
        ]
        return [key for key in flat[0] if key != "dropout" and flat[0][key] != flat[1].get(key)]

    rated = {"adsmtl": arms["adsmtl"], "fixed": arms["fixed-0.3"]}
    changed = {
        name: differences(arm, rated[arm.dropout.schedule])
        for name, arm in arms.items()
        if arm.group in ("ablations", "tuning") or name == "reversed"
    }
    assert {name: keys for name, keys in changed.items() if len(keys) != 1} == {}
    assert {key for (key,) in changed.values()} == {
        *("dropout.difficulty", "dropout.kappa", "dropout.interval", "dropout.direction"),
        *("dropout.p0", "site"),
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
    explained = re.findall(r"^#   (\w+) ", header, re.MULTILINE)
    assert sorted(explained) == sorted(key.name for key in fields(Arm))
    for key, names in {
        "dropout": SCHEDULES,
        "weighting": WEIGHTINGS,
        "site": ("all", "shared", "specific"),
    }.items():
        own = re.search(rf"^#   {key} .*(?:\n#     .*)*", header, re.MULTILINE).group()
        assert set(names) <= set(re.findall(r"[a-z][a-z0-9-]+", own)), key


def test_fair_tuning_every_family_tries_the_same_rates(arms: dict[str, Arm]) -> None:
    families: dict[str, list[Arm]] = {}
    for arm in arms.values():
        if arm.family is not None:
            families.setdefault(arm.family, []).append(arm)
    strengths = families.pop("l2")
    assert sorted(arm.l2 for arm in strengths) == [1e-5, 1e-4, 1e-3]
    assert {arm.dropout for arm in strengths} == {NoDropout()}
    assert {"fixed", "adsmtl", "single-vision-fixed", "single-speech-fixed"} <= set(families)
    for family, members in families.items():
        rates = [getattr(arm.dropout, "rate", None) or arm.dropout.p0 for arm in members]
        assert sorted(rates) == [0.1, 0.2, 0.3, 0.5], family
        assert len({arm.dropout.schedule for arm in members}) == 1, family
        assert len({arm.tasks for arm in members}) == 1, family


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


def test_ids_are_folder_names_and_no_group_has_the_name_of_an_arm(arms: dict[str, Arm]) -> None:
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) for name in arms)
    assert not {arm.group for arm in arms.values()} & set(arms)


def test_labels_are_unique(arms: dict[str, Arm]) -> None:
    labels = [arm.label for arm in arms.values()]
    assert sorted(set(labels)) == sorted(labels)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_presets_load(project: Path, preset: str) -> None:
    stated = config.read_yaml(paths.PRESETS / f"{preset}.yaml")
    found = study(preset)
    assert found.seeds == tuple(range(stated["seeds"]))
    assert found.training.epochs == stated["training"]["epochs"]
    assert list(found.arms) == [
        name
        for name, arm in config.arms().items()
        if name in stated["arms"] or arm.group in stated["arms"]
    ]
    hashes = {run.config_hash for run in found.runs()}
    assert len(found.runs()) == len(hashes) == len(found.seeds) * len(found.arms)


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
    assert {arm for claim in CLAIMS for arm in claim.arms} <= set(found.arms)
    assert found.test_time is not None
    assert set(dropout_at_test.ARMS) <= set(found.test_time.arms)


def test_every_preset_can_be_chosen_in_the_settings() -> None:
    choices = config.schema()["properties"]["preset"]["enum"]
    assert set(PRESETS) <= set(choices) - {"auto"}


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


def test_the_schema_knows_every_key_and_no_other() -> None:
    schema = config.schema()
    assert set(schema["properties"]) == set(asdict(Settings()))
    assert schema["additionalProperties"] is False


def test_arms_stand_in_the_order_of_the_file_whatever_the_preset_says(edit: Edit) -> None:
    edit("presets/smoke.yaml", "=seeds: 1\narms: [adsmtl, none, reference]\ntraining: {}")
    found = study("smoke").arms
    reference = [name for name, arm in config.arms().items() if arm.group == "reference"]
    assert list(found) == [*reference, "none", "adsmtl"]


def test_data_are_chosen_by_the_settings(project: Path) -> None:
    def datasets(**more: object) -> list[str]:
        return [task.dataset for task in study(**more).tasks.values()]

    assert datasets() == ["cifar10", "timit-sample"]
    assert datasets(timit_path="/corpora/timit") == ["cifar10", "timit"]
    assert datasets(embedded="always", timit_path="/corpora/timit") == ["digits", "espeak"]
    stated = config.read_yaml(paths.PRESETS / "quick.yaml")["examples"]
    for task in ("vision", "speech"):
        assert study().tasks[task].examples == Examples(**stated[task])
    assert study(precision="fp32").training.precision == "fp32"


def test_overrides_stand_over_the_file(edit: Edit) -> None:
    edit("config.yaml", "=preset: smoke\nthreads: 3")
    assert config.settings({"threads": 2}) == Settings(preset="smoke", threads=2)


def test_unsettled_settings_have_no_study(project: Path) -> None:
    for unsettled in (Settings(embedded="never"), Settings(preset="quick")):
        with pytest.raises(ValueError, match="settle"):
            config.study(unsettled)


# Mistakes: (file, text, parts of the message)

PRESET = "seeds: 1\narms: [none]\ntraining: {}"
MISTAKES = [
    ("config.yaml", "colour: red", ["colour", "preset"]),
    ("config.yaml", "=preset: quickly", ["preset", "quickly", "smoke"]),
    ("config.yaml", "=threads: two", ["threads", "two"]),
    ("config.yaml", "=threads: 1.5", ["threads", "1.5"]),
    ("config.yaml", "=threads: true", ["threads", "true"]),
    ("config.yaml", "=threads: 0", ["threads", "0"]),
    ("config.yaml", "=timit_path: 3", ["timit_path", "3"]),
    ("config.yaml", "=precision: fp16", ["precision", "fp16"]),
    ("config.yaml", "=preset: smoke\npreset: quick", ["preset", "twice"]),
    ("config.yaml", "=preset: [smoke", ["not valid YAML"]),
    ("config.yaml", "=- preset", ["list"]),
    ("config.yaml", "=device: 2024-01-01", ["date"]),
    ("presets/quick.yaml", "=arms: [none]\ntraining: {}", ["seeds", "missing"]),
    ("presets/quick.yaml", f"={PRESET}\nseed: 3", ["unknown key 'seed'", "seeds"]),
    ("presets/quick.yaml", "=seeds: 0\narms: [none]\ntraining: {}", ["seeds is 0"]),
    ("presets/quick.yaml", '=seeds: "3"\narms: [none]\ntraining: {}', ["seeds", '"3"']),
    ("presets/quick.yaml", "=seeds: 1\narms: [nine]\ntraining: {}", ["arms", "'nine'", "adsmtl"]),
    ("presets/quick.yaml", "=seeds: 1\narms: none\ntraining: {}", ["arms", '"none"']),
    ("presets/quick.yaml", "=seeds: 1\narms: []\ntraining: {}", ["arms"]),
    (
        "presets/quick.yaml",
        "=seeds: 1\narms: [none]\ntraining: {epochs: 0}",
        ["training.epochs is 0"],
    ),
    (
        "presets/quick.yaml",
        "=seeds: 1\narms: [none]\ntraining: {epoch: 3}",
        ["training.epoch"],
    ),
    (
        "presets/quick.yaml",
        "=seeds: 1\narms: [none]\ntraining: {learning_rate: 0}",
        ["training.learning_rate is 0"],
    ),
    (
        "presets/quick.yaml",
        "=seeds: 1\narms: [none]\ntraining: {learning_rate: .nan}",
        ["finite"],
    ),
    ("presets/quick.yaml", f"={PRESET}\nexamples: {{vision: {{train: 0}}}}", ["train is 0"]),
    ("presets/quick.yaml", f"={PRESET}\nexamples: {{video: {{train: 9}}}}", ["'video'", "vision"]),
    ("arms.yaml", "fixed-1: {label: a, group: b, dropout: {schedule: fixed, rate: 1}}", ["rate"]),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: fixed, rate: -0.1}}",
        ["wrong", "rate is -0.1"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: fixed}}",
        ["wrong", "'rate' is missing"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: fixed, p: 0.1}}",
        ["wrong", "unknown key 'p'"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: steady}}",
        ["wrong", "'steady'", "fixed"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: fixed}",
        ["wrong", "dropout is 'fixed'", "{schedule: <name>}"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: [fixed]}}",
        ["wrong", "dropout.schedule is ['fixed']", "known are"],
    ),
    ("arms.yaml", "wrong: {label: a, group: b, dropout: {rate: 1}}", ["wrong", "dropout.schedule"]),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: early, rate: 1.5}}",
        ["wrong: dropout", "rate is 1.5"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: curriculum}}",
        ["wrong: dropout", "'rate' is missing"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: concrete, initial: 0}}",
        ["wrong: dropout", "initial is 0"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: follow, arm: adsmtl, keep: all}}",
        ["wrong: dropout", "keep", '"all"', "swapped"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: follow, keep: swapped}}",
        ["wrong: dropout", "'arm' is missing"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: main, dropout: {schedule: follow, arm: nine, keep: swapped}}",
        ["wrong.dropout.arm", "'nine'", "'quick'"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, weighting: {weighting: gradnorm}}",
        ["wrong", "weighting.weighting is 'gradnorm'", "uncertainty"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, weighting: uncertainty}",
        ["wrong", "weighting is 'uncertainty'", "{weighting: <name>}"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, weighting: {weighting: equal, temperature: 2}}",
        ["wrong: weighting", "unknown key 'temperature'"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, weighting: "
        "{weighting: dynamic-weight-average, temperature: 0}}",
        ["wrong: weighting", "temperature is 0"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, train_fraction: 1.5}",
        ["wrong", "train_fraction is 1.5"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: none, 2024-01-01: 1}}",
        ["wrong: dropout", "2024-01-01", "date", "quotes"],
    ),
    ("arms.yaml", "a/b: {label: a, group: b}", ["'a/b'", "folder name"]),
    ("arms.yaml", "..: {label: a, group: b}", ["'..'", "folder name"]),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, tasks: [vision, vision]}",
        ["wrong", "vision, vision", "once"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: adsmtl, kappa: -1}}",
        ["wrong", "kappa is -1", "harder-drops-more"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: adsmtl, kappa: .inf}}",
        ["wrong", "finite"],
    ),
    (
        "arms.yaml",
        "wrong: {label: a, group: b, dropout: {schedule: adsmtl, difficulty: luck}}",
        ["wrong", "difficulty is 'luck'", "loss-ratio"],
    ),
    ("arms.yaml", "wrong: {label: a, group: b, l2: -1}", ["wrong", "l2 is -1"]),
    ("arms.yaml", "wrong: {label: a, group: b, l2: .nan}", ["wrong", "finite"]),
    ("arms.yaml", "wrong: {label: a, group: b, site: conv}", ["wrong", "site", "shared"]),
    ("arms.yaml", "wrong: {label: a, group: b, tasks: []}", ["wrong", "tasks is empty"]),
    ("arms.yaml", "wrong: {label: a, group: main, tasks: [video]}", ["wrong.tasks", "'video'"]),
    ("arms.yaml", "wrong: {group: b}", ["wrong", "'label' is missing"]),
    ("arms.yaml", "wrong: 3", ["wrong", "3"]),
    ("arms.yaml", "none: {label: again, group: main}", ["none", "twice"]),
    ("arms.yaml", "wrong: {label: 2024-01-01, group: main}", ["wrong", "date"]),
    ("tasks.yaml", "video: {dataset: cifar10}", ["video", "missing"]),
    (
        "tasks.yaml",
        "video: {dataset: mnist, target: label, branch: cnn, embedded: "
        "{dataset: digits, target: label}}",
        ["video", "dataset is 'mnist'", "cifar10"],
    ),
    (
        "tasks.yaml",
        "video: {dataset: cifar10, target: label, branch: mlp, embedded: "
        "{dataset: digits, target: label}}",
        ["video", "branch is 'mlp'", "cnn"],
    ),
    (
        "tasks.yaml",
        "video: {dataset: cifar10, target: label, branch: cnn, embedded: "
        "{dataset: digit, target: label}}",
        ["video", "embedded.dataset is 'digit'", "digits"],
    ),
    (
        "tasks.yaml",
        "video: {dataset: cifar10, target: label, branch: cnn, metric: f1, embedded: "
        "{dataset: digits, target: label}}",
        ["video", "metric is 'f1'", "accuracy"],
    ),
    (
        "tasks.yaml",
        "video: {dataset: cifar10, target: label, branch: cnn, loss: hinge, embedded: "
        "{dataset: digits, target: label}}",
        ["video", "loss is 'hinge'", "cross-entropy"],
    ),
]


@pytest.mark.parametrize(("name", "text", "parts"), MISTAKES)
def test_a_mistake_is_answered_with_file_and_key(
    name: str, text: str, parts: list[str], edit: Edit
) -> None:
    edit(name, text)

    def read() -> None:
        config.settings()
        study("quick")

    refused(read, f"config/{name}", *parts)


@pytest.mark.parametrize("name", ["config.yaml", "arms.yaml", "tasks.yaml", "presets/quick.yaml"])
def test_a_missing_or_unreadable_file_is_named(name: str, project: Path) -> None:
    def read() -> None:
        config.settings()
        study("quick")

    (project / "config" / name).write_bytes(b"label: \xff\xfe")
    refused(read, f"config/{name}")
    (project / "config" / name).unlink()
    refused(read, f"config/{name}", "missing")


def test_all_mistakes_of_one_entry_are_told_at_once(edit: Edit) -> None:
    edit("config.yaml", "=threads: two\ncolour: red")
    message = refused(config.settings, "threads", "colour")
    assert len(message.splitlines()) == 2


def test_a_whole_number_serves_for_a_fraction(edit: Edit) -> None:
    edit("arms.yaml", "whole: {label: a, group: b, dropout: {schedule: adsmtl, kappa: 1}, l2: 0}")
    assert config.arms()["whole"].dropout == Adsmtl(kappa=1.0)


# The whole study


def all_groups(edit: Edit) -> None:
    groups = ", ".join(dict.fromkeys(arm.group for arm in config.arms().values()))
    edit("presets/quick.yaml", f"=seeds: 1\narms: [{groups}]\ntraining: {{}}\nfallback: true")


def test_every_arm_is_part_of_the_study_of_all_groups(edit: Edit, arms: dict[str, Arm]) -> None:
    all_groups(edit)
    found = study()
    assert dict(found.arms) == arms
    assert list(found.tasks) == ["vision", "speech"]
    assert list(found.more_tasks) == ["superclass", "manner", "sex"]
    assert len({run.config_hash for run in found.runs()}) == len(arms)


def test_an_embedded_study_leaves_out_arms_on_tasks_without_embedded_data(
    edit: Edit, arms: dict[str, Arm]
) -> None:
    all_groups(edit)
    found = study(embedded="always")
    assert list(found.more_tasks) == ["superclass", "sex"]
    left_out = {name for name in arms if name not in found.arms}
    assert left_out == {"single-manner-none", "pair-speech-manner"}


def test_without_embedded_data_of_a_main_task_only_arms_without_it_are_left(edit: Edit) -> None:
    tasks = (paths.CONFIG / "tasks.yaml").read_text()
    edit("tasks.yaml", "=" + tasks.replace("  embedded: {dataset: espeak, target: phone}\n", ""))
    found = study(embedded="always")
    assert list(found.tasks) == ["vision"]
    assert found.arms
    assert all(arm.tasks == ("vision",) for arm in found.arms.values())
    refused(lambda: study("smoke", embedded="always"), "smoke.yaml", "speech", "embedded: never")


def test_another_task_changes_no_arm_that_does_not_name_it(edit: Edit) -> None:
    before = {run.name: run.config_hash for run in study().runs()}
    edit(
        "tasks.yaml",
        "parity: {dataset: cifar10, target: superclass, branch: cnn, main: false}",
    )
    edit("arms.yaml", "new: {label: new, group: main, tasks: [vision, parity]}")
    after = {run.name: run.config_hash for run in study().runs()}
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + len(study().seeds)


def test_an_auxiliary_task_takes_the_limits_of_the_main_task_on_its_data(edit: Edit) -> None:
    arms = "arms: [relatedness]\ntraining: {}"
    edit("presets/quick.yaml", f"=seeds: 1\n{arms}\nexamples: {{vision: {{train: 9}}}}")
    found = study()
    assert found.more_tasks["superclass"].examples == Examples(train=9)
    assert found.more_tasks["sex"].examples == found.tasks["speech"].examples == Examples()


def test_the_limits_of_an_auxiliary_task_are_its_own_alone(edit: Edit) -> None:
    arms = "arms: [relatedness]\ntraining: {}"
    limits = "examples: {superclass: {train: 5}, vision: {train: 9}}"
    edit("presets/quick.yaml", f"=seeds: 1\n{arms}\n{limits}")
    assert study().tasks["vision"].examples == Examples(train=9)
    assert study().more_tasks["superclass"].examples == Examples(train=5)
    edit("presets/quick.yaml", f"=seeds: 1\n{arms}\nexamples: {{superclass: {{train: 5}}}}")
    assert study().tasks["vision"].examples == Examples()


# YAML


def test_a_merge_takes_the_keys_of_another_mapping_and_own_keys_win(edit: Edit) -> None:
    edit("config.yaml", "=a: &a {p0: 0.2, kappa: 1}\nb: &b {<<: *a, p0: 0.3}\nc: {<<: *b, x: 1}")
    assert config.read_yaml(Path("config/config.yaml")) == {
        "a": {"p0": 0.2, "kappa": 1},
        "b": {"p0": 0.3, "kappa": 1},
        "c": {"p0": 0.3, "kappa": 1, "x": 1},
    }


@pytest.mark.parametrize(
    ("second", "key"), [("{<<: *a, p0: 1, p0: 2}", "p0"), ("{<<: *a, <<: *a}", "<<")]
)
def test_a_key_given_twice_is_refused_beside_a_merge_too(second: str, key: str, edit: Edit) -> None:
    edit("config.yaml", f"=a: &a {{p0: 0.2}}\nb: {second}")
    refused(config.settings, "config/config.yaml", f"the key {key} is given twice", "line 2")


def test_schedules_and_weightings_are_read_with_their_parameters(edit: Edit) -> None:
    edit(
        "arms.yaml",
        "a: {label: a, group: b, dropout: {schedule: curriculum, rate: 0.4}}\n"
        "b: {label: b, group: b, dropout: {schedule: concrete, initial: 0.2, temperature: 1}}\n"
        "c: {label: c, group: b, dropout: {schedule: follow, arm: a, keep: swapped}}\n"
        "d: {label: d, group: b, weighting: {weighting: dynamic-weight-average, temperature: 1}}\n"
        "e: {label: e, group: b, family: f, weighting: {weighting: uncertainty}, "
        "train_fraction: 0.5}\n",
    )
    arms = config.arms()
    assert arms["a"].dropout == Curriculum(0.4)
    assert arms["b"].dropout == Concrete(initial=0.2, temperature=1.0)
    assert arms["c"].dropout == Follow("a", "swapped")
    assert arms["d"].weighting == DynamicWeightAverage(1.0)
    assert arms["e"].weighting == Uncertainty()
    assert (arms["e"].family, arms["e"].train_fraction) == ("f", 0.5)


# What a run is asked for


def test_an_arm_that_the_preset_lacks_is_answered_with_its_arms(project: Path) -> None:
    refused(lambda: study("smoke").run("fixed-0.3", 0), "'fixed-0.3'", "smoke", "none, adsmtl")


def test_every_key_of_the_settings_is_explained_in_their_file() -> None:
    text = (CHECKOUT / "config/config.yaml").read_text()
    assert set(yaml.safe_load(text)) == set(asdict(Settings()))
    for key in asdict(Settings()):
        above = text[: text.index(f"\n{key}:")].rstrip().splitlines()[-1]
        assert above.startswith("#"), key
