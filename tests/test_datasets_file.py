"""`config/datasets.yaml`: what it may say, and what is made of it."""

from pathlib import Path

import pytest

from adsmtl import config
from adsmtl.config import Settings
from adsmtl.errors import UserError

IMAGES = "kind: image-folder, path: pictures"
SPEECH = "kind: segments, path: s.csv"


def declare(project: Path, text: str, tasks: str = "") -> None:
    (project / "config/datasets.yaml").write_text(text + "\n")
    with (project / "config/tasks.yaml").open("a") as stream:
        stream.write(tasks + "\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {path: x}", "a: the key 'kind' is missing; known are image-folder, segments"),
        ("a: {kind: images, path: x}", "a: kind is 'images'; known are image-folder, segments"),
        ("a: pictures", "a is 'pictures'; write keys and values"),
        ("a: {kind: segments}", "a: the key 'path' is missing"),
        (f"a: {{{IMAGES}, colour: red}}", "a: unknown key 'colour'; known are path, table"),
        (f"a: {{{IMAGES}, size: big}}", 'a: size is "big"'),
        (f"a: {{{IMAGES}, size: 4}}", "a: size is 4; give 8 to 256 pixels"),
        (f"a: {{{IMAGES}, fit: cut}}", 'a: fit is "cut"'),
        (f"a: {{{IMAGES}, held_out: 0.6}}", r"a: held_out is 0\.6; give a share in \(0, 0\.5\)"),
        (f"a: {{{IMAGES}, classes: [x]}}", "a: classes is x; name at least two, each once"),
        (f"a: {{{IMAGES}, classes: [x, y], ignore: [y]}}", "'y' is in classes and in ignore"),
        (f"a: {{{IMAGES}, columns: {{name: x}}}}", "columns names 'name'; known are path, label"),
        (f"a: {{{IMAGES}, target: a.b}}", r"target is 'a\.b'; use letters, digits"),
        (f"a: {{{SPEECH}, folds: 2}}", "a: folds is 2; give at least 3"),
        (f"a: {{{SPEECH}, speaker: '('}}", "a: speaker is no regular expression"),
        (f"a: {{{SPEECH}, speaker: '[a-z]+'}}", r"put the speaker in parentheses"),
        (f"a: {{{SPEECH}, unit: ms}}", 'a: unit is "ms"'),
        (f"cifar10: {{{IMAGES}}}", "cifar10: that name is taken"),
        (f"embedded: {{{IMAGES}}}", "embedded: that name is taken"),
        (f"a/b: {{{IMAGES}}}", "a/b would be no folder name"),
    ],
)
def test_a_mistake_is_answered_with_file_and_key(project, text, message):
    declare(project, text)
    with pytest.raises(UserError, match=rf"^config/datasets\.yaml: .*{message}"):
        config.datasets()


def test_a_task_may_name_a_declared_data_set_and_its_target(project):
    declare(project, f"a: {{{IMAGES}}}", "mine: {dataset: a, target: label, branch: cnn}")
    assert config.task_entries()["mine"].dataset == "a"
    declare(project, f"a: {{{IMAGES}, target: species}}")
    with pytest.raises(UserError, match="mine: target is 'label'; known are species"):
        config.task_entries()
    declare(project, "")
    with pytest.raises(UserError, match="mine: dataset is 'a'; known are cifar10"):
        config.task_entries()


@pytest.mark.parametrize(
    ("data", "branch", "other"), [(IMAGES, "lstm", "cnn"), (SPEECH, "cnn", "lstm")]
)
def test_a_branch_that_cannot_read_the_data_is_refused(project, data, branch, other):
    text = f"{{{data}, target: label}}"
    declare(project, f"a: {text}", f"mine: {{dataset: a, target: label, branch: {branch}}}")
    with pytest.raises(UserError, match=f"mine: branch {branch} cannot read a; use {other}"):
        config.task_entries()


def four(project: Path, tasks: str) -> None:
    declare(
        project,
        f"a: {{{IMAGES}}}\nb: {{{SPEECH}}}",
        "three: {dataset: a, target: label, branch: cnn, main: false}\n"
        "four: {dataset: b, target: phone, branch: lstm, main: false}",
    )
    (project / "config/presets/mine.yaml").write_text(
        f"seeds: 1\ntasks: {tasks}\narms: [none]\ntraining: {{epochs: 1}}\nfallback: true\n"
    )


@pytest.mark.parametrize("embedded", ["never", "always"])
def test_a_preset_says_which_tasks_are_trained_together(project, embedded):
    four(project, "[vision, speech, three, four]")
    found = config.study(Settings(preset="mine", embedded=embedded))
    assert list(found.tasks) == ["vision", "speech", "three", "four"]
    assert found.run("none", 0).tasks == ("vision", "speech", "three", "four")
    # data of one's own are here, so nothing stands in for them
    assert [found.tasks[name].dataset for name in ("three", "four")] == ["a", "b"]
    other = config.study(Settings(preset="smoke", embedded=embedded))
    assert list(other.tasks) == ["vision", "speech"]


def test_a_preset_may_leave_the_built_in_tasks_out(project):
    four(project, "[three]")
    found = config.study(Settings(preset="mine", embedded="never"))
    assert list(found.tasks) == ["three"]
    assert found.datasets == ["a"]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ("[]", r"tasks is \[\]; name at least one task"),
        ("[three, three]", "name at least one task, each once"),
        ("[vision, five]", "mine.yaml: tasks is 'five'; known are cifar-a"),
    ],
)
def test_tasks_of_a_preset_that_are_none_are_refused(project, tasks, message):
    four(project, tasks)
    with pytest.raises(UserError, match=message):
        config.study(Settings(preset="mine", embedded="never"))


def test_segments_may_take_the_place_of_the_sample_if_their_target_is_phone(project):
    declare(project, f"b: {{{SPEECH}}}\nc: {{{SPEECH}, target: word}}\na: {{{IMAGES}}}")
    assert config.settings({"speech": "b"}).corpus == "b"
    with pytest.raises(UserError, match=r"speech is 'c', whose target is 'word'; .*target: phone"):
        config.settings({"speech": "c"})
    with pytest.raises(UserError, match="speech is 'a'; known are auto, b, c, librispeech"):
        config.settings({"speech": "a"})
