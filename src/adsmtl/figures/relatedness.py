"""What training two tasks together gains, against how their gradients agree (claim C9)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adsmtl.analysis import statistics
from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing, Material
from adsmtl.figures.lazy import DataFrame, Figure
from adsmtl.outputs import Traits

# Data sets that have the colours of the paper's tasks.
_IMAGES, _SPEECH = {"cifar10"}, {"timit-sample", "timit", "librispeech"}


def draw_points(pairs: DataFrame, data: Mapping[str, str]) -> Figure:
    """A small open marker per seed, and a numbered one per pair with intervals both ways.

    Args:
        pairs: as `contrasts.task_pairs` returns it.
        data: name of the data set by task; pairs of one data set share colour and marker.
    """
    if pairs.empty:
        return style.nothing("No pair has both recorded gradients and single-task references.")
    figure = style.figure(style.WIDTH, max(3.4, 0.9 + 0.165 * pairs["tasks"].nunique()))
    ax = figure.subplots()
    ax.axhline(0, color="black", linewidth=0.7)
    ax.axvline(0, color="black", linewidth=0.7)
    for number, (tasks, of_pair) in enumerate(pairs.groupby("tasks", sort=False), start=1):
        names = str(tasks).split("+")
        look = _look({data.get(name) for name in names})
        x, y = of_pair["affinity"].to_numpy(), of_pair["gain"].to_numpy()
        ax.plot(x, y, **look, markersize=2.5, markerfacecolor="none", alpha=0.5)
        across, up = statistics.mean_interval(x), statistics.mean_interval(y)
        centre = (across.mean, up.mean)
        bars = {"xerr": _half(across), "yerr": _half(up)}
        ax.errorbar(*centre, **bars, color=look["color"], linestyle="none", elinewidth=1)
        ax.plot(*centre, **look, markersize=9, label=f"{number}  {' and '.join(names)}")
        inside = {"color": "white", "fontsize": 5.5, "ha": "center", "va": "center_baseline"}
        ax.annotate(str(number), centre, **inside)
    ax.set_xlabel("cosine of the tasks' gradients on the shared layer")
    ax.set_ylabel("gain over single-task training (nats)")
    figure.legend(loc="outside right upper", fontsize=7, markerscale=0.6)
    # Above the axes alone: across the figure it would lie below the names of the pairs.
    ax.legend(handles=_keys(), loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return figure


def _keys() -> list[Any]:
    """What shapes and sizes mean, for a legend."""
    seed = {"marker": "o", "markersize": 2.5, "markerfacecolor": "none", "linestyle": "none"}
    kinds = {"images": _IMAGES, "speech": _SPEECH, "both": _IMAGES | _SPEECH}
    pairs = [style.key(f"pair on {name}", **_look(data)) for name, data in kinds.items()]
    return [*pairs, style.key("seed", color=style.GREY, **seed)]


def _look(data: set[str | None]) -> dict[str, Any]:
    """Of pairs on images, on speech, and on both or on anything else."""
    for task, names, marker in (("vision", _IMAGES, "o"), ("speech", _SPEECH, "s")):
        if data <= names:
            return {"color": style.task_colour(task), "marker": marker, "linestyle": "none"}
    return {"color": style.INK, "marker": "D", "linestyle": "none"}


def _half(estimate: statistics.Estimate) -> float:
    return np.nan if estimate.high is None else estimate.high - estimate.mean


def _draw(material: Material) -> Figure:
    from adsmtl.analysis import contrasts

    final = material.final
    data = final.drop_duplicates("task").set_index("task")["dataset"].to_dict()
    return draw_points(contrasts.task_pairs(final, material.collected.epochs), data)


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
        " agree in the first epoch (cosine). Small open markers are seeds, numbered ones the"
        " pairs' means with 95 % t-intervals in both directions: circles are pairs of tasks on"
        " images, squares on speech, diamonds on both."
    ),
    exists=_pairs_with_references,
    draw=_draw,
)
