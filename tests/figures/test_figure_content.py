"""What the figures show: their numbers, and that these reach the axes."""

import json

import numpy as np
import pandas as pd
import pytest
from collecting import collected
from layout import faults
from synthetic import write_results
from wider import derive, final_row, plain_frame

from adsmtl.analysis import contrasts, measures, summary
from adsmtl.collected import reading
from adsmtl.errors import UserError
from adsmtl.figures import (
    calibration,
    data_curves,
    dose,
    dots,
    forest,
    rate_heatmap,
    rates,
    relatedness,
    specification,
    style,
)
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
    label = "C4 ADSMTL against fixed rates: inconclusive"
    assert effects == [forest.Effect(label, 0.5, -0.4, 1.4, 1.1, False)]
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


def test_every_mark_of_the_forest_has_a_legend():
    (effects,) = forest.claimed([CLAIM]).values()
    shown = [text.get_text() for text in forest.draw_rows({"x": effects}).legends[0].get_texts()]
    assert shown == [
        "mean, 95 % interval; corrected p below 0.05",
        "p of 0.05 or more",
        "too small to be detected",
    ]


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


def test_gains_are_differences_at_the_same_seed():
    gains = data_curves.differences(data_curves.series(plain_frame()))
    means = gains.groupby(["task", "train_fraction"])["gain"].mean()
    assert means["vision", 1.0] == pytest.approx(0.02)
    assert means["speech", 0.1] == pytest.approx(0.08)
    assert means[data_curves.MEAN, 0.1] == pytest.approx(0.06)
    assert gains.groupby(["task", "train_fraction"]).size().eq(3).all()


def test_the_data_axis_is_logarithmic_with_the_shares_as_ticks():
    gains = data_curves.differences(data_curves.series(plain_frame()))
    figure = data_curves.draw_gains(gains)
    assert [ax.get_title() for ax in figure.axes] == ["vision", "speech", data_curves.MEAN]
    assert figure.axes[0].get_xscale() == "log"
    assert list(figure.axes[0].get_xticks()) == [10, 100]
    seeds = figure.axes[0].lines[0]
    assert sorted(seeds.get_ydata()) == pytest.approx([2, 2, 2, 4, 4, 4])


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


def test_cells_of_all_panels_share_one_scale_of_differences_to_rate_0():
    both = rates_frame().query("tasks != task").assign(task="speech")
    frame = pd.concat([rates_frame(), both])
    frame.loc[(frame["task"] == "speech") & (frame["arm"] == "fixed-0.1"), "test_accuracy"] += 0.1
    figure = rate_heatmap.draw_cells(rate_heatmap.cells(frame))
    images = [ax.images[0] for ax in figure.axes[:2]]
    assert images[0].norm is images[1].norm
    assert images[0].norm.halfrange == pytest.approx(14)
    changes = images[0].get_array().filled(np.nan)
    # Rows single-task, multi-task and shared only; the last is compared with multi-task training.
    assert changes[:, 0][:2] == pytest.approx([0, 0])
    assert changes[1, 1:] == pytest.approx([4, 2])
    assert changes[2, 2] == pytest.approx(3)


# --- rows of arms -------------------------------------------------------------------------
def test_the_same_training_of_each_task_alone_shares_a_row(results):
    rows = dots.rows(Material(reading.load(results)).headline)
    first = rows[0]
    assert (first.label, first.alone) == ("single-task, no dropout", True)
    assert first.arms == ("single-vision-none", "single-speech-none")
    assert [row.arms for row in rows if not row.alone][:2] == [("none",), ("fixed-0.1",)]
    assert sum(len(row.arms) for row in rows) == len({arm for row in rows for arm in row.arms})


def test_arms_that_differ_in_more_than_their_task_keep_their_rows():
    one = {"tasks": "vision", "group": "reference"}
    frame = pd.DataFrame(
        final_row(arm, 0, "vision", 0.5, **one, label=label)
        for arm, label in (("a", "vision early"), ("b", "early"))
    )
    assert [row.arms for row in dots.rows(frame)] == [("a",), ("b",)]


