"""Two results: what is equal, within rounding, within the noise between seeds, or different."""

from dataclasses import replace

import numpy as np
import pytest
from collecting import collected
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
        ("test_loss", 1 + 2 * compare.LOSS, compare.NOISE),
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


def test_a_difference_beyond_the_noise_by_hand(first):
    """The same t test with scipy alone, from means and pooled variance."""
    from scipy import stats

    def change(runs):
        runs.loc[(runs["arm"] == "none") & (runs["task"] == "vision"), "test_accuracy"] += 0.2

    second = changed(first, change)
    found = compare.compare(first, second)
    assert answers(found)["none", "vision"] == compare.DIFFERENT
    assert not found.agree
    vision = first.runs[first.runs["task"] == "vision"]
    variance = vision.groupby("arm")["test_accuracy"].var().mean()  # equal in both results
    t = 0.2 / np.sqrt(variance * (1 / 4 + 1 / 4))
    raw = 2 * stats.t.sf(t, 2 * 2 * 3)
    row = next(row for row in found.rows if (row.arm, row.task) == ("none", "vision"))
    assert row.p["test_accuracy"] == pytest.approx(2 * raw)  # of two that were tested
    assert row.difference["test_accuracy"] == pytest.approx(0.2)


def test_other_seeds_are_within_the_noise(first, tmp_path):
    more = collected(write_results(tmp_path / "more", 8, ARMS, epochs=3), ARMS)
    other = replace(
        more,
        runs=more.runs[more.runs["seed"] >= 4],
        epochs=more.epochs[more.epochs["seed"] >= 4],
    )
    found = compare.compare(first, other)
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
