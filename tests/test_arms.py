"""Grids of arms: what an entry of `config/arms.yaml` makes."""

import re
from pathlib import Path

import pytest

from adsmtl.arms import as_markdown, expand
from adsmtl.dropout.schedules import Adsmtl, Fixed
from adsmtl.errors import UserError
from adsmtl.study import Arm
from adsmtl.yaml_files import read_yaml

BASE = """
    adsmtl:
      label: ADSMTL
      role: adsmtl
      family: adsmtl
      tunable: p0
      site: shared
      dropout: {schedule: adsmtl, p0: 0.2, kappa: 1.0}
"""


@pytest.fixture
def made(tmp_path: Path):
    """The arms that the entries of one group make."""

    def call(entries: str) -> dict[str, dict]:
        path = tmp_path / "arms.yaml"
        path.write_text(f"g:\n  title: G\n  baseline: b\n  arms:\n{entries}")
        arms = expand(read_yaml(path), "arms.yaml")
        group = {"group": "g", "group_title": "G", "baseline": "b"}
        assert all(group.items() <= arm.items() for arm in arms.values())
        return {
            arm_id: {key: own for key, own in arm.items() if key not in group}
            for arm_id, arm in arms.items()
        }

    return call


def test_a_grid_is_every_combination_the_first_axis_slowest(made):
    arms = made("""
    single-{task}-{rate}:
      label: "{task}, {rate}"
      tasks: ["{task}"]
      dropout: {schedule: fixed, rate: "{rate}"}
      grid: {task: [vision, speech], rate: [0.1, 0.50]}
""")
    assert list(arms) == [
        *("single-vision-0.1", "single-vision-0.50", "single-speech-0.1", "single-speech-0.50")
    ]
    assert arms["single-speech-0.50"] == {
        "label": "speech, 0.50",
        "tasks": ["speech"],
        "dropout": {"schedule": "fixed", "rate": 0.5},
    }


@pytest.mark.parametrize("text", ["1e-5", "1.0e-5", "0.0", "2", "2.0", "1e3"])
def test_a_number_stands_in_ids_as_it_is_written_and_in_keys_as_a_number(made, text):
    arms = made(f'    a-{{x}}: {{label: "x {{x}}", l2: "{{x}}", grid: {{x: [{text}]}}}}')
    assert arms == {f"a-{text}": {"label": f"x {text}", "l2": float(text)}}


def test_a_value_of_several_keys_gives_a_variable_for_each(made):
    arms = made("""
    "{of}-{percent}":
      label: l
      tasks: "{tasks}"
      train_fraction: "{share}"
      grid:
        size: [{percent: 10, share: 0.1}]
        trained: [{of: alone, tasks: [vision]}, {of: none, tasks: null}]
""")
    assert arms == {
        "alone-10": {"label": "l", "tasks": ["vision"], "train_fraction": 0.1},
        "none-10": {"label": "l", "tasks": None, "train_fraction": 0.1},
    }


def test_words_are_without_hyphens(made):
    arms = made('    "{s}": {label: "an {s:words}", grid: {s: [error-rate]}}')
    assert arms == {"error-rate": {"label": "an error rate"}}


def test_an_arm_like_another_trains_like_it_but_for_what_it_says(made):
    arms = made(BASE + "    two: {label: two, like: adsmtl, dropout: {kappa: 2.0}, l2: 1e-3}\n")
    assert arms["two"] == {
        "label": "two",
        "site": "shared",
        "dropout": {"schedule": "adsmtl", "p0": 0.2, "kappa": 2.0},
        "l2": 1e-3,
    }


def test_another_schedule_takes_nothing_from_the_arm_it_is_like(made):
    arms = made(BASE + "    f: {label: f, like: adsmtl, dropout: {schedule: fixed, rate: 0.1}}\n")
    assert arms["f"]["dropout"] == {"schedule": "fixed", "rate": 0.1}
    assert arms["f"]["site"] == "shared"


VARY = """
    adsmtl-{id}:
      label: ADSMTL, {label}
      like: adsmtl
      vary:
        - values: [a-b, c]
          id: "{value}"
          label: "{value:words}"
          dropout: {difficulty: "{value}"}
        - {values: [2.0], id: "kappa-{value}", label: "kappa {value}", dropout: {kappa: "{value}"}}
        - {values: [all], id: "{value}", label: "{value}", site: "{value}"}
"""


