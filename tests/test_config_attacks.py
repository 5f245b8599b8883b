"""Configuration that attacks: one message each, in no time, and nothing outside the project."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adsmtl import arms as expansion
from adsmtl.config import Settings, limits
from adsmtl.errors import UserError
from adsmtl.study import Arm, Training
from adsmtl.yaml_files import check, read_yaml

pytestmark = [pytest.mark.usefixtures("project"), pytest.mark.faults("hostile configurations")]
LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
BASE = {"label": "x", "group": "g"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x: " + "[" * 5000 + "]" * 5000, "line 1, is not valid YAML: it is nested deeper than"),
        ("".join(f"{' ' * i}k:\n" for i in range(100)), "nested deeper than"),
        (LAUGHS, "values with its aliases written out"),
        ("a: &a [*a]", "stands within"),
    ],
    ids=["brackets", "indentation", "aliases", "a circle"],
)
def test_yaml_that_explodes_is_refused_at_once(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_yaml(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_folder_in_place_of_a_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: Is a directory; it must be a file"):
        read_yaml(tmp_path)


@pytest.mark.parametrize(
    "name", ["x/../../pwned", "..", ".hidden", "-rf", "a b", "a\nb", "a:b", "a+b", "", "a" * 101]
)
def test_what_would_be_no_folder_is_no_name(name: str) -> None:
    with pytest.raises(UserError, match="file: the arm"):
        limits.name(name, "file", "arm")


@given(st.text())
def test_a_name_that_passes_stays_below_its_folder(text: str) -> None:
    try:
        limits.name(text, "file", "arm")
    except UserError:
        return
    assert (Path("results") / text).resolve().parent == Path("results").resolve()
    assert len(f"group-{text}.csv".encode()) < 255


@given(st.text())
def test_a_label_that_passes_is_one_line_and_no_formula(text: str) -> None:
    try:
        limits.label(text, "label")
    except UserError:
        return
    assert text.splitlines() == [text]
    assert text[0] not in "=+-@\t\r"


@pytest.mark.parametrize(
    "axes", [{"a": [*range(100)], "b": [*range(100)], "c": [*range(100)]}, {"a": [*range(10001)]}]
)
def test_a_grid_beyond_reason_is_refused_at_once(axes: dict) -> None:
    group = {"title": "t", "arms": {"x": {**BASE, "grid": axes}}}
    with pytest.raises(UserError, match="give at most 10000"):
        expansion.expand({"g": group}, "file")


@pytest.mark.parametrize(
    "wrong",
    [
        {"threads": 10**6},
        {"replicas": 10**9},
        {"gpus": -1},
        {"gpus": 10**9},
        {"runs_per_job": 0},
        {"seeds": "0-9999999"},
        {"seeds": "-1"},
    ],
)
def test_settings_beyond_reason_are_refused(wrong: dict) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        Settings(**wrong)


@pytest.mark.parametrize("key", ["epochs", "batch_size", "eval_train", "eval_val", "full_epochs"])
def test_training_beyond_reason_is_refused(key: str) -> None:
    with pytest.raises(UserError, match=f"where.{key} is 1{'0' * 26}; give at most"):
        limits.training(check(Training, {key: 10**26}, "file"), "where")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda own: st.lists(own, max_size=3) | st.dictionaries(st.text(max_size=8), own, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", [Arm, Training, Settings])
@given(value=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_stands_in_an_entry_is_taken_or_refused_with_its_place(kind, value) -> None:
    keys = st.sampled_from(list(kind.__dataclass_fields__)) | st.text(max_size=8)
    entry = (BASE if kind is Arm else {}) | value.draw(st.dictionaries(keys, JSON, max_size=4))
    try:
        found, said = check(kind, entry, "the file: entry"), ""
    except UserError as error:
        found, said = None, str(error)
    assert isinstance(found, kind) or said.startswith("the file: entry")


@pytest.mark.parametrize("kind", ["arms.yaml", "tasks.yaml", "presets/smoke.yaml"])
def test_names_that_lead_outside_and_folders_for_files_are_refused(
    kind: str, edit_and_load: Callable
) -> None:
    with pytest.raises(UserError, match=kind.partition(".")[0]):
        edit_and_load(kind)


@pytest.fixture
def edit_and_load(project: Path) -> Callable:
    from adsmtl import config

    def call(kind: str) -> None:
        path = project / "config" / kind
        if kind == "arms.yaml":
            path.write_text('"x/../../pwned": {title: t, arms: {mine: {label: l}}}\n')
            config.arms()
        elif kind == "tasks.yaml":
            path.write_text('"../pwned": {dataset: digits, target: label, branch: cnn}\n')
            config.task_entries()
        else:
            path.unlink()
            path.mkdir()
            config.preset("smoke")

    return call
