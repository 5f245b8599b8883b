"""Course of training: learning curves and dropout rates by epoch."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from adsmtl.analysis import statistics
from adsmtl.figures import style

_SPLITS = {
    "train": {"color": "#D55E00", "linestyle": (0, (4, 1.2))},
    "val": {"color": "#0072B2", "linestyle": "-"},
}
_REFERENCE = {"color": "black", "linestyle": (0, (1, 1.2)), "linewidth": 1.0}
_MEASURES = {"loss": ("loss (nats)", 1.0), "accuracy": ("accuracy (%)", 100.0)}


def learning(history: pd.DataFrame) -> Figure:
    """A row per arm of group `main` (the others would fill pages), columns by task and measure.

    Every panel shows training and validation values, the mean over seeds with its 95 %
    interval as a band, and as a dotted line the validation mean of single-task training
    without dropout, where it has been trained. Without a main arm, all arms take rows.
    """
    reference = history[(history["group"] == "reference") & (history["schedule"] == "none")]
    shown = history[history["group"] == "main"]
    shown = shown if len(shown) else history
    arms = shown.drop_duplicates("arm")[["arm", "label"]].to_dict("records")
    tasks = list(shown["task"].unique())
    columns = [(task, measure) for task in tasks for measure in _MEASURES]
    figure = Figure(
        figsize=(max(style.WIDTH, 1.75 * len(columns)), 0.75 + 1.05 * len(arms)),
        layout="constrained",
    )
    grid = figure.subplots(len(arms), len(columns), sharex=True, sharey="col", squeeze=False)
    for axes, arm in zip(grid, arms, strict=True):
        for ax, (task, measure) in zip(axes, columns, strict=True):
            name, factor = _MEASURES[measure]
            for split, look in _SPLITS.items():
                chosen = (shown["arm"] == arm["arm"]) & (shown["task"] == task)
                _band(ax, shown[chosen], f"{split}_{measure}", factor, **look)
            _line(ax, reference[reference["task"] == task], f"val_{measure}", factor)
            if ax in grid[0]:
                ax.set_title(f"{task}: {name}", fontsize=8)
            ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            ax.yaxis.set_major_locator(MaxNLocator(4))
        axes[0].set_ylabel(_wrapped(arm["label"]))
    for ax in grid[-1]:
        ax.set_xlabel("epoch")
    handles = [
        Line2D([], [], **_SPLITS["train"], label="training"),
        Line2D([], [], **_SPLITS["val"], label="validation"),
    ]
    if len(reference):
        handles.append(Line2D([], [], **_REFERENCE, label="single-task, validation"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def rates(history: pd.DataFrame, arms: Sequence[str], difficulty: bool) -> Figure:
    """Dropout rate by epoch and task, a panel per arm; below it, its tasks' difficulty.

    Filled markers are the task's own layers, open markers the shared layer where its rate
    differs; bands are 95 % intervals of the mean over seeds.

    Args:
        history: as `runs.history_frame` returns it.
        arms: those to show, in the order of the panels.
        difficulty: whether smoothed difficulties take a second row of panels.
    """
    if not arms:
        return style.nothing("No arm of this results folder changes its rate during training.")
    labels = history.drop_duplicates("arm").set_index("arm")["label"]
    shown = history[history["arm"].isin(arms)]
    tasks = list(shown["task"].unique())
    columns = min(4 if len(arms) > 3 else 3, len(arms))
    blocks = -(-len(arms) // columns)
    kinds = 2 if difficulty else 1
    size = (1.4 + 1.5 * columns, 0.6 + 1.45 * blocks * kinds)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(kinds * blocks, columns, sharex=True, squeeze=False)
    for axes in grid[::kinds]:
        for ax in axes:
            ax.sharey(grid[0][0])
    for ax in grid.flat:
        ax.set_visible(False)
    for place, arm in enumerate(arms):
        block, column = divmod(place, columns)
        panels = grid[kinds * block : kinds * (block + 1), column]
        of_arm = shown[shown["arm"] == arm]
        for index, task in enumerate(tasks):
            of_task = of_arm[of_arm["task"] == task]
            look = style.task_look(index, len(tasks))
            if difficulty:
                _band(panels[1], of_task, "smoothed", 1.0, **look)
            _band(panels[0], of_task, "rate_specific", 1.0, **look)
            if not np.allclose(of_task["rate_specific"], of_task["rate_shared"], equal_nan=True):
                _band(panels[0], of_task, "rate_shared", 1.0, **look, markerfacecolor="white")
        panels[0].set_title(_wrapped(labels[arm], 20), fontsize=8)
        for ax, name in zip(panels, ("dropout rate", "difficulty"), strict=False):
            ax.set_visible(True)
            ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            ax.yaxis.set_major_locator(MaxNLocator(4))
            ax.tick_params(labelleft=True)
            if column == 0:
                ax.set_ylabel(name)
        if place + columns >= len(arms):
            panels[-1].set_xlabel("epoch")
            panels[-1].tick_params(labelbottom=True)
    highest = shown[["rate_shared", "rate_specific"]].max(axis=None)
    grid[0][0].set_ylim(-0.02, max(0.1, highest) + 0.03)
    handles = [
        Line2D([], [], **style.task_look(i, len(tasks)), label=task) for i, task in enumerate(tasks)
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _band(ax, values: pd.DataFrame, column: str, factor: float, **look) -> None:
    estimates = [
        (epoch, statistics.mean_interval(factor * known.to_numpy(dtype=float)))
        for epoch, group in values.groupby("epoch")[column]
        if len(known := group.dropna())
    ]
    if not estimates:
        return
    epochs = [epoch for epoch, _ in estimates]
    ax.plot(epochs, [e.mean for _, e in estimates], **look)
    if all(e.low is not None for _, e in estimates):
        ax.fill_between(
            epochs,
            [e.low for _, e in estimates],
            [e.high for _, e in estimates],
            color=look["color"],
            alpha=0.18,
            linewidth=0,
        )


def _line(ax, values: pd.DataFrame, column: str, factor: float) -> None:
    if len(values):
        means = factor * values.groupby("epoch")[column].mean()
        ax.plot(means.index, means, **_REFERENCE)


def _wrapped(label: str, width: int = 16) -> str:
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
