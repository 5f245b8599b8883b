"""Two results: what is equal, within rounding, within the noise between seeds, or different."""

from dataclasses import replace

import numpy as np
import pytest
from collecting import collected
from scipy import stats
from synthetic import write_results

from adsmtl import cli
from adsmtl.archive import compare
from adsmtl.collected import collect, reading

ARMS = ["none", "fixed-0.2"]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return collected(write_results(tmp_path_factory.mktemp("first"), 4, ARMS, epochs=3), ARMS)


def changed(own, change):
    """A copy whose runs were changed in place."""
    runs = own.runs.copy()
    change(runs)
    return replace(own, runs=runs)


def answers(found):
    return {(row.arm, row.task): row.answer for row in found.rows}


def all_are(answer):
    return {(arm, task): answer for arm in ARMS for task in ("vision", "speech")}


def test_equal_runs_are_identical_whatever_they_are_called_and_however_long_they_took(first):
    other = changed(first, lambda runs: runs.__setitem__("label", "another"))
    other = changed(other, lambda runs: runs.__setitem__("seconds_total", 1.0))
    found = compare.compare(first, other)
    assert answers(found) == all_are(compare.IDENTICAL)
    assert found.agree
    assert (found.origin, found.alone) == ([], [])


@pytest.mark.parametrize(
    ("column", "factor", "answer"),
    [
        ("test_loss", 1 + 0.9 * compare.LOSS, compare.ROUNDING),
        ("test_loss_last3", 1 + 0.9 * compare.LOSS, compare.ROUNDING),
        ("test_loss_last3", 1 + 2 * compare.LOSS, compare.NOISE),
        ("val_loss", np.nextafter(1, 2), compare.ROUNDING),
    ],
)
def test_losses_agree_within_rounding(column, factor, answer, first):
    def change(runs):
        runs.loc[runs["arm"] == "none", column] *= factor

    expected = all_are(compare.IDENTICAL) | {("none", t): answer for t in ("vision", "speech")}
    found = compare.compare(first, changed(first, change))
    assert answers(found) == expected
    assert found.agree


@pytest.mark.parametrize(("examples", "answer"), [(1, compare.ROUNDING), (2, compare.NOISE)])
def test_one_example_of_two_thousand_is_rounding_and_two_are_not(examples, answer, first):
    def change(runs):
        runs.loc[(runs["arm"] == "none") & (runs["seed"] == 0), "test_accuracy"] += examples / 2000

    found = compare.compare(first, changed(first, change))
    assert answers(found)["none", "vision"] == answer


def test_an_epoch_that_differs_is_not_identical(first):
    epochs = first.epochs.copy()
    epochs.loc[0, "loss"] *= 1.5
    found = compare.compare(first, replace(first, epochs=epochs))
    assert answers(found)["none", "vision"] == compare.ROUNDING


def test_a_difference_of_common_seeds_by_hand(first):
    """The paired t test of scipy; a shift that is the same in all seeds is found however small."""
    moved = 0.004 + 0.002 * np.array([-1.0, 0.0, 2.0, -1.0])

    def change(runs):
        runs.loc[(runs["arm"] == "none") & (runs["task"] == "vision"), "test_accuracy"] += moved

    found = compare.compare(first, changed(first, change))
    row = next(row for row in found.rows if (row.arm, row.task) == ("none", "vision"))
    raw = stats.ttest_1samp(moved, 0).pvalue
    assert row.p["test_accuracy"] == pytest.approx(2 * raw)  # of two that were tested
    assert row.p["test_loss"] == 1
    assert row.answer == compare.NOISE
    moved += 0.01
    found = compare.compare(first, changed(first, change))
    assert answers(found)["none", "vision"] == compare.DIFFERENT
    assert not found.agree


def seeds_from(own, start):
    return replace(
        own,
        runs=own.runs[own.runs["seed"] >= start],
        epochs=own.epochs[own.epochs["seed"] >= start],
    )


def test_a_difference_of_other_seeds_by_hand(first, tmp_path):
    """The larger p of Welch's test and of the one with the variance of all arms."""
    second = seeds_from(
        collected(write_results(tmp_path / "more", 8, ARMS, epochs=3), ARMS), start=4
    )
    spread = 0.05 * np.array([-1.0, 1.0, -1.0, 1.0])

    def change(runs):
        none = (runs["arm"] == "none") & (runs["task"] == "vision")
        runs.loc[none, "test_accuracy"] += 0.1 + spread

    second = changed(second, change)
    p = compare.compare(first, second).rows
    row = next(row for row in p if (row.arm, row.task) == ("none", "vision"))
    vision = [own.runs[own.runs["task"] == "vision"] for own in (first, second)]
    one, two = (own.loc[own["arm"] == "none", "test_accuracy"] for own in vision)
    pooled = np.mean([own.groupby("arm")["test_accuracy"].var() for own in vision])
    t = abs(two.mean() - one.mean()) / np.sqrt(pooled * (1 / 4 + 1 / 4))
    welch = stats.ttest_ind(one, two, equal_var=False).pvalue
    raw = max(welch, 2 * stats.t.sf(t, 4 * 3))
    # Of eight that were tested, and none of the others has a smaller p.
    assert row.p["test_accuracy"] == pytest.approx(min(1, 8 * raw))


