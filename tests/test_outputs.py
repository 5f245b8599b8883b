from dataclasses import replace
from pathlib import Path

import pytest
from collecting import collected
from wider import write_wide

from adsmtl import config, outputs
from adsmtl.figures import rates
from adsmtl.outputs import Traits
from adsmtl.study import Arm, Extent, Study, Task, Training

PAIR = ("vision", "speech")
NONE = Traits("main", None, PAIR, "none", None, 1.0)
ADAPTIVE = replace(NONE, schedule="adsmtl")
RELATED = replace(NONE, group="relatedness")
FIXED = replace(NONE, schedule="fixed", rate=0.1)


def single(task, **changes):
    return replace(NONE, group="reference", tasks=(task,), **changes)


@pytest.mark.parametrize(
    ("name", "without", "more"),
    [
        ("forest", {"none": NONE}, {"adsmtl": ADAPTIVE}),
        ("rates", {"none": NONE}, {"adsmtl": ADAPTIVE}),
        ("data-curves", {"none": NONE}, {"less": replace(NONE, train_fraction=0.5)}),
        ("rate-heatmap", {"a": FIXED}, {"b": replace(FIXED, rate=0.2)}),
        ("calibration", {"a": single("vision")}, {"none": NONE}),
        (
            "relatedness",
            {"p": replace(RELATED, tasks=("a", "b")), "a": replace(RELATED, tasks=("a",))},
            {"b": replace(RELATED, tasks=("b",))},
        ),
    ],
)
def test_a_figure_is_named_only_where_its_arms_are(name, without, more):
    assert name not in outputs.figure_names(without)
    assert name in outputs.figure_names(without | more)


def test_a_reference_of_another_group_is_none_for_relatedness():
    arms = {
        "p": replace(RELATED, tasks=("a", "b")),
        "a": replace(RELATED, tasks=("a",)),
        "b": single("b"),
    }
    assert "relatedness" not in outputs.figure_names(arms)


def test_rates_has_room_for_adsmtl_and_its_controls_first():
    early = {f"early-{i}": replace(ADAPTIVE, group="schedules", schedule="early") for i in range(9)}
    follow = replace(ADAPTIVE, group="controls", schedule="follow")
    arms = {"none": NONE, "adsmtl": ADAPTIVE, **early, "borrowed": follow}
    assert rates.panels(arms) == (["adsmtl", "borrowed"], list(early))
    few = {"early": early["early-0"], "adsmtl": ADAPTIVE, "fixed": FIXED}
    assert rates.panels(few) == (["adsmtl", "early"], [])


def test_more_panels_than_fit_go_on_in_schedules():
    multiverse = {f"a{i}": replace(ADAPTIVE, group="multiverse") for i in range(10)}
    shown, others = rates.panels({"adsmtl": ADAPTIVE, **multiverse})
    assert len(shown) == rates.PANELS
    assert [*shown, *others] == ["adsmtl", *multiverse]


def test_every_group_but_the_main_ones_has_a_table():
    arms = {"s": single("a"), "none": NONE, "l": replace(NONE, group="lambda", baseline="none")}
    assert outputs.table_names(arms) == (*outputs.TABLES, "group-lambda")
    paths = outputs.tables(Path("r"), arms)
    assert Path("r/tables/group-lambda.csv") in paths


def test_traits_of_a_study_take_its_main_tasks():
    tasks = {"only": Task("set", "target", "branch")}
    arms = {"none": Arm("no dropout", "main"), "two": Arm("two", "main", tasks=("only", "more"))}
    study = Study("p", False, tasks, {"more": tasks["only"]}, arms, (0,), Extent((0,), Training()))
    found = outputs.traits(study)
    assert found["none"] == Traits("main", None, ("only",), "none", None, 1.0)
    assert [own.multi_task for own in found.values()] == [False, True]


def test_runs_show_the_traits_that_configuration_declares(tmp_path):
    root = write_wide(tmp_path / "quick", seeds=1)
    study = config.study(config.settings({"preset": "quick", "embedded": "never"}))
    declared, found = outputs.traits(study), collected(root).traits
    for arm in ("single-vision-none", "none", "fixed-0.3", "listing-intent"):
        rate = declared[arm].rate if declared[arm].schedule != "none" else found[arm].rate
        assert found[arm] == replace(declared[arm], rate=rate)
    assert found["none-10pct"].train_fraction == 0.1
