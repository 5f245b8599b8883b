"""Reading the configuration: every mistake is answered with file and key."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adsmtl import config, paths
from adsmtl.config import Settings
from adsmtl.config.preset_files import SideBySide
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


def test_a_corpus_that_is_none_is_refused(project: Path) -> None:
    with pytest.raises(UserError, match="speech is 'cifar10'; known are auto, librispeech"):
        config.settings({"speech": "cifar10"})


def test_another_corpus_changes_the_data_of_speech_and_nothing_else(project: Path) -> None:
    usual, other = (study(speech=name).tasks for name in ("timit-sample", "librispeech"))
    assert usual["vision"] == other["vision"]
    assert replace(other["speech"], dataset="timit-sample") == usual["speech"]


def test_the_corpus_of_the_sample_gives_runs_their_old_configuration(project: Path) -> None:
    # of the study's runs, which began before the key `speech` was there
    runs = study("study").runs()
    assert next(run.config_hash for run in runs if run.name == "adsmtl-0.2 seed=0") == (
        "59c84d0879204ee3779c5795713a91e0c09fd01f79c926b19c2a3b9007aef471"
    )


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
    assert datasets(speech="librispeech") == ["cifar10", "librispeech"]
    assert datasets(speech="timit-sample", timit_path="/corpora/timit")[1] == "timit-sample"
    stated = read_yaml(paths.PRESETS / "quick.yaml")["examples"]
    for task in ("vision", "speech"):
        assert study().tasks[task].examples == Examples(**stated[task])
    assert study(precision="fp32").extent.training.precision == "fp32"


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
    ("config.yaml", "=preset: quickly", ["preset is 'quickly'", "auto, full, paper"]),
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
    entries = config.task_entries()
    assert list(found.more_tasks) == [name for name, entry in entries.items() if not entry.main]
    assert len({run.config_hash for run in found.runs()}) == 2 * len(arms)


def test_an_embedded_study_leaves_out_arms_on_tasks_without_embedded_data(
    edit: Edit,
) -> None:
    all_groups(edit)
    arms = config.arms()
    found = study(embedded="always")
    assert not found.more_tasks
    left_out = {arm.group for name, arm in arms.items() if name not in found.arms}
    assert left_out == {"relatedness"}


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


AUXILIARY = """
parity: {dataset: cifar10, target: superclass, branch: cnn, main: false}
sex: {dataset: timit-sample, target: sex, branch: lstm, main: false, examples: {train: 7}}
"""


def auxiliary(edit: Edit, examples: str) -> Study:
    """The study of a pair of auxiliary tasks, the second one with limits of its own."""
    edit("tasks.yaml", AUXILIARY)
    edit("arms.yaml", group("pair: {label: pair, tasks: [parity, sex]}"))
    edit("presets/quick.yaml", f"=seeds: 1\narms: [pair]\ntraining: {{}}\nexamples: {examples}")
    return study()


def test_an_auxiliary_task_takes_the_limits_of_the_main_task_on_its_data(edit: Edit) -> None:
    found = auxiliary(edit, "{vision: {train: 9}}")
    assert found.more_tasks["parity"].examples == found.tasks["vision"].examples
    assert found.tasks["vision"].examples == Examples(train=9)
    assert found.tasks["speech"].examples == Examples()


def test_limits_of_a_tasks_own_go_before_those_of_the_main_task(edit: Edit) -> None:
    found = auxiliary(edit, "{speech: {train: 9, val: 3}}")
    assert found.more_tasks["sex"].examples == Examples(train=7)
    assert found.tasks["speech"].examples == Examples(train=9, val=3)


def test_limits_of_the_preset_go_before_all_others_and_are_the_tasks_alone(edit: Edit) -> None:
    found = auxiliary(edit, "{parity: {train: 5}, sex: {val: 4}}")
    assert found.more_tasks["parity"].examples == Examples(train=5)
    assert found.more_tasks["sex"].examples == Examples(val=4)
    assert found.tasks["vision"].examples == Examples()


@pytest.mark.parametrize(
    ("view", "parts"),
    [
        ("{labels: colour}", ("view.labels", "'colour'", "place")),
        ("{inputs: mirrored}", ("view.inputs", "'mirrored'", "rotated")),
        ("{half: third}", ("view", "half", "even")),
        ("{permuted: 1.5}", ("permuted is 1.5", "[0, 1]")),
        ("{classes: [cat]}", ("classes is cat", "at least two")),
        ("{classes: [cat, cat]}", ("classes is cat, cat", "each once")),
        ("{colour: red}", ("colour",)),
    ],
)
def test_a_view_that_cannot_be_is_refused(edit: Edit, view: str, parts: tuple[str, ...]) -> None:
    edit("tasks.yaml", f"new: {{dataset: cifar10, target: label, branch: cnn, view: {view}}}")
    refused(config.task_entries, "tasks.yaml", "new", *parts)


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


PARTS = """=description: mine
seeds: 8
arms: [none, adsmtl-0.2]
training: {epochs: 2}
apart:
  fixed-0.1: {seeds: 4, training: {batch_size: 32}}
  fixed-0.2: {seeds: 2, first_seed: 8}
