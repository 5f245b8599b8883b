"""Reading the configuration: every mistake is answered with file and key."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adsmtl import config, paths
from adsmtl.config import Settings
from adsmtl.dropout.schedules import (
    Adsmtl,
    Concrete,
    Curriculum,
    Follow,
)
from adsmtl.errors import UserError
from adsmtl.study import Examples, Study
from adsmtl.weighting import DynamicWeightAverage, Uncertainty
from adsmtl.yaml_files import read_yaml

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


def group(arms: str) -> str:
    """A group `mine` of these arms."""
    return f"mine: {{title: Mine, arms: {{{arms}}}}}"


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


def test_a_file_is_all_that_a_preset_needs(edit: Edit) -> None:
    edit("presets/mine.yaml", "=description: mine\nseeds: 1\narms: [none]\ntraining: {}")
    assert config.presets() == sorted([*PRESETS, "mine"])
    assert list(study(config.settings({"preset": "mine"}).preset).arms) == ["none"]


def test_arms_stand_in_the_order_of_the_file_whatever_the_preset_says(edit: Edit) -> None:
    edit("presets/smoke.yaml", "=seeds: 1\narms: [adsmtl-0.2, none, reference]\ntraining: {}")
    found = study("smoke").arms
    reference = [name for name, arm in config.arms().items() if arm.group == "reference"]
    assert list(found) == [*reference, "none", "adsmtl-0.2"]


def test_data_are_chosen_by_the_settings(project: Path) -> None:
    def datasets(**more: object) -> list[str]:
        return [task.dataset for task in study(**more).tasks.values()]

    assert datasets() == ["cifar10", "timit-sample"]
    assert datasets(timit_path="/corpora/timit") == ["cifar10", "timit"]
    assert datasets(embedded="always", timit_path="/corpora/timit") == ["digits", "espeak"]
    stated = read_yaml(paths.PRESETS / "quick.yaml")["examples"]
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
TASK = "video: {dataset: cifar10, target: label, branch: cnn"
DWA = "weighting: dynamic-weight-average"
MISTAKES = [
    ("config.yaml", "colour: red", ["unknown key 'colour'", "preset"]),
    ("config.yaml", "=preset: quickly", ["preset is 'quickly'", "auto, paper, quick, smoke"]),
    ("config.yaml", "=threads: 1.5", ["threads is 1.5"]),
    ("config.yaml", "=threads: 0", ["threads is 0"]),
    ("config.yaml", "=precision: fp16", ["precision", "fp16", "bf16"]),
    ("config.yaml", "=device: 2024-01-01", ["device is 2024-01-01", "date", "quotes"]),
    ("presets/quick.yaml", "=arms: [none]\ntraining: {}", ["'seeds' is missing"]),
    ("presets/quick.yaml", f"={PRESET}\nseed: 3", ["unknown key 'seed'", "seeds"]),
    ("presets/quick.yaml", "=seeds: 0\narms: [none]\ntraining: {}", ["seeds is 0"]),
    ("presets/quick.yaml", "=seeds: 1\narms: [nine]\ntraining: {}", ["arms", "'nine'", "adsmtl"]),
    ("presets/quick.yaml", "=seeds: 1\narms: []\ntraining: {}", ["arms is empty"]),
    (
        "presets/quick.yaml",
        "=seeds: 1\narms: [none]\ntraining: {epochs: 0}",
        ["training: epochs is 0"],
    ),
    (
        "presets/quick.yaml",
        "=seeds: 1\narms: [none]\ntraining: {epoch: 3}",
        ["'training.epoch'", "spelling"],
    ),
    (
        "presets/quick.yaml",
        "=seeds: 1\narms: [none]\ntraining: {learning_rate: .nan}",
        ["training.learning_rate is .nan", "finite"],
    ),
    (
        "presets/quick.yaml",
        f"={PRESET}\nexamples: {{vision: {{train: 0}}}}",
        ["examples.vision: train is 0"],
    ),
    ("presets/quick.yaml", f"={PRESET}\nexamples: {{video: {{train: 9}}}}", ["'video'", "vision"]),
    ("arms.yaml", "mine: {title: Mine}", ["mine", "'arms' is missing"]),
    ("arms.yaml", "mine: {title: Mine, arms: [none]}", ["mine: arms"]),
    (
        "arms.yaml",
        "mine: {title: Mine, baseline: nine, arms: {one: {label: one}}}",
        ["mine: baseline is 'nine'", "single-task"],
    ),
    ("arms.yaml", group("none: {label: again}"), ["'none'", "as none does"]),
    ("arms.yaml", group("a/b: {label: a}"), ["'a/b'", "folder name"]),
    ("arms.yaml", group("..: {label: a}"), ["'..'", "folder name"]),
    ("arms.yaml", group("wrong: 3"), ["wrong is 3", "keys and values"]),
    ("arms.yaml", group("wrong: {label: 2024-01-01}"), ["arms.wrong.label", "date", "quotes"]),
    ("arms.yaml", group("wrong: {label: a, 2024-01-01: 1}"), ["arms.wrong.2024-01-01", "date"]),
]
ARMS = [  # (keys of the arm `wrong`, parts of the message)
    ("dropout: {schedule: fixed, rate: 1}", ["wrong: dropout: rate is 1"]),
    ("dropout: {schedule: fixed}", ["wrong: the key 'dropout.rate' is missing"]),
    ("dropout: {schedule: fixed, p: 0.1, rate: 0.1}", ["unknown key 'dropout.p'"]),
    ("dropout: {schedule: steady}", ["dropout.schedule is 'steady'; known are none, fixed, "]),
    ("dropout: {rate: 1}", ["'dropout.schedule' is missing", "dropout: {schedule: <name>}"]),
    ("dropout: fixed", ['dropout is "fixed"', "keys and values"]),
    ("dropout: {schedule: [fixed]}", ["dropout.schedule is ['fixed']", "known are none"]),
    (
        "dropout: {schedule: follow, arm: adsmtl, keep: all}",
        ['wrong: dropout.keep is "all"', "'swapped'"],
    ),
    (
        "dropout: {schedule: adsmtl, kappa: -1}",
        ["wrong: dropout: kappa is -1", "harder-drops-more"],
    ),
    ("dropout: {schedule: adsmtl, kappa: .inf}", ["dropout.kappa is .inf", "finite"]),
    ("dropout: {schedule: adsmtl, difficulty: luck}", ["difficulty is 'luck'", "loss-ratio"]),
    ("weighting: {weighting: gradnorm}", ["weighting.weighting is 'gradnorm'", "uncertainty"]),
    ("weighting: {weighting: equal, temperature: 2}", ["unknown key 'weighting.temperature'"]),
    (f"weighting: {{{DWA}, temperature: 0}}", ["weighting: temperature is 0"]),
    ("train_fraction: 1.5", ["wrong: train_fraction is 1.5"]),
    ("l2: -1", ["wrong: l2 is -1"]),
    ("site: conv", ['wrong: site is "conv"', "'shared'"]),
    ("tasks: [vision, vision]", ["vision, vision", "once"]),
    ("family: f", ["wrong: a family needs the key tunable"]),
    ("role: no-dropout", ["wrong: role 'no-dropout' is that of none already"]),
    ("zero: nine, family: f, tunable: l2", ["wrong: zero is 'nine'"]),
]
PLAIN = "none: {label: none, role: no-dropout}"
MISTAKES += [
    ("arms.yaml", f"={group(f'{PLAIN}, wrong: {{label: a, {keys}}}')}", own) for keys, own in ARMS
]
MISTAKES += [
    ("tasks.yaml", "video: {dataset: cifar10}", ["video", "'target' is missing"]),
    ("tasks.yaml", f"{TASK}}}".replace("cifar10", "mnist"), ["dataset is 'mnist'", "cifar10"]),
    ("tasks.yaml", f"{TASK}}}".replace("cnn", "mlp"), ["video", "branch is 'mlp'", "cnn"]),
    (
        "tasks.yaml",
        f"{TASK}, embedded: {{dataset: digit, target: label}}}}",
        ["video", "embedded.dataset is 'digit'", "digits"],
    ),
    ("tasks.yaml", f"{TASK}, metric: f1}}", ["video", "metric is 'f1'", "accuracy"]),
    ("tasks.yaml", f"{TASK}, loss: hinge}}", ["video", "loss is 'hinge'", "cross-entropy"]),
]
# What is wrong with a study and not with an arm.
UNKNOWN = [
    ("tasks: [video]", ["wrong.tasks", "'video'"]),
    (
        "dropout: {schedule: follow, arm: nine, keep: swapped}",
        ["wrong.dropout.arm", "'nine'", "'quick'"],
    ),
]


@pytest.mark.parametrize(("keys", "parts"), UNKNOWN)
def test_what_an_arm_names_and_the_study_lacks_is_told(
    keys: str, parts: list[str], edit: Edit
) -> None:
    edit("arms.yaml", group(f"wrong: {{label: a, {keys}}}"))
    edit("presets/quick.yaml", "=seeds: 1\narms: [mine]\ntraining: {}")
    refused(study, "config/arms.yaml", *parts)


def read(name: str) -> None:
    """Read a file of `config/`, and only what it needs."""
    readers = {
        "config.yaml": config.settings,
        "arms.yaml": config.arms,
        "tasks.yaml": config.task_entries,
    }
    readers.get(name, study)()


@pytest.mark.parametrize(("name", "text", "parts"), MISTAKES)
def test_a_mistake_is_answered_with_file_and_key(
    name: str, text: str, parts: list[str], edit: Edit
) -> None:
    edit(name, text)
    refused(lambda: read(name), f"config/{name}", *parts)


@pytest.mark.parametrize("name", ["config.yaml", "arms.yaml", "tasks.yaml", "presets/quick.yaml"])
def test_a_missing_or_unreadable_file_is_named(name: str, project: Path) -> None:
    (project / "config" / name).write_bytes(b"label: \xff\xfe")
    refused(lambda: read(name), f"config/{name}")
    (project / "config" / name).unlink()
    refused(lambda: read(name), f"config/{name}", "missing")


def test_all_mistakes_of_one_entry_are_told_at_once(edit: Edit) -> None:
    edit("config.yaml", "=threads: two\ncolour: red")
    message = refused(config.settings, "threads", "colour")
    assert len(message.splitlines()) == 2


def test_a_whole_number_serves_for_a_fraction(edit: Edit) -> None:
    edit(
        "arms.yaml", "=" + group("whole: {label: a, dropout: {schedule: adsmtl, kappa: 1}, l2: 0}")
    )
    assert config.arms()["whole"].dropout == Adsmtl(kappa=1.0)


# The whole study


def all_groups(edit: Edit) -> None:
    groups = ", ".join(dict.fromkeys(arm.group for arm in config.arms().values()))
    edit("presets/quick.yaml", f"=seeds: 2\narms: [{groups}]\ntraining: {{}}\nfallback: true")


def test_every_arm_is_part_of_the_study_of_all_groups(edit: Edit) -> None:
    all_groups(edit)
    arms = config.arms()
    found = study()
    assert dict(found.arms) == arms
    assert list(found.tasks) == ["vision", "speech"]
    assert list(found.more_tasks) == ["superclass", "manner", "sex"]
    assert len({run.config_hash for run in found.runs()}) == 2 * len(arms)


def test_an_embedded_study_leaves_out_arms_on_tasks_without_embedded_data(
    edit: Edit,
) -> None:
    all_groups(edit)
    arms = config.arms()
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
    edit("arms.yaml", group("new: {label: new, tasks: [vision, parity]}"))
    quick = (paths.PRESETS / "quick.yaml").read_text()
    edit("presets/quick.yaml", "=" + quick.replace("arms: [", "arms: [mine, "))
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


def test_schedules_and_weightings_are_read_with_their_parameters(edit: Edit) -> None:
    edit(
        "arms.yaml",
        "=mine:\n  title: Mine\n  arms:\n"
        "    a: {label: a, dropout: {schedule: curriculum, rate: 0.4}}\n"
        "    b: {label: b, dropout: {schedule: concrete, initial: 0.2, temperature: 1}}\n"
        "    c: {label: c, dropout: {schedule: follow, arm: a, keep: swapped}}\n"
        "    d: {label: d, weighting: {weighting: dynamic-weight-average, temperature: 1}}\n"
        "    e: {label: e, weighting: {weighting: uncertainty}, train_fraction: 0.5}\n",
    )
    arms = config.arms()
    assert arms["a"].dropout == Curriculum(0.4)
    assert arms["b"].dropout == Concrete(initial=0.2, temperature=1.0)
    assert arms["c"].dropout == Follow("a", "swapped")
    assert arms["d"].weighting == DynamicWeightAverage(1.0)
    assert arms["e"].weighting == Uncertainty()
    assert arms["e"].train_fraction == 0.5
    assert (arms["e"].group, arms["e"].group_title, arms["e"].baseline) == ("mine", "Mine", None)


# What a run is asked for


def test_an_arm_that_the_preset_lacks_is_answered_with_its_arms(project: Path) -> None:
    refused(lambda: study("smoke").run("fixed-0.3", 0), "'fixed-0.3'", "smoke", "none, adsmtl")
