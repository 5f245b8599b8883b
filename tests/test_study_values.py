"""What a study is: which values decide a run, and which studies cannot be."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from adsmtl.dropout.schedules import Adsmtl, Concrete, Fixed, Follow, ListingIntent, PerTask
from adsmtl.errors import UserError
from adsmtl.study import Arm, Examples, Extent, Run, Study, Task, Training, View
from adsmtl.weighting import DynamicWeightAverage, Uncertainty

EXTENT = Extent((0, 1), Training())
MAIN = {"vision": Task("cifar10", "label", "cnn"), "speech": Task("timit", "phone", "lstm")}
MORE = {"superclass": Task("cifar10", "superclass", "cnn"), "sex": Task("timit", "sex", "lstm")}
PLAIN = Arm("a label", "main", dropout=Fixed(0.2))
LEADER = Arm("ADSMTL", "main", dropout=Adsmtl())
FOLLOWER = Arm("swapped", "controls", dropout=Follow("leader", "swapped"))


def study(more: dict[str, Task] | None = None, **arms: Arm) -> Study:
    return Study("quick", False, MAIN, MORE if more is None else more, arms, (0, 1), EXTENT)


def run(arm: Arm, seed: int = 0, **training: object) -> Run:
    own = replace(EXTENT, training=Training(**training))
    return replace(study(arm=arm), extent=own).run("arm", seed)


def refused(call: Callable, *parts: str) -> None:
    with pytest.raises(UserError) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


# Identity


@pytest.mark.parametrize(
    "names",
    [
        {"label": "another"},
        {"group": "controls", "group_title": "Controls", "baseline": "adsmtl-0.2"},
        {"family": "fixed", "tunable": "rate", "zero": "none"},
        {"family": "fixed", "tunable": "trial", "trial": 2},
        {"role": "fixed"},
    ],
)
def test_names_that_people_see_decide_nothing(names: dict[str, str]) -> None:
    assert run(replace(PLAIN, **names)).config_hash == run(PLAIN).config_hash


def test_everything_that_decides_numbers_is_in_the_hash() -> None:
    runs = [
        run(PLAIN),
        run(PLAIN, seed=1),
        run(replace(PLAIN, dropout=Fixed(0.3))),
        run(replace(PLAIN, dropout=ListingIntent(0.2))),
        run(replace(PLAIN, dropout=Adsmtl())),
        run(replace(PLAIN, dropout=Adsmtl(difficulty="validation-error"))),
        run(replace(PLAIN, site="shared")),
        run(replace(PLAIN, site="specific")),
        run(replace(PLAIN, weighting=Uncertainty())),
        run(replace(PLAIN, weighting=DynamicWeightAverage())),
        run(replace(PLAIN, weighting=DynamicWeightAverage(1.0))),
        run(replace(PLAIN, l2=1e-4)),
        run(replace(PLAIN, train_fraction=0.5)),
        run(replace(PLAIN, tasks=("vision",))),
        run(replace(PLAIN, tasks=("vision", "superclass"))),
        run(PLAIN, epochs=11),
        run(PLAIN, batch_size=64),
        run(PLAIN, learning_rate=1e-2),
        run(PLAIN, eval_train=10),
        run(PLAIN, eval_val=10),
        run(PLAIN, full_epochs=4),
        run(replace(PLAIN, dropout=Adsmtl(reference="first-epoch"))),
        run(replace(PLAIN, dropout=PerTask({"vision": 0.2, "speech": 0.2}))),
        run(replace(PLAIN, dropout=PerTask({"vision": 0.2, "speech": 0.3}))),
        run(PLAIN, precision="fp32"),
    ]
    assert len({own.config_hash for own in runs}) == len(runs)


def test_data_decide_too() -> None:
    fewer = MAIN | {"vision": replace(MAIN["vision"], examples=Examples(train=10))}
    other = MAIN | {"vision": replace(MAIN["vision"], dataset="digits")}
    hashes = {
        Study("quick", False, tasks, {}, {"arm": PLAIN}, (0,), EXTENT).run("arm", 0).config_hash
        for tasks in (MAIN, fewer, other)
    }
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, ("vision", "speech")),
        (None, ("speech", "vision")),
        (("vision", "superclass"), ("superclass", "vision")),
        (("superclass", "sex"), ("sex", "superclass")),
    ],
)
def test_the_order_in_which_tasks_are_named_decides_nothing(
    one: tuple | None, other: tuple
) -> None:
    first, second = run(replace(PLAIN, tasks=one)), run(replace(PLAIN, tasks=other))
    assert first.tasks == second.tasks
    assert first.config_hash == second.config_hash


def test_the_preset_and_the_arms_id_decide_nothing() -> None:
    elsewhere = replace(study(other=PLAIN), preset="paper").run("other", 0)
    assert elsewhere.config_hash == run(PLAIN).config_hash


# Tasks beside the main ones


def test_auxiliary_tasks_are_those_of_the_arms_that_name_them() -> None:
    pair = replace(PLAIN, tasks=("vision", "superclass"))
    alone = replace(PLAIN, tasks=("sex",))
    found = study(plain=PLAIN, pair=pair, alone=alone)
    assert list(found.run("plain", 0).study_tasks) == ["vision", "speech"]
    assert found.run("plain", 0).tasks == ("vision", "speech")
    # an arm with a main task keeps all of them, because they fix the number of steps
    assert list(found.run("pair", 0).study_tasks) == ["vision", "speech", "superclass"]
    assert found.run("pair", 0).tasks == ("vision", "superclass")
    # one without has the steps of its own tasks
    assert list(found.run("alone", 0).study_tasks) == ["sex"]
    assert found.run("alone", 0).tasks == ("sex",)


def test_another_task_changes_no_arm_that_does_not_name_it() -> None:
    pair = replace(PLAIN, tasks=("vision", "superclass"))
    superclass = {"superclass": MORE["superclass"]}
    before = study(more=superclass, plain=PLAIN, pair=pair)
    extended = study(more=MORE, plain=PLAIN, pair=pair, new=replace(PLAIN, tasks=("sex",)))
    for arm in before.arms:
        assert before.run(arm, 0).config_hash == extended.run(arm, 0).config_hash


def test_a_view_decides_numbers_and_no_view_leaves_no_trace() -> None:
    def hash_of(view: View) -> str:
        tasks = MAIN | {"vision": replace(MAIN["vision"], view=view)}
        found = Study("quick", False, tasks, {}, {"arm": PLAIN}, (0,), EXTENT)
        return found.run("arm", 0).config_hash

    views = [
        View(),
        View(labels="rotation"),
        View(classes=("cat", "dog")),
        View(classes=("dog", "cat")),
        View(half="even"),
        View(half="odd"),
        View(inputs="rotated"),
        View(permuted=0.25),
    ]
    assert len({hash_of(view) for view in views}) == len(views)
    assert "view" not in run(PLAIN).config()["tasks"]["vision"]


# Arms that follow others


def test_a_follower_trains_with_the_rates_it_was_given() -> None:
    follower = study(leader=LEADER, follower=FOLLOWER).run("follower", 0)
    assert follower.follows == "leader"
    assert follower.schedule == FOLLOWER.dropout  # nothing was read yet
    given = replace(follower, trajectory=[{"vision": 0.1, "speech": 0.4}])
    rates = given.schedule.rates({"vision": [], "speech": []}, 1)
    assert rates == {"vision": 0.4, "speech": 0.1}


def test_an_arm_that_follows_none_keeps_its_schedule() -> None:
    own = study(leader=LEADER, follower=FOLLOWER).run("leader", 0)
    assert (own.follows, own.leader) == (None, None)
    assert replace(own, trajectory=[{"vision": 0.1, "speech": 0.4}]).schedule == LEADER.dropout


def test_what_decides_the_leader_decides_its_follower_and_nothing_else_does() -> None:
    def follower(leader: Arm) -> str:
        return study(leader=leader, follower=FOLLOWER).run("follower", 0).config_hash

    stronger = replace(LEADER, dropout=Adsmtl(kappa=2.0))
    assert follower(stronger) != follower(LEADER)
    assert follower(replace(LEADER, site="shared")) != follower(LEADER)
    assert follower(replace(LEADER, label="another", role="adsmtl")) == follower(LEADER)
    assert follower(replace(LEADER, tasks=("speech", "vision"))) == follower(LEADER)
    # and the rates themselves follow from it
    made = study(leader=LEADER, follower=FOLLOWER).run("follower", 0)
    known = replace(made, trajectory=[{"vision": 0.1, "speech": 0.4}])
    assert known.config_hash == made.config_hash


@pytest.mark.parametrize("tasks", [("vision", "speech"), ("speech", "vision")])
def test_a_leader_may_name_the_main_tasks(tasks: tuple) -> None:
    found = study(leader=replace(LEADER, tasks=tasks), follower=FOLLOWER)
    assert found.run("follower", 0).tasks == found.run("leader", 0).tasks


def test_a_leader_that_the_study_does_not_train_is_named() -> None:
    refused(
        lambda: study(follower=FOLLOWER), "follower.dropout.arm", "'leader'", "'quick'", "add it"
    )


def test_a_leader_that_follows_is_refused() -> None:
    second = replace(FOLLOWER, dropout=Follow("follower", "swapped"))
    refused(
        lambda: study(leader=LEADER, follower=FOLLOWER, second=second),
        *("second.dropout.arm", "'follower'", "follows an arm itself"),
    )
    itself = replace(FOLLOWER, dropout=Follow("itself", "swapped"))
    refused(lambda: study(itself=itself), "itself.dropout.arm", "follows an arm itself")


def test_a_leader_whose_rates_are_learned_is_refused() -> None:
    leader = replace(LEADER, dropout=Concrete())
    refused(lambda: study(leader=leader, follower=FOLLOWER), "follower.dropout.arm", "are learned")


@pytest.mark.parametrize("tasks", [("vision",), ("vision", "superclass")])
def test_a_leader_of_other_tasks_is_refused(tasks: tuple) -> None:
    refused(
        lambda: study(leader=replace(LEADER, tasks=tasks), follower=FOLLOWER),
        *("follower.dropout.arm", "'leader'", "other tasks"),
    )


def borrowing(*seeds: int) -> Study:
    arm = replace(FOLLOWER, dropout=Follow("leader", "borrowed"))
    arms = {"leader": LEADER, "follower": FOLLOWER, "borrowed": arm}
    return Study("quick", False, MAIN, {}, arms, seeds, Extent(seeds, Training()))


def test_a_borrowing_run_names_its_lender_and_no_other_run_does() -> None:
    found = borrowing(*range(8))
    run = found.run("borrowed", 7)
    assert (run.lender, run.followed_seed, run.config()["lender"]) == (4, 4, 4)
    for arm in ("leader", "follower"):
        other = found.run(arm, 7)
        assert (other.lender, other.followed_seed) == (None, 7)
        assert "lender" not in other.config()


def test_the_lender_decides_a_borrowing_run() -> None:
    assert borrowing(0, 1, 2).run("borrowed", 0).config_hash == (
        borrowing(0, 1).run("borrowed", 0).config_hash
    )
    assert borrowing(0, 1, 2).run("borrowed", 1).config_hash != (
        borrowing(0, 1).run("borrowed", 1).config_hash
    )


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2, 3, 4)])
def test_a_study_in_which_a_seed_has_no_lender_is_refused(seeds: tuple) -> None:
    refused(lambda: borrowing(*seeds), "'quick'", "borrowed", f"seed {seeds[-1]} has none")


# A rate for each task


@pytest.mark.parametrize(
    ("rates", "parts"),
    [
        ({"vision": 0.1}, ("lacks a rate for speech",)),
        ({"vision": 0.1, "speech": 0.2, "sex": 0.3}, ("names sex", "it trains speech, vision")),
        ({"vision": 0.1, "video": 0.3}, ("names video",)),
    ],
)
def test_rates_by_task_are_those_of_the_tasks_that_the_arm_trains(
    rates: dict[str, float], parts: tuple
) -> None:
    arm = replace(PLAIN, dropout=PerTask(rates))
    refused(lambda: study(arm=arm), "arm.dropout.by_task", *parts)


def test_a_trial_is_a_name_that_may_be_the_tunable() -> None:
    arm = replace(PLAIN, family="per-task", tunable="trial", trial=3)
    assert arm.names()["tunable"] == 3
    assert "trial" not in run(arm).config()["arm"]


# Values that cannot be


def test_a_task_that_the_study_lacks_is_answered_with_its_tasks() -> None:
    refused(
        lambda: study(arm=replace(PLAIN, tasks=("video",))),
        *("arm.tasks", "'video'", "vision, speech, superclass, sex"),
    )


@pytest.mark.parametrize("fraction", [0.0, -0.5, 1.01, math.nan])
def test_a_share_of_the_examples_lies_above_0_and_up_to_1(fraction: float) -> None:
    refused(lambda: replace(PLAIN, train_fraction=fraction), "train_fraction is", "(0, 1]")
    assert replace(PLAIN, train_fraction=1.0) == PLAIN


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: replace(PLAIN, l2=-1e-4), "l2 is -0.0001"),
        (lambda: replace(PLAIN, tasks=()), "tasks is empty"),
        (lambda: replace(PLAIN, family="fixed"), "needs the key tunable"),
        (lambda: replace(PLAIN, tunable="p0"), "tunable is 'p0'"),
        (lambda: replace(PLAIN, tunable="label"), "tunable is 'label'"),
        (lambda: replace(PLAIN, tasks=("vision", "vision")), "every task once"),
        (lambda: Examples(train=0), "train is 0"),
        (lambda: Examples(val=-1), "val is -1"),
        (lambda: Training(epochs=0), "epochs is 0"),
        (lambda: Training(batch_size=0), "batch_size is 0"),
        (lambda: Training(eval_train=0), "eval_train is 0"),
        (lambda: Training(eval_val=0), "eval_val is 0"),
        (lambda: Training(full_epochs=2), "full_epochs is 2; give at least 3"),
        (lambda: Training(learning_rate=0.0), "learning_rate is 0"),
        (lambda: study(arm=PLAIN).run("arm", -1), "seed is -1"),
        (lambda: study(arm=PLAIN).run("nine", 0), "'nine'"),
    ],
)
def test_an_impossible_value_is_refused_by_name(call: Callable, key: str) -> None:
    refused(call, key)


def test_names_tell_the_value_in_which_trials_differ() -> None:
    assert replace(PLAIN, family="fixed", tunable="rate").names()["tunable"] == 0.2
    assert replace(PLAIN, family="l2", tunable="l2", l2=1e-4).names()["tunable"] == 1e-4
    assert PLAIN.names()["tunable"] is None


def test_every_arm_is_run_with_every_seed() -> None:
    runs = study(one=PLAIN, two=replace(PLAIN, l2=1e-3)).runs()
    assert [own.name for own in runs] == ["one seed=0", "one seed=1", "two seed=0", "two seed=1"]
