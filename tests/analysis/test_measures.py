import numpy as np
import pandas as pd
import pytest
from collecting import collected
from synthetic import ARMS, NONE, write_results

from adsmtl.analysis import measures, summary
from adsmtl.errors import UserError


def rows(*values):
    names = [
        "arm",
        "group",
        "schedule",
        "rate",
        "seed",
        "task",
        measures.VALIDATION,
        "test_accuracy",
    ]
    frame = pd.DataFrame(values, columns=names)
    family = frame["schedule"].map({"fixed": "fixed"}).astype(object)
    label, tunable = frame["arm"].str.replace("-", " "), frame["rate"]
    named = {"label": label, "family": family, "tunable": tunable, "zero": None, "role": None}
    return frame.assign(**named, fold=frame["seed"] % 4)


REFERENCES = (
    ("sv", "reference", "none", 0.0, 0, "vision", 0.5, 0.50),
    ("ss", "reference", "none", 0.0, 0, "speech", 0.5, 0.40),
)


def test_delta_m_by_hand():
    final = rows(
        *REFERENCES,
        ("none", "main", "none", 0.0, 0, "vision", 0.5, 0.55),
        ("none", "main", "none", 0.0, 0, "speech", 0.5, 0.38),
    )
    # (+10 % - 5 %) / 2
    result = measures.delta_m(final)
    assert result[["arm", "seed"]].to_numpy().tolist() == [["none", 0]]
    assert result["delta_m"].item() == pytest.approx(2.5)


def test_delta_m_needs_a_reference_for_every_task_and_seed():
    final = rows(
        REFERENCES[0],
        ("none", "main", "none", 0.0, 0, "vision", 0.5, 0.55),
        ("none", "main", "none", 0.0, 0, "speech", 0.5, 0.38),
        ("none", "main", "none", 0.0, 1, "vision", 0.5, 0.55),
    )
    assert measures.delta_m(final).empty


def test_delta_m_refuses_two_references_for_one_task():
    twin = ("sv2", *REFERENCES[0][1:])
    with pytest.raises(UserError, match="sv, sv2"):
        measures.delta_m(rows(*REFERENCES, twin))


def fixed(seed, rate, vision, speech, test=0.5):
    arm = f"fixed-{rate}"
    return [
        (arm, "main", "fixed", rate, seed, "vision", vision, test),
        (arm, "main", "fixed", rate, seed, "speech", speech, test),
    ]


def validation(final, family="fixed"):
    return measures.seen(measures.trials(final, family))


def test_rate_is_chosen_per_seed_by_the_mean_over_tasks():
    final = rows(
        *fixed(0, 0.1, 0.6, 0.2),
        *fixed(0, 0.5, 0.5, 0.4),
        *fixed(1, 0.1, 0.6, 0.5),
        *fixed(1, 0.5, 0.5, 0.4),
    )
    chosen = measures.with_chosen(final).query(f"arm == '{measures.CHOSEN_ARM}'")
    assert chosen.groupby("seed")["rate"].first().to_dict() == {0: 0.5, 1: 0.1}
    assert list(chosen["chosen_from"]) == ["fixed-0.5"] * 2 + ["fixed-0.1"] * 2
    assert set(chosen["label"]) == {"fixed, chosen on validation"}
    assert set(chosen["trials"]) == {2}


@pytest.mark.parametrize(
    ("family", "labels", "name"),
    [
        ("fixed", ["fixed 0.1", "fixed 0.2"], "fixed"),
        ("adsmtl", ["ADSMTL, p0 0.1", "ADSMTL, p0 0.2"], "ADSMTL"),
        ("per-task", ["per task, vision 0.1, speech 0.3", "per task, vision 0.5"], "per task"),
        (
            "single-vision-fixed",
            ["single-task vision, fixed 0.1", "single-task vision, fixed 0.2"],
            "single-task vision, fixed",
        ),
        ("l2", ["lambda 1e-5", "lambda 1e-4"], "lambda"),
        ("mine", ["one", "another"], "mine"),
    ],
)
def test_what_is_chosen_is_called_by_its_method(family, labels, name):
    trials = [
        (f"{family}-{i}", "main", "fixed", i / 10, seed, "vision", 0.5, 0.5)
        for i in (1, 2)
        for seed in (0, 1)
    ]
    final = rows(*trials)
    final = final.assign(
        family=family, label=final["arm"].map(dict(zip(final["arm"].unique(), labels, strict=True)))
    )
    chosen = measures.with_chosen(final).query(f"arm == '{measures.chosen_arm(family)}'")
    assert set(chosen["label"]) == {f"{name}, chosen on validation"}


def test_ties_go_to_the_smaller_rate_whatever_the_order():
    # 0.1 + 0.5 and 0.2 + 0.4 differ in their last bit
    final = rows(*fixed(0, 0.5, 0.1, 0.5), *fixed(0, 0.3, 0.2, 0.4), *fixed(0, 0.4, 0.4, 0.2))
    assert measures.choose(validation(final))[0] == 0.3


def test_a_seed_that_has_not_tried_every_rate_chooses_nothing():
    final = rows(*fixed(0, 0.1, 0.6, 0.2), *fixed(0, 0.5, 0.5, 0.4), *fixed(1, 0.1, 0.6, 0.5))
    chosen = measures.choose(validation(final))
    assert list(chosen.index) == [0]


