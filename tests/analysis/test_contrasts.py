import pandas as pd
import pytest
from wider import final_row, plain_frame

from adsmtl.analysis import contrasts


def test_gain_is_the_mean_over_tasks_against_the_same_share_of_data():
    gains = contrasts.gains(plain_frame())
    assert set(gains["arm"]) == {"none", "none-10pct"}
    assert gains.groupby("arm")["gain"].mean()["none"] == pytest.approx(0.03)
    assert gains.groupby("arm")["gain"].mean()["none-10pct"] == pytest.approx(0.06)
    assert gains["seed"].value_counts().to_dict() == {0: 2, 1: 2, 2: 2}


def test_without_all_single_task_runs_there_is_no_gain():
    frame = plain_frame()
    missing = (frame["arm"] == "single-speech") & (frame["seed"] == 1)
    gains = contrasts.gains(frame[~missing])
    assert list(gains.loc[gains["arm"] == "none", "seed"]) == [0, 2]


def test_training_without_dropout_is_told_by_its_role():
    frame = pd.DataFrame(
        [
            final_row("none", 0, "vision", 0.5),
            final_row("uncertainty", 0, "vision", 0.5, role=None),
            final_row("fixed", 0, "vision", 0.5, role="fixed"),
        ]
    )
    assert list(contrasts.without_dropout(frame)["arm"]) == ["none"]


def test_differences_pair_seeds_and_leave_other_tasks_out():
    rows = []
    for seed, effect in ((0, 0.01), (1, 0.03)):
        for task in ("vision", "speech"):
            rows.append(final_row("base", seed, task, 0.5))
            rows.append(final_row("better", seed, task, 0.5 + effect))
    rows.append(final_row("alone", 0, "vision", 0.9, tasks="vision"))
    rows.append(final_row("better", 2, "vision", 0.9))
    found = contrasts.differences(pd.DataFrame(rows), "base")
    assert set(found["arm"]) == {"better"}
    assert list(found["seed"]) == [0, 1]
    assert list(found["difference"]) == pytest.approx([0.01, 0.03])
