import numpy as np
import pandas as pd
import pytest
from collecting import collected
from synthetic import write_results

from adsmtl.collected import reading
from adsmtl.collected.predictions import Predictions
from adsmtl.tables import folds, numbers, spread


def runs(change):
    """Two multi-task arms, eight seeds in four folds; accuracy 0.5 and what `change` adds."""
    rows = [
        {
            **{"arm": arm, "label": arm, "group": "main", "baseline": None, "seed": seed},
            **{
                "fold": seed % 4,
                "machine": "here",
                "task": task,
                "tasks": "vision+speech",
                "examples_test": 1000,
            },
            "test_accuracy": 0.5 + change(arm, seed, task),
            "test_loss": 1.0,
        }
        for arm in ("none", "fixed")
        for seed in range(8)
        for task in ("vision", "speech")
    ]
    return pd.DataFrame(rows)


def test_components_stand_in_points_by_task():
    frame, text = spread.components(runs(lambda arm, seed, task: 0.02 * (seed % 4)), "Source.")
    own = frame[frame["outcome"] == "test accuracy"].set_index("task")
    assert list(own.index) == ["mean over tasks", "vision", "speech"]
    # Folds at 0, 2, 4 and 6 points, and nothing else: sd of these four.
    assert own["fold"].to_numpy() == pytest.approx(np.std([0, 2, 4, 6], ddof=1))
    assert own[["seed", "residual"]].to_numpy() == pytest.approx(0, abs=1e-9)
    assert own.loc["vision", "sampling"] == pytest.approx(100 * np.sqrt(0.25 / 1000), rel=0.02)
    assert text.caption.endswith("Source.")
    assert [row[1] for row in text.rows[:3]] == list(own.index)


def test_a_second_machine_is_a_column_of_its_own():
    frame = runs(lambda arm, seed, task: 0.03 * (seed >= 4))
    table, text = spread.components(frame, "")
    assert table["machine"].isna().all()
    table, text = spread.components(frame.assign(machine=frame["seed"] >= 4), "")
    assert table["machine"].iloc[0] == pytest.approx(3 / np.sqrt(2))
    assert (text.columns[6], text.rows[0][6]) == ("Machine", "2.12")


def test_what_one_arm_alone_answers_to_a_seed_is_left_over():
    sign = {"none": 1, "fixed": -1}
    frame, _ = spread.components(runs(lambda arm, seed, task: sign[arm] * 0.01 * seed), "")
    row = frame.iloc[0]
    # Seeds of a fold are four apart; what differs between folds is no noise of a comparison.
    assert row["residual"] == pytest.approx(np.sqrt(2) * np.std([0, 4], ddof=1))
    assert [row["fold"], row["seed"]] == pytest.approx([0, 0], abs=1e-4)


def test_one_seed_leaves_nothing_to_compare():
    frame, text = spread.components(runs(lambda *_: 0.0).query("seed == 0"), "")
    assert frame.empty
    assert text.notes == [
        "It takes two multi-task arms with two seeds in common, and there are none."
    ]


@pytest.fixture
def study(tmp_path):
    arms = ["single-vision-none", "none", "fixed-0.2", "adsmtl-0.2"]
    write_results(tmp_path, 4, arms, epochs=1)
    return collected(tmp_path, arms)


def test_examples_add_to_the_interval_over_seeds(study, monkeypatch):
    def predictions(self, task, arm):
        draw = np.random.default_rng([*task.encode(), *arm.encode()])
        correct = (draw.random((4, 200)) < 0.5).astype(np.float32)
        return Predictions(correct, correct, np.arange(200, dtype=np.int32))

    monkeypatch.setattr(reading.Collected, "predictions", predictions)
    frame, text = spread.over_seeds_and_examples(study, "Source.")
    pairs = frame[["first", "second"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["fixed-0.2", "none"], ["adsmtl-0.2", "fixed-0.2"]]
    assert list(frame["task"]) == ["vision", "speech"] * 2
    row = frame.iloc[0]
    a, b = (predictions(study, "vision", arm).correct for arm in ("fixed-0.2", "none"))
    assert row["effect"] == pytest.approx(float((a - b).mean()))
    assert row["both_low"] < row["effect"] < row["both_high"]
    assert row["n"] == 4
    assert text.rows[0][0] == "fixed 0.2 vs no dropout"


def test_seeds_that_one_arm_lacks_are_left_out(study, monkeypatch):
    runs = study.runs[(study.runs["arm"] != "none") | (study.runs["seed"] > 0)]
    fewer = reading.Collected(**{**vars(study), "runs": runs})

    def predictions(self, task, arm):
        seeds = self.trained[arm]
        values = np.array([[seed, seed] for seed in seeds], np.float32)
        values = values * (2 if arm == "none" else 3)
        return Predictions(values, values, np.arange(2, dtype=np.int32))

    monkeypatch.setattr(reading.Collected, "predictions", predictions)
    row = spread.over_seeds_and_examples(fewer, "")[0].iloc[0]
    assert (row["first"], row["second"], row["n"]) == ("fixed-0.2", "none", 3)
    assert row["effect"] == pytest.approx(2)  # 3 k - 2 k over seeds 1 to 3


def test_folds_have_a_column_for_each_task(study):
    frame, text = folds.build(study.runs, "Source.")
    assert text.columns[1:] == [
        f"{task}, fold {k}" for task in ("vision", "speech") for k in range(4)
    ]
    row = frame.query("arm == 'none' and task == 'speech' and fold == 2").iloc[0]
    own = study.runs.query("arm == 'none' and task == 'speech' and seed == 2")
    assert row["mean"] == pytest.approx(own["test_accuracy"].iloc[0])
    assert row["n"] == 1
    single = next(row for row in text.rows if row[0].startswith("single-task vision"))
    assert single[5:] == [numbers.MISSING] * 4
