"""What is reported beside the verdicts: components of variance, dose, specifications."""

import numpy as np
import pandas as pd
import pytest

from adsmtl.analysis import crossed, dose, specification, variance
from adsmtl.analysis.paired import Paired


def crossed_runs(fold, seed, residual, arms=6, folds=4, per_fold=50, machine=0.0, machines=1):
    draw = np.random.default_rng(0)
    rows = []
    of_fold = fold * draw.normal(size=folds)
    of_machine = machine * np.linspace(-1, 1, machines)
    for number in range(folds * per_fold):
        on = number * machines // (folds * per_fold) if number % 7 else 0  # not balanced
        of_seed = of_fold[number % folds] + of_machine[on] + seed * draw.normal()
        for arm in range(arms):
            value = 0.5 + 0.01 * arm + of_seed + residual * draw.normal()
            rows.append((f"arm{arm}", number, number % folds, on, value, 2500))
    names = ["arm", "seed", "fold", "machine", "test_accuracy", "examples_test"]
    planted = [float(own.std(ddof=1)) if len(own) > 1 else 0.0 for own in (of_fold, of_machine)]
    return pd.DataFrame(rows, columns=names), *planted


def test_planted_components_of_variance_are_found():
    frame, fold, _ = crossed_runs(0.03, 0.01, 0.005)
    found = variance.components(frame)
    assert found.residual == pytest.approx(0.005, rel=0.05)
    assert found.seed == pytest.approx(0.01, rel=0.15)
    assert found.fold == pytest.approx(fold, rel=0.1)
    assert found.sampling == pytest.approx(0.01, rel=0.05)  # sqrt(0.5 · 0.5 / 2500)
    assert found.machine is None  # all seeds were trained on one


def test_a_machine_is_told_from_folds_and_seeds_also_where_blocks_are_of_unequal_size():
    frame, fold, machine = crossed_runs(0.03, 0.01, 0.005, machine=0.02, machines=3)
    found = variance.components(frame)
    assert found.machine == pytest.approx(machine, rel=0.15)
    assert found.fold == pytest.approx(fold, rel=0.1)
    assert found.seed == pytest.approx(0.01, rel=0.15)
    assert variance.components(frame.drop(columns="machine")).seed > 1.5 * found.seed


def test_what_is_left_does_not_hold_the_arms_own_answers_to_folds_and_machines():
    frame, *_ = crossed_runs(0.03, 0.01, 0.005, machine=0.02, machines=3)
    answers = pd.Series(np.random.default_rng(1).normal(0, 0.02, size=24))
    arm = frame["arm"].str[3:].astype(int)
    for own in (4 * arm + frame["fold"], 4 * arm + frame["machine"]):
        moved = frame.assign(test_accuracy=frame["test_accuracy"] + own.map(answers))
        assert variance.components(moved).residual == pytest.approx(0.005, rel=0.05)
    one_each, *_ = crossed_runs(0, 0, 0.005, per_fold=1)
    by_fold = one_each["arm"].str[3:].astype(int) * 4 + one_each["fold"]
    moved = one_each.assign(test_accuracy=one_each["test_accuracy"] + by_fold.map(answers))
    assert variance.components(moved).residual > 0.01  # they cannot be told apart