def test_the_choice_on_other_seeds_does_not_see_the_speakers_that_the_seed_tests():
    # Seeds 0 to 7 of folds 0 to 3; in fold 1, which is validated on speakers that fold 2 tests,
    # another rate does best, by more than it loses in all others.
    final = rows(
        *(
            row
            for seed in range(8)
            for rate, usual in ((0.1, 0.51), (0.5, 0.5))
            for row in fixed(seed, rate, *[0.9 if (seed % 4, rate) == (1, 0.5) else usual] * 2)
        )
    )
    chosen = measures.choose_on_other_seeds(validation(final))
    assert chosen.to_dict() == {seed: 0.1 if seed % 4 == 2 else 0.5 for seed in range(8)}


def test_the_last_fold_is_validated_on_speakers_of_the_first():
    values = {3: 0.9}  # of rate 0.5; that of rate 0.1 is 0.6 everywhere
    final = rows(
        *(row for seed in range(4) for row in fixed(seed, 0.1, 0.6, 0.6)),
        *(row for seed in range(4) for row in fixed(seed, 0.5, *[values.get(seed, 0.5)] * 2)),
    )
    chosen = measures.choose_on_other_seeds(validation(final))
    assert chosen.to_dict() == {0: 0.1, 1: 0.5, 2: 0.5, 3: 0.1}


def test_a_seed_without_others_that_it_may_look_at_chooses_nothing():
    final = rows(
        *(row for seed in (0, 1) for rate in (0.1, 0.5) for row in fixed(seed, rate, 1, 1))
    )
    assert list(measures.choose_on_other_seeds(validation(final)).index) == [0]
    assert measures.choose_on_other_seeds(validation(final.query("seed == 0"))).empty


FAMILIES = {
    "fixed": "fixed, chosen on validation",
    "adsmtl": "ADSMTL, chosen on validation",
    "single-vision-fixed": "single-task vision, fixed, chosen on validation",
    "l2": "lambda, chosen on validation",
}


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """All trials of `FAMILIES`, with accuracies that differ by chance alone."""
    arms = ["none", *(arm for arm, of in ARMS.items() if of.family in FAMILIES)]
    flat = dict.fromkeys(arms, NONE)
    root = write_results(tmp_path_factory.mktemp("tuned"), 4, arms, 1, flat, noise=0.05)
    return collected(root, arms).runs


def test_every_family_gets_an_arm_of_its_own(tuned):
    derived = measures.with_chosen(tuned).query("group == 'derived'")
    labels = derived.drop_duplicates("arm").set_index("arm")["label"].to_dict()
    assert labels == {f"{family}-chosen": label for family, label in FAMILIES.items()}
    assert derived.groupby("arm")["seed"].nunique().to_dict() == dict.fromkeys(labels, 4)
    assert set(derived["trials"]) == {4}
    for (arm, seed), own in derived.groupby(["arm", "seed"]):
        rows = measures.trials(tuned, arm.removesuffix("-chosen")).query(f"seed == {seed}")
        best = rows.groupby("arm")[measures.VALIDATION].mean().idxmax()
        assert set(own["chosen_from"]) == {best}


def test_no_penalty_is_a_trial_of_lambda(tuned):
    rows = measures.trials(tuned, "l2").drop_duplicates("arm").set_index("arm")["tunable"]
    assert rows.to_dict() == {"none": 0, "l2-1e-5": 1e-5, "l2-1e-4": 1e-4, "l2-1e-3": 1e-3}


def test_the_choice_cannot_see_test_data(tuned):
    honest = measures.with_chosen(tuned)
    poisoned = tuned.copy()
    tests = [name for name in tuned if name.startswith("test_")]
    noise = np.random.default_rng(0).random((len(tuned), len(tests)))
    poisoned[[*tests, "gap"]] = np.column_stack([noise, noise[:, 0]])
    again = measures.with_chosen(poisoned)
    assert list(again["chosen_from"].dropna()) == list(honest["chosen_from"].dropna())
    assert honest["chosen_from"].nunique() > len(FAMILIES)
    with pytest.raises(ValueError, match="validation data alone"):
        measures.choose(tuned[["seed", "task", "rate", measures.VALIDATION, "test_accuracy"]])


def test_unequal_tuning_budgets_cannot_be_compared(tuned):
    final = measures.with_chosen(tuned[tuned["arm"] != "adsmtl-0.5"])
    with pytest.raises(UserError, match="adsmtl-chosen among 3, fixed-chosen among 4"):
        summary.comparisons(final, [("adsmtl-chosen", "fixed-chosen")])
    measures.require_equal_budgets(final, ["fixed-chosen", "l2-chosen", "none"])


def test_planned_comparisons_of_tuned_families(tuned):
    pairs = summary.planned(measures.with_chosen(tuned))
    assert ("adsmtl-chosen", "fixed-chosen") in pairs
    assert all(not first.startswith("single") for first, _ in pairs)


def test_nothing_to_choose_among_leaves_the_frame_alone():
    final = rows(*REFERENCES, *fixed(0, 0.1, 0.6, 0.2))
    assert measures.with_chosen(final) is final
