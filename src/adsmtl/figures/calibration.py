"""Calibration of the main arms, and what dropping units at test time does (claim C6)."""

from collections.abc import Sequence

from adsmtl.analysis import statistics
from adsmtl.figures import dots, style
from adsmtl.figures.drawing import Drawing
from adsmtl.figures.lazy import Axes, DataFrame, Figure

_POLICIES = {
    "off": ("all units on", {"marker": "D"}, -0.17),
    "on": ("units dropped", {"marker": "o", "markerfacecolor": "white"}, 0.17),
}
_MEASURES = {"ece": "ECE (%)", "accuracy": "test accuracy (%)"}
_FLOOR = "test_ece_floor"


def draw_errors(final: DataFrame, evaluated: DataFrame) -> Figure:
    """Expected calibration error per arm; below, policies at test time where there are any.

    Args:
        final: rows of the arms to show, as `measures.with_chosen` returns them.
        evaluated: as `Material.test_time` has it; may be empty.
    """
    tasks = list(final["task"].unique())
    heights = [0.75 + 0.24 * len(dots.rows(final))]
    measures = {} if evaluated.empty else _MEASURES
    heights += [0.7 + 0.36 * evaluated["arm"].nunique() for _ in measures]
    figure = style.figure(style.across(len(tasks)), 0.35 + sum(heights))
    grid = figure.subplots(
        len(heights), len(tasks), sharey="row", squeeze=False, height_ratios=heights
    )
    for ax, task in zip(grid[0], tasks, strict=True):
        ax.set_title(task)
    floor = _FLOOR if _FLOOR in final else None
    dots.fill(grid[0], final, "test_ece", "ECE on test data (%)", floor=floor)
    for axes, measure in zip(grid[1:], measures, strict=True):
        _policies(axes, tasks, evaluated, measure)
    handles = dots.keys(final)
    look = {"color": style.INK, "linestyle": "none"}
    if floor:
        handles.append(style.key("floor: perfectly calibrated", marker="|", markersize=7, **look))
    if measures:
        name, own, _ = _POLICIES["on"]
        handles.append(style.key(f"mean, {name}", color=style.INK, linewidth=1.6, **own))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _policies(
    axes: Sequence[Axes], tasks: Sequence[str], evaluated: DataFrame, measure: str
) -> None:
    """A panel per task, a row per arm; points are seeds' means over repeats."""
    arms = evaluated.drop_duplicates("arm")
    known = set(evaluated["task"])
    for ax, task in zip(axes, tasks, strict=True):
        if task not in known:
            ax.remove()
            continue
        for row, arm in enumerate(arms["arm"]):
            own = evaluated[(evaluated["arm"] == arm) & (evaluated["task"] == task)]
            for policy, (_, look, shift) in _POLICIES.items():
                seeds = own[own["policy"] == policy].groupby("seed")[measure].mean()
                if seeds.empty:
                    continue
                estimate = statistics.mean_interval(100 * seeds)
                y, colour = row + shift, style.task_colour(task)
                if estimate.low is not None:
                    ends = [estimate.low, estimate.high]
                    ax.plot(ends, [y, y], color=colour, linewidth=1.6)
                ax.plot(estimate.mean, y, **look, color=colour, markersize=4.5)
            _spread(ax, row, own, measure)
        style.cut_across(ax, 0, 100)
        low, high = ax.get_xlim()
        ax.set_xlim(low, high + 0.14 * (high - low))  # room for the text of `_spread`
        ax.set_xlabel(_MEASURES[measure])
    labels = [f"{a['label']}, tested at {a['rate']:g}" for a in arms.to_dict("records")]
    style.name_rows([ax for ax, task in zip(axes, tasks, strict=True) if task in known], labels)


def _spread(ax, row: int, own: DataFrame, measure: str) -> None:
    """The standard deviation over repeats with units dropped, mean over seeds, as text."""
    dropped = own[own["policy"] == "on"]
    deviations = dropped.groupby("seed")[measure].std().dropna()
    if len(deviations):
        text = f"sd {100 * deviations.mean():.2f}"
        look = {"ha": "right", "va": "center", "fontsize": 6, "color": style.GREY}
        ax.text(1, row + 0.17, text, transform=ax.get_yaxis_transform(), **look)


DRAWING = Drawing(
    name="calibration",
    place=80,
    title="Calibration, and dropout at test time",
    reading=(
        "A calibration error at its floor means that the network is right as often as it is"
        " confident; what lies right of the tick is a sign of miscalibration and understates its"
        " size."
        " Dropping units at test time is consistent where its accuracy stays the same and its sd"
        " over repeats is small."
    ),
    caption=(
        "Expected calibration error (ECE, 15 bins of equal width) of the main arms on test data,"
        " all units on: circles are seeds, diamonds their mean and bars its 95 % t-interval; the"
        " tick in every row is the ECE that perfectly calibrated models of the same confidences"
        " would show on test sets of this size (mean over seeds)."
        " Where runs were also evaluated with units dropped at test time, the panels below show"
        " ECE and test accuracy with all units on (diamonds) and with units dropped at the rate"
        " named, class probabilities averaged over several passes (open circles, mean over"
        " repeats); sd is the standard deviation over repeats of one run, mean over seeds. Where"
        " they rest on fewer test examples, their own floor is higher than the ticks."
    ),
    exists=lambda arms: any(own.group == "main" for own in arms.values()),
    draw=lambda material: draw_errors(
        material.final[material.final["group"] == "main"], material.test_time
    ),
    section="calibration",
)