def test_one_noisy_arm_is_not_called_different_because_the_others_are_quiet(first):
    draw, called = np.random.default_rng(0), 0
    for _ in range(25):
        runs = [first.runs.copy(), first.runs.copy()]
        runs[1]["seed"] += 4
        for own in runs:
            sd = np.where(own["arm"] == "none", 0.05, 0.005)
            own["test_accuracy"] = 0.5 + sd * draw.standard_normal(len(own))
        one, two = (replace(first, runs=own, epochs=first.epochs.iloc[:0]) for own in runs)
        called += compare.DIFFERENT in answers(compare.compare(one, two)).values()
    assert called <= 3  # with the pooled variance alone about half were


def test_an_arm_with_one_seed_is_tested_by_the_spread_of_the_other(first):
    second = seeds_from(first, start=3)
    second = replace(second, runs=second.runs.assign(seed=9), epochs=second.epochs.iloc[:0])
    assert set(answers(compare.compare(first, second)).values()) == {compare.NOISE}
    far = second.runs.assign(test_accuracy=second.runs["test_accuracy"] + 0.4)
    found = compare.compare(first, replace(second, runs=far))
    assert compare.DIFFERENT in answers(found).values()


def test_one_training_example_of_those_that_are_evaluated_is_rounding(first):
    one, two = 1 / 1000, 2 / 1000
    for by, answer in ((one, compare.ROUNDING), (two, compare.NOISE)):

        def change(runs, by=by):
            runs.loc[(runs["arm"] == "none") & (runs["seed"] == 0), "train_accuracy"] += by

        found = compare.compare(first, changed(first, change))
        assert answers(found)["none", "vision"] == answer


def test_other_seeds_are_within_the_noise(first, tmp_path):
    more = collected(write_results(tmp_path / "more", 8, ARMS, epochs=3), ARMS)
    found = compare.compare(first, seeds_from(more, start=4))
    assert set(answers(found).values()) == {compare.NOISE}
    assert found.rows[0].seeds == (4, 4, 0)
    assert any("runs of common arms" in text for text in found.alone)


def test_one_seed_of_each_cannot_be_judged(first):
    alone = [
        replace(own, runs=own.runs[own.runs["seed"] == seed], epochs=own.epochs.iloc[:0])
        for own, seed in ((first, 0), (first, 1))
    ]
    found = compare.compare(*alone)
    assert set(answers(found).values()) == {compare.UNKNOWN}
    assert not found.agree


def test_arms_of_one_alone_and_other_origins_are_named(first):
    runs = first.runs[first.runs["arm"] == "none"]
    environments = {
        key: {**own, "device": {**own["device"], "name": "Another CPU"}}
        for key, own in first.environments.items()
    }
    configs = {"none": {**first.configs["none"], "training": {}}}
    other = replace(
        first,
        runs=runs.assign(code="0" * 12),
        epochs=first.epochs[first.epochs["arm"] == "none"],
        environments=environments,
        configs=configs,
    )
    found = compare.compare(first, other)
    assert [row.arm for row in found.rows] == ["none", "none"]
    assert found.alone == [f"only {first.root} has 1 arms: fixed-0.2"]
    assert found.origin == [
        "the configuration differs in 1 of 1 arms: none",
        "the code that decides numbers differs in 1 of 1 arms: none",
        "device name: Test CPU and Another CPU",
    ]


def test_the_command_says_it_and_its_exit_code_too(first, tmp_path, capsys):
    assert cli.main(["compare", str(first.root), str(first.root)]) == 0
    assert "identical: 4 of 4" in capsys.readouterr().out
    better = write_results(
        tmp_path / "better", 4, ARMS, epochs=3, accuracy={"none": {"vision": 0.8, "speech": 0.8}}
    )
    collect.write(better, dict.fromkeys(ARMS, range(4)))
    assert reading.load(better).arms == ARMS
    assert cli.main(["compare", str(first.root), str(better)]) == 2
    said = capsys.readouterr()
    assert "different: 2 of 4" in said.out
    assert "none, vision: accuracy +" in said.out
    assert "differ by more than" in said.err
