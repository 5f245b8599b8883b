"""Test accuracy against the share of the training data (claim C2)."""

from adsmtl.analysis import statistics
from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing
from adsmtl.figures.lazy import DataFrame, Figure

MEAN = "mean over tasks"
_WAYS = {
    "single-task": {"color": style.COLOURS[1], "marker": "s", "linestyle": style.LINES[1]},
    "multi-task": {"color": style.COLOURS[0], "marker": "o", "linestyle": style.LINES[0]},
}


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


def draw_series(curves: DataFrame) -> Figure:
    """A panel per task and one for their average; bars are 95 % intervals.

    Args:
        curves: as `series` returns it.
    """
    from matplotlib.ticker import FixedLocator, NullLocator

    tasks = list(curves["task"].unique())
    figure = style.figure(style.WIDTH, 2.6)
    axes = style.panels(figure, tasks, sharey=False)
    shares = sorted(curves["train_fraction"].unique())
    for ax, task in zip(axes, tasks, strict=True):
        for shift, (way, look) in zip((0.985, 1.015), _WAYS.items(), strict=True):
            own = curves[(curves["task"] == task) & (curves["way"] == way)]
            found = [
                (100 * share * shift, statistics.mean_interval(100 * of_share["accuracy"]))
                for share, of_share in own.groupby("train_fraction")
            ]
            if not found:
                continue
            known = [e.high is not None for _, e in found]
            ax.errorbar(
                [x for x, _ in found],
                [e.mean for _, e in found],
                yerr=[e.high - e.mean for _, e in found] if all(known) else None,
                capsize=2,
                elinewidth=1,
                label=way,
                **look,
            )
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator([100 * share for share in shares]))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter("{x:g}")
        ax.set_xlabel("training data (%)")
    axes[0].set_ylabel("test accuracy (%)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


DRAWING = Drawing(
    name="data-curves",
    place=70,
    title="How much training data does it need?",
    reading=(
        "If multi-task training needs less data, its line lies above, most of all at the left. The"
        " horizontal distance between the lines is the data that it saves."
    ),
    caption=(
        "Test accuracy by share of the training data (logarithmic axis), without dropout, for"
        " each task trained alone and for both trained together, and averaged over tasks: mean"
        " over seeds with its 95 % t-interval. Points are moved sideways by 1.5 % so that bars"
        " do not hide each other."
    ),
    exists=lambda arms: any(own.train_fraction < 1 for own in arms.values()),
    draw=lambda material: draw_series(series(material.final)),
)
