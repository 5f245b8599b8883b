"""Final measures per arm: every seed a point, mean and interval on top."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adsmtl.analysis import statistics
from adsmtl.figures import style
from adsmtl.figures.drawing import Material
from adsmtl.figures.lazy import Axes, DataFrame, Figure

_ALONE = (0, (1.2, 0.6))  # line of single-task training, dashes that short bars can show
_SEED = {
    "marker": "o",
    "markerfacecolor": "none",
    "markeredgecolor": style.GREY,
    "markersize": 3.2,
    "markeredgewidth": 0.8,
}
_BASELINE = {"color": style.GREY, "linewidth": 0.9, "linestyle": ":"}
LEGEND = (
    "Circles are seeds, diamonds their mean and bars its 95 % t-interval; open diamonds and dashed"
    " bars are single-task training. The dotted line carries down the mean of multi-task training"
    " without dropout."
)


@dataclass(frozen=True)
class Row:
    """Arms in one row: one arm, or single-task arms that differ in their task alone."""

    label: str
    group: str
    arms: tuple[str, ...]
    alone: bool


def rows(final: DataFrame) -> list[Row]:
    """The rows of a figure, in the order of `final`; the same training of each task shares one."""
    found: list[Row] = []
    tasks: dict[int, set[str]] = {}
    for arm in final.drop_duplicates("arm").to_dict("records"):
        alone, label = arm["tasks"] == arm["task"], arm["label"]
        shared = _without(label, arm["task"]) if alone else label
        places = (
            place
            for place, row in enumerate(found)
            if alone
            and (row.label, row.group, row.alone) == (shared, arm["group"], True)
            and arm["task"] not in tasks[place]
        )
        place = next(places, None)
        if place is None:
            taken = any((row.label, row.group) == (shared, arm["group"]) for row in found)
            tasks[len(found)] = {arm["task"]}
            found.append(Row(label if taken else shared, arm["group"], (arm["arm"],), alone))
        else:
            tasks[place].add(arm["task"])
            found[place] = replace(found[place], arms=(*found[place].arms, arm["arm"]))
    return found


def _without(label: str, task: str) -> str:
    """`single-task, fixed 0.1` of `single-task vision, fixed 0.1`."""
    return re.sub(rf" ?\b{re.escape(task)}\b", "", label).strip(" ,") or label


def draw(material: Material, column: str, label: str, zero: bool = False) -> Figure:
    """What `fill` draws of the headline arms, as a figure of its own."""
    final = material.headline
    width = style.across(final["task"].nunique())
    figure = style.figure(width, 1.1 + 0.24 * len(rows(final)))
    axes = style.panels(figure, list(final["task"].unique()))
    fill(axes, final, column, label, zero, material.baseline)
    handles = keys(final, material.baseline)
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def keys(final: DataFrame, baseline: Sequence[str] = ()) -> list[Any]:
    """What the marks of `fill` mean, for a legend; tasks have their own colours."""
    look = {"color": style.INK, "marker": "D", "markersize": 4.5, "linewidth": 1.8}
    found = [style.key("mean, 95 % interval", **look)]
    if any(row.alone for row in rows(final)):
        alone = {**look, "markerfacecolor": "white", "linestyle": _ALONE}
        found.append(style.key("the same, single-task", **alone))
    found.append(style.key("seed", linestyle="none", **_SEED))
    if set(baseline) & set(final["arm"]):
        found.append(style.key("mean without dropout", **_BASELINE))
    return found


def fill(
    axes: Sequence[Axes],
    final: DataFrame,
    column: str,
    label: str,
    zero: bool = False,
    baseline: Sequence[str] = (),
    floor: str | None = None,
) -> None:
    """One panel per task, and the rows of `rows`.

    Args:
        axes: a panel for each task of `final`, in their order.
        final: as `measures.with_chosen` returns it.
        column: a measure in fractions; shown times 100.
        label: of the horizontal axis.
        zero: whether a line marks 0, below which values are possible.
        baseline: arms whose mean is carried down as a dotted line.
        floor: a measure whose mean is a tick in every row.
    """
    tasks = list(final["task"].unique())
    found = rows(final)
    for ax, task in zip(axes, tasks, strict=True):
        of_task = final[final["task"] == task]
        for place, row in enumerate(found):
            own = of_task[of_task["arm"].isin(row.arms)]
            values = 100 * own[column].dropna().to_numpy()
            if values.size:
                _row(ax, place, values, style.task_colour(task), row.alone)
                if set(row.arms) & set(baseline):
                    ax.axvline(values.mean(), **_BASELINE)
            if floor and values.size:
                ax.plot(100 * own[floor].mean(), place - 0.1, "|", color=style.INK, markersize=7)
        for place in range(1, len(found)):
            if found[place].group != found[place - 1].group:
                ax.axhline(place - 0.5, color="#AAAAAA", linewidth=0.7)
        if zero:
            ax.axvline(0, color="black", linewidth=0.7)
        style.cut_across(ax, -100 if zero else 0, 100)
        ax.set_xlabel(label)
    style.name_rows(axes, [row.label for row in found])


def _row(ax, row: int, values: np.ndarray, colour: str, alone: bool) -> None:
    """Seeds as open circles below the line, mean as a diamond with its interval.

    Of a task alone the line is dashed and the diamond open.
    """
    estimate = statistics.mean_interval(values)
    ax.plot(
        values,
        np.full(values.size, row + 0.22),
        linestyle="none",
        **_SEED,
    )
    if estimate.low is not None:
        ends = [estimate.low, estimate.high]
        line = _ALONE if alone else "-"
        look = {"color": colour, "linewidth": 1.8, "solid_capstyle": "butt"}
        ax.plot(ends, [row - 0.1] * 2, linestyle=line, **look)
    face = "white" if alone else colour
    ax.plot(estimate.mean, row - 0.1, "D", color=colour, markersize=4.5, markerfacecolor=face)