def words(figure):
    """What the legends of a figure explain."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_every_mark_of_a_row_has_a_legend(results):
    material = Material(reading.load(results))
    every = ["mean, 95 % interval", "the same, single-task", "seed", "mean without dropout"]
    assert words(dots.draw(material, "test_accuracy", "accuracy (%)")) == every
    few = material.final[material.final["arm"] == "fixed-0.1"]
    assert [key.get_label() for key in dots.keys(few, ["none"])] == [every[0], every[2]]


def test_an_axis_ends_where_values_end(results):
    """With three seeds an interval can reach beyond what is possible."""
    final = Material(reading.load(results)).final
    final = final[final["arm"] == "fixed-0.1"].assign(test_ece=[0.0, 0.3, 0.0] * 2)
    for ax in calibration.draw_errors(final, pd.DataFrame()).axes:
        assert ax.get_xlim()[0] == 0


# --- dose and response --------------------------------------------------------------------
def test_adsmtl_lies_at_its_own_mean_rate_beside_the_line_of_fixed_rates(results):
    material = Material(reading.load(results))
    figure = dose.DRAWING.draw(material)
    axes = figure.axes[0]
    lines = [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata()) > 1]
    assert list(lines[0].get_xdata()) == pytest.approx([0, 0.1, 0.2, 0.3, 0.5])
    means = material.final.query("arm == 'none' and task == 'vision'")["test_accuracy"].mean()
    assert lines[0].get_ydata()[0] == pytest.approx(100 * means)
    (diamond,) = [line for line in axes.lines if line.get_marker() == "D"]
    rate = material.epochs.query("arm == 'adsmtl-0.2' and task == 'vision'")["rate_specific"].mean()
    assert diamond.get_xdata() == pytest.approx([rate])


# --- specification curve ------------------------------------------------------------------
def test_specifications_stand_by_size_with_their_settings_below():
    rows = [
        ("b", -0.01, "dropout.kappa", "dropout.kappa = 4"),
        ("main", 0.0, "", ""),
        ("c", 0.02, "dropout.kappa, site", "dropout.kappa = 2; site = shared"),
    ]
    curve = pd.DataFrame(
        {"arm": arm, "label": arm, "n": 4, "effect": effect, "ci_low": effect - 0.01, "rate": 0.15}
        | {"ci_high": effect + 0.01, "axes": axes, "settings": settings}
        for arm, effect, axes, settings in rows
    )
    above, below = specification.draw_curve(curve).axes
    diamonds = [line for line in above.lines if line.get_marker() == "D"]
    assert [line.get_ydata()[0] for line in diamonds] == pytest.approx([-1, 0, 2])
    names = [label.get_text() for label in below.get_yticklabels()]
    assert names == ["as in the main arm", "kappa = 2", "kappa = 4", "site = shared"]
    assert [label.get_text() for label in below.get_xticklabels()] == ["0.15"] * 3
    marks = {(line.get_xdata()[0], names[line.get_ydata()[0]]) for line in below.lines}
    assert marks == {(0, names[2]), (1, names[0]), (2, names[1]), (2, names[3])}


def test_rates_without_any_at_0_are_drawn():
    frame = rates_frame()
    figure = rate_heatmap.draw_cells(rate_heatmap.cells(frame[frame["schedule"] == "fixed"]))
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks
    assert "0" not in ticks


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
    data = {"a": "cifar10", "b": "timit-sample"}
    handles, labels = relatedness.draw_points(found, data).axes[0].get_legend_handles_labels()
    assert labels == ["1  a and b"]
    assert handles[0].get_ydata()[0] == pytest.approx(0.2)
    assert handles[0].get_color() == style.INK  # of images and speech
    handles, _ = (
        relatedness.draw_points(found, data | {"b": "cifar10"}).axes[0].get_legend_handles_labels()
    )
    assert handles[0].get_color() == style.task_colour("vision")
    figure = relatedness.draw_points(found, data)
    shapes = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert shapes == ["pair on images", "pair on speech", "pair on both", "seed"]


def test_names_of_many_pairs_lie_beside_the_plot():
    data = {f"task-{k}": ("cifar10", "timit-sample")[k % 2] for k in range(17)}
    many = pd.DataFrame(
        {"tasks": f"task-{k}+task-{k + 1}", "affinity": k / 20 + seed / 99, "gain": k / 10 - seed}
        for k in range(16)
        for seed in (0, 1)
    )
    with style._laid_out(lambda: relatedness.draw_points(many, data)) as figure:
        assert [fault for fault in faults(figure) if "and" in fault or "pair" in fault] == []


def test_pairs_without_gradients_are_no_error():
    empty = pd.DataFrame(columns=["arm", "tasks", "seed", "affinity", "gain"])
    assert "No pair" in relatedness.draw_points(empty, {}).texts[0].get_text()


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


def test_no_axis_shows_a_difficulty_below_0(tmp_path):
    write_results(tmp_path, 3, ["adsmtl-0.2"], epochs=2)
    history = Material(collected(tmp_path)).epochs
    history["smoothed"] = history["seed"].map({0: 0.01, 1: 0.02, 2: 0.9})
    figure = rates.draw_rates(history, ["adsmtl-0.2"], difficulty=True)
    band = figure.axes[1].collections[0].get_paths()[0]
    assert band.vertices[:, 1].min() < 0
    assert figure.axes[1].get_ylim()[0] == 0


def test_panels_of_one_kind_share_their_axis_and_show_the_largest_rate(tmp_path):
    write_results(tmp_path, 2, ["adsmtl-0.2"], epochs=3)
    derive(tmp_path, "adsmtl-0.2", "swapped", "controls", {"schedule": "follow"})
    read = collected(tmp_path)
    largest = rates.limits(read.configs)
    assert largest == {"adsmtl-0.2": 0.7}
    figure = rates.draw_rates(Material(read).epochs, ["adsmtl-0.2", "swapped"], True, largest)
    first, second, lower, beside = figure.axes
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim()[1] > 0.7
    assert lower.get_ylim() == beside.get_ylim()
    level = [line for line in first.lines if list(line.get_ydata()) == [0.7, 0.7]]
    assert len(level) == 1
    assert "p_max" in [text.get_text() for text in figure.legends[0].get_texts()]


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
    assert words(figure)[-1] == "mean, units dropped"
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