def test_one_axis_at_a_time(made):
    arms = made(BASE + VARY)
    assert [(name, arm["label"]) for name, arm in arms.items()][1:] == [
        ("adsmtl-a-b", "ADSMTL, a b"),
        ("adsmtl-c", "ADSMTL, c"),
        ("adsmtl-kappa-2.0", "ADSMTL, kappa 2.0"),
        ("adsmtl-all", "ADSMTL, all"),
    ]
    base = {"schedule": "adsmtl", "p0": 0.2, "kappa": 1.0}
    assert arms["adsmtl-c"]["dropout"] == {**base, "difficulty": "c"}
    assert arms["adsmtl-all"] == {"label": "ADSMTL, all", "dropout": base, "site": "all"}


def test_two_axes_at_a_time(made):
    arms = made(BASE + VARY + "      at_once: 2\n")
    assert list(arms)[1:] == [
        *("adsmtl-a-b-kappa-2.0", "adsmtl-c-kappa-2.0", "adsmtl-a-b-all", "adsmtl-c-all"),
        "adsmtl-kappa-2.0-all",
    ]
    assert arms["adsmtl-c-kappa-2.0"] == {
        "label": "ADSMTL, c, kappa 2.0",
        "site": "shared",
        "dropout": {"schedule": "adsmtl", "p0": 0.2, "kappa": 2.0, "difficulty": "c"},
    }


def test_controls_of_a_grid_follow_the_arms_of_a_grid(made):
    arms = made("""
    adsmtl-p{p0}: {label: a, dropout: {schedule: adsmtl, p0: "{p0}"}, grid: {p0: [0.1, 0.2]}}
    swapped-p{p0}:
      label: s
      dropout: {schedule: follow, arm: "adsmtl-p{p0}", keep: swapped}
      grid: {p0: [0.1, 0.2]}
    shared-p{p0}: {label: s, like: "adsmtl-p{p0}", site: shared, grid: {p0: [0.1, 0.2]}}
""")
    assert arms["swapped-p0.2"]["dropout"]["arm"] == "adsmtl-p0.2"
    assert arms["shared-p0.1"]["dropout"] == arms["adsmtl-p0.1"]["dropout"]


def test_rates_by_task_are_a_grid_like_any_other(made):
    arms = made("""
    fixed-{v}-{s}:
      label: l
      dropout: {schedule: per-task, rates: {vision: "{v}", speech: "{s}"}}
      grid: {v: [0.1, 0.3], s: [0.1, 0.3]}
""")
    assert len(arms) == 4
    assert arms["fixed-0.1-0.3"]["dropout"]["rates"] == {"vision": 0.1, "speech": 0.3}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("    a-{x}: {label: a, grid: {y: [1]}}", "arms.yaml: a-{x}: {x} is no variable of it"),
        ("    a: {label: '{x}'}", "there are none, because it has no grid"),
        ("    a: {label: a, grid: [1]}", "write grid: {<axis>: [<values>]}"),
        ("    a: {label: a, grid: {x: []}}", "write grid: {<axis>: [<values>]}"),
        ("    a: {label: a, grid: {x: [1, 2]}}", "makes the arm 'a', as a does"),
        ("    a-1: {label: a}\n    a-{x}: {label: a, grid: {x: [1]}}", "'a-1', as a-1 does"),
        ("    a: {label: a, like: b}\n    b: {label: b}", "like is 'b', but no arm above it"),
        ("    a: {label: a, vary: {x: [1]}}", "write vary: [{values: [<values>], id: <text>"),
        ("    a: {label: a, vary: [{values: [1], id: x}]}", "write vary: [{values: [<values>]"),
        (
            "    a-{id}: {label: a, vary: [{values: [1], id: x, label: x}], at_once: 2}",
            "at_once is 2; give 1 to 1",
        ),
        ("    a: 3", "arms.yaml: a is 3; write keys and values"),
    ],
)
def test_an_entry_that_makes_no_arm_is_named(made, entries, message):
    with pytest.raises(UserError, match=re.escape(message)):
        made(entries)


def test_the_table_says_what_every_arm_changes():
    arms = {
        "none": Arm("no dropout", "main", role="no-dropout"),
        "f": Arm("fixed", "main", ("a", "b"), Fixed(0.1), family="fixed", tunable="rate"),
        "k": Arm("ADSMTL, kappa 2", "more", None, Adsmtl(kappa=2.0), site="shared", l2=0.1),
    }
    lines = as_markdown(arms).splitlines()
    assert lines[-3:] == [
        "| none | no dropout | main |  | no-dropout |  |",
        "| f | fixed | main | fixed |  | tasks a and b; schedule fixed, rate 0.1 |",
        "| k | ADSMTL, kappa 2 | more |  |  | schedule adsmtl, kappa 2.0; site shared; l2 0.1 |",
    ]
