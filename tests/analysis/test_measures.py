import numpy as np
import pandas as pd
import pytest
from synthetic import ORDER

from adsmtl.analysis import measures, runs
from adsmtl.errors import UserError


def rows(*values):
    names = ["arm", "group", "schedule", "rate", "seed", "task", "val_accuracy", "test_accuracy"]
    return pd.DataFrame(values, columns=names).assign(label="")


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
    assert set(chosen["label"]) == {measures.CHOSEN_LABEL}


def test_ties_go_to_the_smaller_rate_whatever_the_order():
    # 0.1 + 0.5 and 0.2 + 0.4 differ in their last bit
    final = rows(*fixed(0, 0.5, 0.1, 0.5), *fixed(0, 0.3, 0.2, 0.4), *fixed(0, 0.4, 0.4, 0.2))
    assert measures.choose_rate(final[["seed", "task", "rate", "val_accuracy"]])[0] == 0.3


def test_a_seed_that_has_not_tried_every_rate_chooses_nothing():
    final = rows(*fixed(0, 0.1, 0.6, 0.2), *fixed(0, 0.5, 0.5, 0.4), *fixed(1, 0.1, 0.6, 0.5))
    chosen = measures.choose_rate(final[["seed", "task", "rate", "val_accuracy"]])
    assert list(chosen.index) == [0]


def test_the_choice_cannot_see_test_data(results):
    final = runs.final_frame(runs.select(results, ORDER))
    honest = measures.with_chosen(final)
    poisoned = final.copy()
    tests = [name for name in final if name.startswith("test_")]
    noise = np.random.default_rng(0).random((len(final), len(tests)))
    poisoned[[*tests, "gap"]] = np.column_stack([noise, noise[:, 0]])
    again = measures.with_chosen(poisoned)
    assert list(again["chosen_from"].dropna()) == list(honest["chosen_from"].dropna())
    with pytest.raises(ValueError, match="validation data alone"):
        measures.choose_rate(final[["seed", "task", "rate", "val_accuracy", "test_accuracy"]])


def test_nothing_to_choose_among_leaves_the_frame_alone():
    final = rows(*REFERENCES, *fixed(0, 0.1, 0.6, 0.2))
    assert measures.with_chosen(final) is final
