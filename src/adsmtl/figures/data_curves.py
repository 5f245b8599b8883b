"""What training together gains, against the share of the training data (claim C2)."""

from adsmtl.analysis import statistics
from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing
from adsmtl.figures.lazy import DataFrame, Figure

MEAN = "mean over tasks"
_WAYS = ("single-task", "multi-task")


def series(final: DataFrame) -> DataFrame:
    """Accuracy of single- and multi-task training without dropout, per task and as their mean.

    Tasks that were only trained on all data are left out. The average is over those shares and
    seeds that all remaining tasks have.

    Args:
        final: as `collect.runs_frame` returns it.

    Returns:
        way (`single-task` or `multi-task`), task (or `MEAN`), train_fraction, seed, accuracy
        (a fraction).
    """
    import pandas as pd

    from adsmtl.analysis import contrasts

    rows = contrasts.without_dropout(final)
    reduced = rows[rows["train_fraction"] < 1]
    rows = rows[rows["tasks"].isin(reduced["tasks"])]
    several = rows["tasks"] != rows["task"]
    rows = rows.assign(way=several.map({True: "multi-task", False: "single-task"}))
    rows = rows.rename(columns={"test_accuracy": "accuracy"})
    rows = rows[["way", "task", "train_fraction", "seed", "accuracy"]]
    tasks = rows["task"].nunique()
    keys = ["way", "train_fraction", "seed"]
    means = rows.groupby(keys, sort=False)["accuracy"].agg(["count", "mean"]).reset_index()
    means = means[means["count"] == tasks].rename(columns={"mean": "accuracy"})
    average = means.drop(columns="count").assign(task=MEAN)
    return pd.concat([rows, average], ignore_index=True) if tasks > 1 else rows


def differences(curves: DataFrame) -> DataFrame:
    """Multi- minus single-task accuracy at the same seed.

    Args:
        curves: as `series` returns it.

    Returns:
        task, train_fraction, seed, gain (a fraction).
    """
    keys = ["task", "train_fraction", "seed"]
    single, several = (curves[curves["way"] == way] for way in _WAYS)
    joined = several.merge(single, on=keys, suffixes=("", "_single"))
    joined["gain"] = joined["accuracy"] - joined["accuracy_single"]
    return joined[[*keys, "gain"]]


def draw_gains(gains: DataFrame) -> Figure:
    """A panel per task and one for their average; seeds as points, bars are 95 % intervals.

    Args:
        gains: as `differences` returns it.
    """
    from matplotlib.ticker import FixedLocator, NullLocator

    if gains.empty:
        return style.nothing("No seed has single- and multi-task training on less data.")
    tasks = list(gains["task"].unique())
    figure = style.figure(style.across(len(tasks)), 2.7)
    axes = style.panels(figure, tasks)
    shares = sorted(gains["train_fraction"].unique())
    seed = {"marker": "o", "markersize": 3, "markerfacecolor": "none", "linestyle": "none"}
    for ax, task in zip(axes, tasks, strict=True):
        own = gains[gains["task"] == task]
        look = {"color": style.task_colour(task), "marker": "D", "markersize": 4.5}
        ax.plot(104 * own["train_fraction"], 100 * own["gain"], color=style.GREY, **seed)
        found = [
            (100 * share / 1.04, statistics.mean_interval(100 * of_share["gain"]))
            for share, of_share in own.groupby("train_fraction")
        ]
        known = all(e.high is not None for _, e in found)
        ax.errorbar(
            [x for x, _ in found],
            [e.mean for _, e in found],
            yerr=[e.high - e.mean for _, e in found] if known else None,
            elinewidth=1.6,
            **look,
        )
        ax.axhline(0, color="black", linewidth=0.7)
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator([100 * share for share in shares]))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter("{x:g}")
        ax.set_xlabel("training data (%)")
    axes[0].set_ylabel("multi- minus single-task\naccuracy (pp)")
    handles = [
        style.key("mean, 95 % interval", color=style.INK, marker="D", markersize=4.5),
        style.key("seed", color=style.GREY, **seed),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


DRAWING = Drawing(
    name="data-curves",
    place=70,
    title="How much training data does it need?",
    reading=(
        "If multi-task training needs less data, the line lies above 0, most of all at the left."
    ),
    caption=(
        "What multi-task training without dropout gains in test accuracy over training each task"
        " alone on the same share of the data, in percentage points, by that share (logarithmic"
        " axis), for each task and as the mean over tasks. Circles are seeds, diamonds their mean"
        " and bars its 95 % t-interval; both are moved sideways by 4 % from the share, so that they"
        " do not hide each other."
    ),
    exists=lambda arms: any(own.train_fraction < 1 for own in arms.values()),
    draw=lambda material: draw_gains(differences(series(material.final))),
)
