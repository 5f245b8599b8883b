"""What the figures show: their numbers, and that these reach the axes."""

import json

import numpy as np
import pandas as pd
import pytest
from collecting import collected
from synthetic import write_results
from wider import derive, final_row, plain_frame

from adsmtl.analysis import contrasts, measures, summary
from adsmtl.collected import reading
from adsmtl.errors import UserError
from adsmtl.figures import calibration, data_curves, forest, rate_heatmap, rates, relatedness
from adsmtl.figures.drawing import Material

CLAIM = {
    "id": "C4",
    "verdict": "inconclusive",
    "unit": "pp",
    "effect": 0.5,
    "ci_low": -0.4,
    "ci_high": 1.4,
    "p_holm": 0.3,
    "detectable": 1.1,
}


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


# --- forest -------------------------------------------------------------------------------
def test_effects_are_those_of_the_comparisons_in_percentage_points(results):
    final = measures.with_chosen(reading.load(results).runs)
    frame = summary.comparisons(final, summary.planned(final))
    sections = forest.compared(frame)
    assert list(sections) == ["against: no dropout", "against: fixed 0.2"]
    row = frame.query("task == 'all' and first == 'adsmtl-0.2' and second == 'none'").iloc[0]
    effect = next(e for e in sections["against: no dropout"] if e.label == "ADSMTL, p0 0.2")
    assert effect.mean == 100 * row["effect"]
    assert (effect.low, effect.high) == (100 * row["ci_low"], 100 * row["ci_high"])
    assert not effect.clear
    shown = forest.draw_rows(sections)
    right = shown.axes[0].child_axes[0].get_yticklabels()
    assert f"{effect.mean:+.2f}" in right[[*_labels(shown)].index("ADSMTL, p0 0.2")].get_text()