def test_equal_blocks_give_the_textbook_mean_squares():
    # Means over arms: fold 0 has 1 and 3, fold 1 has 6 and 10. Within folds MS = (2 + 8) / 2 = 5,
    # between folds 2 · (3² + 3²) / 1 = 36; no arm answers a seed in its own way.
    rows = [
        (arm, seed, seed // 2, y + arm) for arm in (0, 1) for seed, y in enumerate([1, 3, 6, 10])
    ]
    found = variance.components(
        pd.DataFrame(rows, columns=["arm", "seed", "fold", "test_loss"]), "test_loss"
    )
    assert found.seed == pytest.approx(5**0.5)
    assert found.fold == pytest.approx(((36 - 5) / 2) ** 0.5)
    assert found.residual == pytest.approx(0)


def test_components_that_the_data_leave_open_are_none_or_zero():
    frame, *_ = crossed_runs(0, 0, 0.005, folds=1, per_fold=40)
    found = variance.components(frame.drop(columns="examples_test"))
    assert (found.fold, found.sampling) == (None, None)
    assert found.seed < 0.002
    one_each, *_ = crossed_runs(0.01, 0.01, 0.005, per_fold=1)
    assert variance.components(one_each).seed is None
    with pytest.raises(ValueError, match="1 arms"):
        variance.components(frame[frame["arm"] == "arm0"])


def interval(first, folds):
    return crossed.seeds_and_examples(first, np.zeros_like(first), np.asarray(folds))


def test_an_interval_over_seeds_and_examples_knows_both_sources_of_noise():
    draw = np.random.default_rng(1)
    seeds, examples = 12, 400
    shared = draw.normal(size=examples)  # an example is harder for one arm at every seed
    own = draw.normal(0, 0.05, size=(seeds, 1))
    first = 0.3 + shared + own + draw.normal(0, 0.2, size=(seeds, examples))
    found = interval(first, np.arange(seeds) % 2)
    assert (found.n, found.mean) == (seeds, pytest.approx(first.mean()))
    expected = np.sqrt(shared.var() / examples + own.var() / seeds)
    assert found.sd == pytest.approx(expected, rel=0.15)
    assert found.low < found.mean < found.high


@pytest.mark.parametrize("per_fold", [False, True])
@pytest.mark.parametrize(
    ("seed", "example", "single"), [(0, 0, 0.5), (0.025, 0, 0.5), (0, 0.3, 0.5), (0.2, 0.2, 0.2)]
)
def test_the_standard_error_is_the_true_one_whatever_the_noise_is_made_of(
    seed, example, single, per_fold
):
    """A crossed bootstrap gave 1.7 times as much where the noise is that of single predictions."""
    draw, folds, examples = np.random.default_rng(3), np.arange(16) % 4, 200
    place = np.arange(4 * examples) // examples if per_fold else np.zeros(examples)
    squares = []
    for _ in range(80):
        shape = (16, len(place))
        first = seed * draw.normal(size=(16, 1)) + example * draw.normal(size=(1, len(place)))
        first = first + single * draw.normal(size=shape)
        if per_fold:
            first = np.where(place == folds[:, None], first, np.nan)
        squares.append(interval(first, folds).sd ** 2)
    tested = len(place)
    true = seed**2 / 16 + example**2 / tested + single**2 / 16 / examples
    assert np.sqrt(np.mean(squares) / true) == pytest.approx(1, abs=0.12)


def test_a_seed_without_a_tested_example_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        interval(np.array([[1.0, 2.0], [np.nan, np.nan]]), [0, 0])


def test_the_variance_by_two_ways_by_hand():
    first = np.array([[1.0, 3.0], [2.0, 8.0]])  # one fold; seeds 2 and 5, examples 1.5 and 5.5
    found = interval(first, [0, 0])
    over_seeds = (1.5**2 + 1.5**2) / 2
    # A prediction weighs 1/4. Less the means of the seeds: -1, 1; -3, 3. Sums of examples: -4, 4.
    by_examples = (4 / 4) ** 2 + (4 / 4) ** 2
    both = 4 * (1 / 4) ** 2 * 2  # left after examples: 1, -1; -1, 1, with one degree of freedom
    assert found.sd**2 == pytest.approx(over_seeds + by_examples - both)


@pytest.mark.parametrize("folds", [[0, 1, 2], [0, 0, 1, 1], [0, 0, 0]])
def test_with_few_seeds_the_interval_is_no_narrower_than_over_seeds_alone(folds):
    """Also where every fold has a single seed."""
    draw = np.random.default_rng(2)
    first = draw.normal(size=(len(folds), 1)) + draw.normal(0, 0.01, size=(len(folds), 300))
    found = interval(first, folds)
    alone = Paired(tuple(first.mean(axis=1)), tuple(folds))
    assert alone.low + 1e-12 >= found.low >= alone.low - 0.01
    assert alone.high - 1e-12 <= found.high <= alone.high + 0.01


def test_examples_of_other_folds_take_no_part():
    # Rows are seeds; a seed's missing examples are those that its fold does not test.
    first = np.array([[1.0, 0.0, np.nan, np.nan], [np.nan, np.nan, 1.0, 1.0]]).repeat(2, axis=0)
    folds = np.array([0, 0, 1, 1])
    found = interval(first, folds)
    assert found.mean == 0.75
    with pytest.raises(ValueError, match="do not fit"):
        crossed.seeds_and_examples(first, first, np.array([0]))
    with pytest.raises(ValueError, match="do not fit"):
        crossed.seeds_and_examples(first * np.nan, first, np.array([0, 1]))


def test_the_dose_is_the_mean_of_the_rates_that_were_used():
    final = pd.DataFrame(
        {
            "arm": "adsmtl",
            "label": "ADSMTL",
            "schedule": "adsmtl",
            "task": "vision",
            "seed": [0, 1],
            "test_accuracy": [0.4, 0.6],
        }
    )
    epochs = pd.DataFrame(
        {
            "arm": "adsmtl",
            "task": "vision",
            "rate_shared": [0.1, 0.3, 0.2, 0.2],
            "rate_specific": [0.3, 0.5, 0.2, 0.2],
        }
    )
    (row,) = dose.response(final, epochs).to_dict("records")
    assert (row["rate"], row["rate_low"], row["rate_high"]) == pytest.approx((0.25, 0.2, 0.4))
    assert (row["n"], row["mean"]) == (2, pytest.approx(0.5))
    assert dose.response(final, epochs.assign(arm="other")).empty


def test_specifications_are_ordered_and_told_by_what_they_change():
    def config(**dropout):
        return {"arm": {"dropout": {"kappa": 1.0, "p0": 0.2} | dropout, "site": "all"}}

    configs = {
        "adsmtl": config(),
        "k2": config(kappa=2.0),
        "k2-p3": config(kappa=2.0, p0=0.3),
        "fixed": config(),
    }
    accuracy = {"fixed": 0.50, "adsmtl": 0.51, "k2": 0.53, "k2-p3": 0.49}
    final = pd.DataFrame(
        {
            "arm": arm,
            "label": arm,
            "seed": seed,
            "fold": seed % 2,
            "test_accuracy": value + 0.1 * seed,
        }
        for arm, value in accuracy.items()
        for seed in range(4)
    )
    arms = ["adsmtl", "k2", "k2-p3", "absent"]
    found = specification.curve(final, configs, arms, dict.fromkeys(arms, "fixed"), "adsmtl")
    assert list(found["arm"]) == ["k2-p3", "adsmtl", "k2"]
    assert list(found["effect"]) == pytest.approx([-0.01, 0.01, 0.03])
    assert list(found["axes"]) == ["dropout.kappa, dropout.p0", "", "dropout.kappa"]
    assert found["settings"].iloc[2] == "dropout.kappa = 2.0"
    other = specification.curve(
        final, configs, arms, dict.fromkeys(arms, "fixed") | {"k2": "adsmtl"}, "adsmtl"
    )
    assert other.set_index("arm")["effect"]["k2"] == pytest.approx(0.02)
