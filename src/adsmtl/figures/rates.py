"""Dropout rates by epoch of the adaptive arms and their controls, and the tasks' difficulty."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adsmtl.figures import bands, style
from adsmtl.figures.drawing import Drawing
from adsmtl.figures.lazy import Axes, DataFrame, Figure
from adsmtl.outputs import Traits

PANELS = 8  # more are not legible on one page
CONSTANT = ("none", "fixed", "per-task")  # schedules whose rate is the same in every epoch
_LARGEST = {"color": style.GREY, "linewidth": 0.9, "linestyle": ":"}
LEGEND = (
    "mean over seeds, band its 95 % t-interval. Filled markers are the layers of the task's own"
    " branch, white ones the shared layer where it differs; the dotted line is p_max, the largest"
    " rate that the rule allows. Panels of one kind share their axes."
)


def panels(arms: Mapping[str, Traits]) -> tuple[list[str], list[str]]:
    """Arms whose rate may change during training: those of `rates` and those of `schedules`.

    Where they are more than `PANELS`, `rates` keeps ADSMTL, its controls and its variants, in
    this order and as many as fit.
    """
    moving = [arm_id for arm_id, own in arms.items() if own.schedule not in CONSTANT]
    adaptive = [a for a in moving if arms[a].group == "main" and arms[a].schedule == "adsmtl"]
    beside = [a for group in ("controls", "multiverse") for a in moving if arms[a].group == group]
    first = [*adaptive, *beside]
    if len(moving) > PANELS:
        first = first[:PANELS]
        return first, [arm_id for arm_id in moving if arm_id not in first]
    return [*first, *(arm_id for arm_id in moving if arm_id not in first)], []


def limits(configs: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The largest rate that the rule allows, by arm; arms without one are left out.

    Args:
        configs: as `Collected.configs` has them.
    """
    found = {arm: own["arm"]["dropout"].get("p_max") for arm, own in configs.items()}
    return {arm: value for arm, value in found.items() if value is not None}


def draw_rates(
    history: DataFrame,
    arms: Sequence[str],
    difficulty: bool,
    largest: Mapping[str, float] | None = None,
) -> Figure:
    """Dropout rate by epoch and task, a panel per arm; below it, its tasks' difficulty.

    Filled markers are the task's own layers, open markers the shared layer where its rate
    differs; bands are 95 % intervals of the mean over seeds. Panels of one kind share their axes.

    Args:
        history: as `Material.epochs` has it.
        arms: those to show, in the order of the panels.
        difficulty: whether smoothed difficulties take a second row of panels.
        largest: as `limits` returns it; a line in the arm's panel.
    """
    if not arms:
        return style.nothing("No arm of this results folder changes its rate during training.")
    labels = history.drop_duplicates("arm").set_index("arm")["label"]
    shown = history[history["arm"].isin(arms)]
    tasks = list(shown["task"].unique())
    columns = min(4 if len(arms) > 3 else 3, len(arms))
    blocks = -(-len(arms) // columns)
    kinds = 2 if difficulty else 1
    figure = style.figure(1.4 + 1.5 * columns, 0.6 + 1.45 * blocks * kinds)
    grid = figure.subplots(kinds * blocks, columns, sharex=True, squeeze=False)
    for kind in range(kinds):
        for ax in grid[kind::kinds].flat:
            ax.sharey(grid[kind][0])
    for ax in grid.flat:
        ax.set_visible(False)
    differs = False
    for place, arm in enumerate(arms):
        block, column = divmod(place, columns)
        panels = grid[kinds * block : kinds * (block + 1), column]
        differs |= _courses(panels, shown[shown["arm"] == arm], tasks)
        if arm in (largest or {}):
            panels[0].axhline(largest[arm], **_LARGEST)
        panels[0].set_title(bands.wrapped(labels[arm], 20), fontsize=8)
        for ax, name in zip(panels, ("dropout rate", "difficulty"), strict=False):
            ax.set_visible(True)
            style.few_ticks(ax)
            ax.tick_params(labelleft=column == 0)
            if column == 0:
                ax.set_ylabel(name)
        if place + columns >= len(arms):
            panels[-1].set_xlabel("epoch")
            panels[-1].tick_params(labelbottom=True)
    tops = [value for arm, value in (largest or {}).items() if arm in arms]
    highest = max([shown[["rate_shared", "rate_specific"]].max(axis=None), 0.1, *tops])
    grid[0][0].set_ylim(-0.02, highest + 0.03)
    if difficulty and grid[1][0].get_ylim()[0] < 0:  # a difficulty is positive, its t-interval not
        grid[1][0].set_ylim(bottom=0)
    handles = [style.key(task, **style.task_look(i, len(tasks))) for i, task in enumerate(tasks)]
    if differs:
        look = {"color": style.INK, "marker": "o", "markerfacecolor": "white"}
        handles.append(style.key("shared layer", **look))
    if tops:
        handles.append(style.key("p_max", **_LARGEST))
    fitting = max(3, int(figure.get_figwidth()))  # an entry takes about an inch
    figure.legend(handles=handles, loc="outside upper center", ncols=min(fitting, len(handles)))
    return figure


def _courses(panels: Sequence[Axes], of_arm: DataFrame, tasks: Sequence[str]) -> bool:
    """The rates of one arm, and in a second panel, where there is one, its difficulties.

    Returns:
        Whether the shared layer has rates of its own.
    """
    differs = False
    for index, task in enumerate(tasks):
        of_task = of_arm[of_arm["task"] == task]
        look = style.task_look(index, len(tasks))
        if len(panels) > 1:
            bands.band(panels[1], of_task, "smoothed", 1.0, **look)
        bands.band(panels[0], of_task, "rate_specific", 1.0, **look)
        if not np.allclose(of_task["rate_specific"], of_task["rate_shared"], equal_nan=True):
            bands.band(panels[0], of_task, "rate_shared", 1.0, **look, markerfacecolor="white")
            differs = True
    return differs


DRAWING = Drawing(
    name="rates",
    place=50,
    title="Dropout rates and difficulty during training",
    reading=(
        "Under every arm's rates stand the difficulties of its tasks. ADSMTL gives the more"
        " difficult task the lower rate. The controls keep some of its rates and break their link"
        " to difficulty."
    ),
    caption=(
        "Dropout rate of each task by epoch, for arms whose rate may change during training, and"
        " below each the smoothed difficulty of its tasks, by the arm's own signal or, where it"
        f" has none, by the training loss over ln(classes): {LEGEND}"
    ),
    exists=lambda arms: bool(panels(arms)[0]),
    draw=lambda material: draw_rates(
        material.epochs,
        panels(material.collected.traits)[0],
        difficulty=True,
        largest=limits(material.collected.configs),
    ),
)
