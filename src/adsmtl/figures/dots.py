"""Final measures per arm: every seed a point, mean and interval on top."""

from collections.abc import Sequence

import numpy as np

from adsmtl.analysis import statistics
from adsmtl.figures import style
from adsmtl.figures.drawing import Material
from adsmtl.figures.lazy import DataFrame, Figure, SubFigure

LEGEND = (
    "Circles are seeds, diamonds their mean and bars its 95 % t-interval; the dotted line"
    " carries down the mean of multi-task training without dropout."
)


def draw(material: Material, column: str, label: str, zero: bool = False) -> Figure:
    """What `fill` draws of the headline arms, as a figure of its own."""
    final = material.headline
    figure = style.figure(style.WIDTH, 0.85 + 0.24 * final["arm"].nunique())
    fill(figure, final, column, label, zero, material.baseline)
    return figure


def fill(
    figure: Figure | SubFigure,
    final: DataFrame,
    column: str,
    label: str,
    zero: bool = False,
    baseline: Sequence[str] = (),
) -> None:
    """One panel per task, one row per arm, in the order of `final`.

    Args:
        final: as `measures.with_chosen` returns it.
        column: a measure in fractions; shown times 100.
        label: of the horizontal axis.
        zero: whether a line marks 0.
        baseline: arms whose mean is carried down as a dotted line.
    """
    tasks = list(final["task"].unique())
    arms = final.drop_duplicates("arm")[["arm", "label", "group"]].to_dict("records")
    axes = style.panels(figure, tasks)
    for index, (ax, task) in enumerate(zip(axes, tasks, strict=True)):
        of_task = final[final["task"] == task]
        for row, arm in enumerate(arms):
            values = 100 * of_task.loc[of_task["arm"] == arm["arm"], column].dropna().to_numpy()
            if values.size:
                _row(ax, row, values, style.COLOURS[index % len(style.COLOURS)])
                if arm["arm"] in baseline:
                    ax.axvline(values.mean(), color=style.GREY, linewidth=0.9, linestyle=":")
        for row in range(1, len(arms)):
            if arms[row]["group"] != arms[row - 1]["group"]:
                ax.axhline(row - 0.5, color="#AAAAAA", linewidth=0.7)
        if zero:
            ax.axvline(0, color="black", linewidth=0.7)
        ax.set_xlabel(label)
    style.name_rows(axes, [arm["label"] for arm in arms])


def _row(ax, row: int, values: np.ndarray, colour: str) -> None:
    """Seeds as open circles below the line, mean as a filled diamond with its interval."""
    estimate = statistics.mean_interval(values)
    ax.plot(
        values,
        np.full(values.size, row + 0.22),
        "o",
        markerfacecolor="none",
        markeredgecolor=style.GREY,
        markersize=3.2,
        markeredgewidth=0.8,
    )
    if estimate.low is not None:
        ends = [estimate.low, estimate.high]
        ax.plot(ends, [row - 0.1] * 2, color=colour, linewidth=1.8, solid_capstyle="butt")
    ax.plot(estimate.mean, row - 0.1, "D", color=colour, markersize=4.5)