"""


def test_an_arm_can_have_seeds_and_training_of_its_own(edit: Edit) -> None:
    edit("presets/mine.yaml", PARTS)
    found = study("mine")
    assert found.seeds_of("none") == tuple(range(8))
    assert found.seeds_of("fixed-0.1") == (0, 1, 2, 3)
    assert found.run("fixed-0.1", 0).training == replace(
        found.run("none", 0).training, batch_size=32
    )
    assert found.seeds_of("fixed-0.2") == (8, 9)
    assert len(found.runs()) == 8 + 8 + 4 + 2


def test_a_study_that_should_stand_beside_a_preset_is_one_of_the_presets(edit: Edit) -> None:
    edit("presets/mine.yaml", PARTS + "beside: {preset: study, reading: Why?}\n")
    assert config.preset("mine").beside == SideBySide("study", "Why?")
    edit("presets/mine.yaml", PARTS + "beside: {preset: studies, reading: Why?}\n")
    refused(lambda: study("mine"), "mine.yaml", "beside.preset", "'studies'", "study")


@pytest.mark.parametrize(
    ("asked", "seeds"), [("0-3", (0, 1, 2, 3)), ("4-5, 1", (1, 4, 5)), (3, (3,)), (None, range(10))]
)
def test_a_part_of_the_seeds_can_be_asked_for(edit: Edit, asked: object, seeds: tuple) -> None:
    edit("presets/mine.yaml", PARTS)
    assert study("mine", seeds=asked).seeds == tuple(seeds)


def test_an_arm_without_any_of_the_seeds_is_left_out(edit: Edit) -> None:
    edit("presets/mine.yaml", PARTS)
    assert list(study("mine", seeds="4-7").arms) == ["none", "adsmtl-0.2"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"arms": "fixed-0.2", "seeds": "0-3"}, "the seeds 8 to 9"),
        ({"arms": ","}, "arms is ','"),
    ],
)
def test_a_part_without_any_run_is_refused(edit: Edit, asked: dict, words: str) -> None:
    edit("presets/mine.yaml", PARTS)
    refused(lambda: study("mine", **asked), words, "mine.yaml")


def test_a_precision_that_would_have_no_effect_is_refused(edit: Edit) -> None:
    edit("presets/mine.yaml", PARTS.replace("{epochs: 2}", "{epochs: 2, precision: fp32}"))
    refused(lambda: study("mine"), "mine.yaml: training.precision", "config.yaml")
    edit("presets/mine.yaml", PARTS.replace("{batch_size: 32}", "{precision: fp32}"))
    refused(lambda: study("mine"), "mine.yaml: apart.fixed-0.1.training.precision")


@pytest.mark.parametrize("name", ["frozen", "blocks", "benchmarks"])
def test_a_preset_is_not_called_like_another_folder_of_results(edit: Edit, name: str) -> None:
    edit(f"presets/{name}.yaml", PARTS)
    refused(lambda: study(name), f"{name}.yaml", "rename the preset")


@pytest.mark.parametrize("device", ["gpu", "cpu:7", "cuda:", ""])
def test_a_device_that_is_none_is_refused_at_once(device: str) -> None:
    refused(lambda: Settings(device=device), "device is", "give auto, cpu, cuda or cuda:<number>")


def test_affinity_of_arms_that_the_preset_does_not_train_is_refused(edit: Edit) -> None:
    edit("presets/mine.yaml", PARTS + "affinity: {arms: [matched-mean]}\n")
    chosen = Settings(preset="mine", embedded="never")
    refused(lambda: config.related(chosen, study("mine")), "affinity.arms names matched-mean")


def test_a_task_can_have_a_number_for_a_name(edit: Edit) -> None:
    edit("tasks.yaml", "2024: {dataset: cifar10, target: label, branch: cnn, main: false}")
    edit("presets/mine.yaml", PARTS + 'tasks: ["2024", speech]\n')
    assert list(study("mine").tasks) == ["speech", "2024"]


def test_a_part_of_the_arms_can_be_asked_for_and_the_whole_plan_is_known(edit: Edit) -> None:
    edit("presets/mine.yaml", PARTS)
    found = study("mine", arms="adsmtl-0.2, fixed-0.1", seeds="0-3")
    assert list(found.arms) == ["fixed-0.1", "adsmtl-0.2"]
    assert found.planned["none"] == tuple(range(8))
    refused(lambda: study("mine", arms="fixed-0.3"), "arms names 'fixed-0.3'", "fixed-0.1")


@pytest.mark.parametrize(
    ("asked", "tested"),
    [
        (None, ("adsmtl-0.2", "fixed-0.1")),
        ("fixed-0.1, none", ("fixed-0.1",)),
        ("adsmtl-0.2", ("adsmtl-0.2",)),
        ("none", None),
    ],
)
def test_arms_that_are_asked_for_keep_their_evaluation_at_test_time(
    edit: Edit, asked: str | None, tested: tuple[str, ...] | None
) -> None:
    preset = "=seeds: 4\narms: [none, adsmtl-0.2, fixed-0.1]\ntraining: {}\n"
    edit("presets/mine.yaml", preset + "test_time: {arms: [adsmtl-0.2, fixed-0.1], passes: 3}")
    found = study("mine", arms=asked).test_time
    assert (found and found.arms) == tested
    assert found is None or found.passes == 3


@pytest.mark.parametrize("asked", ["3-1", "a", "0-", "", "1;2", "-1"])
def test_what_names_no_seeds_is_refused(asked: str) -> None:
    refused(lambda: Settings(seeds=asked), "seeds is", "such as 0-3")


def test_seeds_that_the_preset_does_not_have_are_refused(edit: Edit) -> None:
    edit("presets/mine.yaml", PARTS)
    refused(lambda: study("mine", seeds="6-10"), "seeds is '6-10'", "the seeds 0 to 9")


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("{none: {seeds: 0}}", "seeds is 0"),
        ("{none: {first_seed: -1}}", "first_seed is -1"),
        ("{none: {training: {epoch: 3}}}", "apart.none.training"),
        ("{nobody: {}}", "'nobody'"),
        ("{none: {size: 3}}", "size"),
    ],
)
def test_a_wrong_part_of_a_preset_is_named(edit: Edit, stated: str, words: str) -> None:
    edit("presets/mine.yaml", PARTS.split("apart")[0] + f"apart: {stated}")
    refused(lambda: study("mine"), "mine.yaml", words)
