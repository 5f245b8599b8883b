"""Configuration: every mistake is answered with file and key; the committed files are right."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml

from adsmtl import config, paths
from adsmtl.config import Settings
from adsmtl.dropout.schedules import Adsmtl, Fixed, ListingIntent, NoDropout
from adsmtl.errors import UserError
from adsmtl.spec import Arm, Examples, Study, Training

CHECKOUT = Path(__file__).parents[1]
Edit = Callable[[str, str], None]


@pytest.fixture
def edit(project: Path) -> Edit:
    """Append text to a file of `config/`, or replace it where the text begins with `=`."""

    def call(name: str, text: str) -> None:
        path = project / "config" / name
        before = "" if text.startswith("=") else path.read_text()
        path.write_text(before + text.removeprefix("=") + "\n")

    return call


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


def test_the_arms_are_those_of_the_study(project: Path) -> None:
    arms = config.arms()
    assert list(arms) == [
        *("single-vision-none", "single-speech-none", "none", "fixed-0.1", "fixed-0.2"),
        *("fixed-0.3", "fixed-0.5", "adsmtl", "listing-intent"),
    ]
    assert arms["single-vision-none"].tasks == ("vision",)
    assert arms["none"].dropout == NoDropout()
    assert arms["fixed-0.3"].dropout == Fixed(0.3)
    assert arms["adsmtl"].dropout == Adsmtl(
        p0=0.2, kappa=1.0, p_min=0.0, p_max=0.5, smoothing=0.5, interval=1
    )
    assert arms["listing-intent"].dropout == ListingIntent(rate=0.2, epochs=1)
    assert {arm.group for arm in arms.values()} == {"reference", "main"}
    assert {arm.l2 for arm in arms.values()} == {0.0}


@pytest.mark.parametrize(
    ("preset", "seeds", "arms", "epochs"),
    [("smoke", 2, 2, 2), ("quick", 3, 9, 3), ("paper", 10, 9, 10)],
)
def test_the_presets_load(project: Path, preset: str, seeds: int, arms: int, epochs: int) -> None:
    found = study(preset)
    assert found.seeds == tuple(range(seeds))
    assert len(found.arms) == arms
    assert found.training.epochs == epochs
    assert len(found.runs()) == seeds * arms
    assert len({run.config_hash for run in found.runs()}) == seeds * arms


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
    assert list(study("smoke").arms) == [
        *("single-vision-none", "single-speech-none", "none", "adsmtl")
    ]


def test_data_are_chosen_by_the_settings(project: Path) -> None:
    def datasets(**more: object) -> list[str]:
        return [task.dataset for task in study(**more).tasks.values()]

    assert datasets() == ["cifar10", "timit-sample"]
    assert datasets(timit_path="/corpora/timit") == ["cifar10", "timit"]
    assert datasets(embedded="always", timit_path="/corpora/timit") == ["digits", "espeak"]
    stated = config.read_yaml(paths.PRESETS / "quick.yaml")["examples"]
    assert study().tasks["vision"].examples == Examples(**stated["vision"])
    assert study().tasks["speech"].examples == Examples()
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
    ("arms.yaml", "wrong: {label: a, group: b, dropout: fixed}", ["wrong", "dropout"]),
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


# Identity


def base() -> Arm:
    return Arm("a label", "main", None, Fixed(0.2))


def hash_of(arm: Arm, seed: int = 0, **training: object) -> str:
    made = Study("quick", False, study().tasks, {"arm": arm}, (0, 1), Training(**training))
    return made.run("arm", seed).config_hash


def test_names_that_people_see_decide_nothing(project: Path) -> None:
    renamed = replace(base(), label="another", group="controls")
    assert hash_of(renamed) == hash_of(base())


def test_naming_all_tasks_is_naming_none(project: Path) -> None:
    assert hash_of(replace(base(), tasks=("speech", "vision"))) == hash_of(base())


def test_everything_that_decides_numbers_is_in_the_hash(project: Path) -> None:
    hashes = [
        hash_of(base()),
        hash_of(base(), seed=1),
        hash_of(replace(base(), dropout=Fixed(0.3))),
        hash_of(replace(base(), dropout=ListingIntent(0.2))),
        hash_of(replace(base(), site="shared")),
        hash_of(replace(base(), l2=1e-4)),
        hash_of(replace(base(), tasks=("vision",))),
        hash_of(base(), epochs=11),
        hash_of(base(), batch_size=64),
        hash_of(base(), learning_rate=1e-2),
        hash_of(base(), precision="fp32"),
    ]
    assert len(set(hashes)) == len(hashes)
    embedded = Study(
        "quick", True, study(embedded="always").tasks, {"arm": base()}, (0,), Training()
    )
    assert embedded.run("arm", 0).config_hash not in hashes


def test_an_arm_that_the_preset_lacks_is_answered_with_its_arms(project: Path) -> None:
    refused(lambda: study("smoke").run("fixed-0.3", 0), "'fixed-0.3'", "smoke", "none, adsmtl")


def test_every_key_of_the_settings_is_explained_in_their_file() -> None:
    text = (CHECKOUT / "config/config.yaml").read_text()
    assert set(yaml.safe_load(text)) == set(asdict(Settings()))
    for key in asdict(Settings()):
        above = text[: text.index(f"\n{key}:")].rstrip().splitlines()[-1]
        assert above.startswith("#"), key
