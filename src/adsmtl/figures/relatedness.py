"""What training two tasks together gains, against how their gradients agree (claim C9)."""

from collections.abc import Mapping

import numpy as np

from adsmtl.analysis import statistics
from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing, Material
from adsmtl.figures.lazy import DataFrame, Figure
from adsmtl.outputs import Traits


def draw_points(pairs: DataFrame) -> Figure:
    """A small open marker per seed, and a large one per pair with intervals both ways.

    Args:
        pairs: as `contrasts.task_pairs` returns it.
    """
    if pairs.empty:
        return style.nothing("No pair has both recorded gradients and single-task references.")
    figure = style.figure(5.2, 3.4)
    ax = figure.subplots()
    ax.axhline(0, color="black", linewidth=0.7)
    ax.axvline(0, color="black", linewidth=0.7)
    for index, (tasks, of_pair) in enumerate(pairs.groupby("tasks", sort=False)):
        look = {
            "color": style.COLOURS[index % len(style.COLOURS)],
            "marker": style.MARKERS[index % len(style.MARKERS)],
            "linestyle": "none",
        }
        x, y = of_pair["affinity"].to_numpy(), of_pair["gain"].to_numpy()
        ax.plot(x, y, **look, markersize=3.5, markerfacecolor="none", alpha=0.7)
        across, up = statistics.mean_interval(x), statistics.mean_interval(y)
        centre = (across.mean, up.mean)
        bars = {"xerr": _half(across), "yerr": _half(up)}
        ax.errorbar(*centre, **bars, color=look["color"], linestyle="none")
        ax.plot(
            *centre,
            **look,
            markersize=8,
            markeredgecolor="black",
            markeredgewidth=0.7,
            label=" and ".join(str(tasks).split("+")),
        )
    ax.set_xlabel("cosine of the tasks' gradients on the shared layer")
    ax.set_ylabel("gain over single-task training (nats)")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def _half(estimate: statistics.Estimate) -> float:
    return np.nan if estimate.high is None else estimate.high - estimate.mean


def _draw(material: Material) -> Figure:
    from adsmtl.analysis import contrasts

    return draw_points(contrasts.task_pairs(material.final, material.collected.epochs))


def _pairs_with_references(arms: Mapping[str, Traits]) -> bool:
    """Whether a pair of group `relatedness` has an arm of the group for each of its tasks."""
    plain = [own for own in arms.values() if own.group == "relatedness"]
    single = {own.tasks[0] for own in plain if not own.multi_task}
    pairs = [own.tasks for own in plain if own.multi_task]
    return any(single.issuperset(tasks) for tasks in pairs)


DRAWING = Drawing(
    name="relatedness",
    place=90,
    title="Do related tasks gain more?",
    reading=(
        "If related tasks help each other, pairs further to the right, whose gradients agree more,"
        " stand higher. Above the horizontal line a pair does better together than alone."
    ),
    caption=(
        "What training two tasks together without dropout gains over training each alone (mean"
        " over the two tasks, nats of test NLL) by how much their gradients on the shared layer"
        " agree in the first epoch (cosine). Small open markers are seeds, large ones their"
        " means with 95 % t-intervals in both directions."
    ),
    exists=_pairs_with_references,
    draw=_draw,
)