def _labels(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_claims_join_only_in_percentage_points():
    ratio = CLAIM | {"id": "C8", "unit": "rate"}
    open_ = CLAIM | {"id": "C9", "effect": None}
    (effects,) = forest.claimed([CLAIM, ratio, open_]).values()
    assert effects == [forest.Effect("C4: inconclusive", 0.5, -0.4, 1.4, 1.1, False)]
    assert forest.claimed([ratio]) == {}


def test_only_effects_with_a_small_corrected_p_are_filled():
    (effects,) = forest.claimed([CLAIM, CLAIM | {"p_holm": 0.04}]).values()
    diamonds = [
        line.get_markerfacecolor()
        for line in forest.draw_rows({"claims": effects}).axes[0].lines
        if line.get_marker() == "D"
    ]
    assert diamonds[0] == "white"
    assert diamonds[1] != "white"


def test_one_seed_gives_effects_without_intervals(tmp_path):
    write_results(tmp_path, 1, ["none", "adsmtl-0.2"], epochs=1)
    final = collected(tmp_path).runs
    (effects,) = forest.compared(summary.comparisons(final, [("adsmtl-0.2", "none")])).values()
    assert [(one.low, one.high, one.detectable) for one in effects] == [(None, None, None)]
    figure = forest.draw_rows({"x": effects})
    shown = figure.axes[0].child_axes[0].get_yticklabels()[1].get_text()
    assert shown == f"{effects[0].mean:+.2f}"


def test_nothing_to_compare_is_said():
    assert "No two arms" in forest.draw_rows({}).texts[0].get_text()


# --- data curves --------------------------------------------------------------------------
def test_curves_hold_both_ways_and_their_average():
    found = data_curves.series(plain_frame())
    means = found.groupby(["way", "task", "train_fraction"])["accuracy"].mean()
    assert means["single-task", "vision", 1.0] == pytest.approx(0.6)
    assert means["multi-task", "speech", 0.1] == pytest.approx(0.48)
    assert means["single-task", data_curves.MEAN, 0.1] == pytest.approx(0.45)
    assert means["multi-task", data_curves.MEAN, 1.0] == pytest.approx(0.58)


def test_the_average_takes_whole_seeds_only():
    frame = plain_frame()
    frame = frame[~((frame["arm"] == "single-speech") & (frame["seed"] == 2))]
    found = data_curves.series(frame)
    own = found.query("way == 'single-task' and task == @data_curves.MEAN and train_fraction == 1")
    assert sorted(own["seed"]) == [0, 1]


def test_tasks_that_never_had_less_data_are_left_out():
    more = final_row("single-sex", 0, "sex", 0.9, tasks="sex", group="relatedness")
    frame = pd.concat([plain_frame(), pd.DataFrame([more])])
    assert set(data_curves.series(frame)["task"]) == {"vision", "speech", data_curves.MEAN}


def test_the_data_axis_is_logarithmic_with_the_shares_as_ticks():
    figure = data_curves.draw_series(data_curves.series(plain_frame()))
    assert [ax.get_title() for ax in figure.axes] == ["vision", "speech", data_curves.MEAN]
    assert figure.axes[0].get_xscale() == "log"
    assert list(figure.axes[0].get_xticks()) == [10, 100]


# --- heatmap ------------------------------------------------------------------------------
def rates_frame():
    fixed = {"schedule": "fixed"}
    rows = [
        final_row("single", 1, "vision", 0.50, tasks="vision", group="reference"),
        final_row("none", 1, "vision", 0.51),
        final_row("fixed-0.1", 1, "vision", 0.55, **fixed, rate=0.1),
        final_row("fixed-0.3", 1, "vision", 0.53, **fixed, rate=0.3),
        final_row("sh", 1, "vision", 0.54, **fixed, rate=0.3, site="shared", group="multiverse"),
        final_row("less", 1, "vision", 0.10, train_fraction=0.1, group="data"),
        final_row("adsmtl-0.2", 1, "vision", 0.99, schedule="adsmtl", rate=0.2),
    ]
    return pd.DataFrame(rows)


def test_cells_are_fixed_rates_with_no_dropout_as_rate_0():
    found = rate_heatmap.cells(rates_frame()).set_index(["row", "rate"])["accuracy"]
    assert found.to_dict() == {
        ("single-task", 0.0): 0.50,
        ("multi-task", 0.0): 0.51,
        ("multi-task", 0.1): 0.55,
        ("multi-task", 0.3): 0.53,
        ("shared only", 0.3): 0.54,
    }


def test_values_are_printed_and_the_best_of_a_row_is_framed():
    figure = rate_heatmap.draw_cells(rate_heatmap.cells(rates_frame()))
    assert sorted(texts(figure)) == ["50.0", "51.0", "53.0", "54.0", "55.0"]
    frames = {tuple(np.round(line.get_xydata().mean(axis=0))) for line in figure.axes[0].lines}
    assert frames == {(1.0, 1.0)}  # column 0.1 of row multi-task, the only row with a choice


# --- relatedness --------------------------------------------------------------------------
def test_points_pair_gain_in_likelihood_with_affinity():
    def row(arm, seed, task, loss, tasks, role):
        return final_row(arm, seed, task, 0.5, tasks=tasks, role=role, test_loss=loss)

    rows = []
    for seed in (0, 1):
        for task, alone in (("a", 1.5), ("b", 1.0)):
            rows.append(row(f"pair-single-{task}", seed, task, alone, task, "pair-single"))
            rows.append(row("pair-a-b", seed, task, 1.1 - 0.1 * seed, "a+b", "pair"))
    epochs = pd.DataFrame(
        {"arm": "pair-a-b", "seed": seed, "epoch": epoch, "affinity": affinity}
        for seed in (0, 1)
        for epoch, affinity in ((1, 0.25), (2, None))
    )
    found = contrasts.task_pairs(pd.DataFrame(rows), epochs)
    assert list(found["tasks"]) == ["a+b"] * 2
    assert list(found["affinity"]) == [0.25, 0.25]
    # (0.4 - 0.1) / 2, and 0.1 more in both tasks
    assert list(found["gain"]) == pytest.approx([0.15, 0.25])
    handles, labels = relatedness.draw_points(found).axes[0].get_legend_handles_labels()
    assert labels == ["a and b"]
    assert handles[0].get_ydata()[0] == pytest.approx(0.2)


def test_pairs_without_gradients_are_no_error():
    empty = pd.DataFrame(columns=["arm", "tasks", "seed", "affinity", "gain"])
    assert "No pair" in relatedness.draw_points(empty).texts[0].get_text()


# --- rates --------------------------------------------------------------------------------
def test_difficulty_stands_below_the_rates_of_its_arm(tmp_path):
    write_results(tmp_path, 2, ["adsmtl-0.2"], epochs=3)
    derive(tmp_path, "adsmtl-0.2", "swapped", "controls", {"schedule": "follow"})
    history = Material(collected(tmp_path)).epochs
    figure = rates.draw_rates(history, ["swapped", "adsmtl-0.2"], difficulty=True)
    upper, beside, lower, _ = figure.axes
    assert [ax.get_title() for ax in (upper, beside)] == ["swapped", "ADSMTL, p0 0.2"]
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("dropout rate", "difficulty")
    own = history.query("arm == 'swapped' and task == 'vision'").groupby("epoch")
    assert list(upper.lines[0].get_ydata()) == pytest.approx(list(own["rate_specific"].mean()))
    assert list(lower.lines[0].get_ydata()) == pytest.approx(list(own["smoothed"].mean()))


@pytest.mark.parametrize(("arms", "difficulty"), [(8, True), (23, False)])
def test_every_arm_has_its_panel(tmp_path, arms, difficulty):
    write_results(tmp_path, 1, ["adsmtl-0.2"], epochs=1)
    for number in range(arms - 1):
        derive(tmp_path, "adsmtl-0.2", f"early-{number}", "schedules", {"schedule": "early"})
    history = Material(collected(tmp_path)).epochs
    names = list(history["arm"].unique())
    visible = [ax for ax in rates.draw_rates(history, names, difficulty).axes if ax.get_visible()]
    assert len(visible) == arms * (2 if difficulty else 1)
    assert len({ax.get_title() for ax in visible if ax.get_title()}) == arms


# --- test time ----------------------------------------------------------------------------
def evaluation(accuracy):
    one = {"loss": 1.0, "accuracy": accuracy, "ece": 0.05}
    on = [one | {"accuracy": accuracy - x} for x in (0.01, 0.03)]
    return {
        "arm": "adsmtl-0.2",
        "seed": 0,
        "rate": 0.2,
        "passes": 20,
        "repeats": 2,
        "examples": {"vision": 1000},
        "tasks": {"vision": {"off": one, "on": on}},
    }


@pytest.fixture
def evaluated(tmp_path):
    write_results(tmp_path, 1, ["none", "adsmtl-0.2"], epochs=1)
    (tmp_path / "runs/adsmtl-0.2/seed=0/test-time.json").write_text(json.dumps(evaluation(0.5)))
    return tmp_path


def test_only_evaluated_runs_have_rows(evaluated):
    found = collected(evaluated).test_time
    assert set(found["arm"]) == {"adsmtl-0.2"}
    assert list(found["policy"]) == ["off", "on", "on"]
    assert list(found["accuracy"]) == pytest.approx([0.5, 0.49, 0.47])
    assert set(found["passes"]) == {20}


def test_policies_stand_below_the_calibration_of_the_arms(evaluated):
    material = Material(collected(evaluated))
    final = material.final
    figure = calibration.draw_errors(final, material.test_time)
    assert [ax.get_xlabel() for ax in figure.axes] == [
        "ECE on test data (%)",
        "ECE on test data (%)",
        "ECE (%)",
        "test accuracy (%)",
    ]
    centres = [line.get_xdata()[0] for line in figure.axes[-1].lines]
    assert centres == pytest.approx([50.0, 48.0])
    assert texts(figure)[-1] == "sd 1.41"  # of 49 and 47 %
    assert len(calibration.draw_errors(final, material.test_time.iloc[:0]).axes) == 2


def test_a_malformed_evaluation_is_named(evaluated):
    path = evaluated / "runs/adsmtl-0.2/seed=0/test-time.json"
    broken = evaluation(0.5)
    del broken["tasks"]["vision"]["off"]["ece"]
    path.write_text(json.dumps(broken))
    with pytest.raises(
        UserError, match=r"test-time\.json: .*vision\.off\.ece' is missing; .*evaluate"
    ):
        collected(evaluated)
