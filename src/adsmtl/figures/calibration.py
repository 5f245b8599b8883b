"""Calibration of the main arms, and what dropping units at test time does (claim C6)."""

from adsmtl.analysis import statistics
from adsmtl.figures import dots, style
from adsmtl.figures.drawing import Drawing
from adsmtl.figures.lazy import DataFrame, Figure, SubFigure

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
    width = style.across(final["task"].nunique())
    top = 1.0 + 0.24 * len(dots.rows(final))
    if evaluated.empty:
        figure = style.figure(width, top)
        _errors(figure, final)
        return figure
    below = 0.75 + 0.36 * evaluated["arm"].nunique()
    heights = [top, below + 0.3, *[below] * (len(_MEASURES) - 1)]
    figure = style.figure(width, sum(heights))
    upper, *lower = figure.subfigures(1 + len(_MEASURES), 1, height_ratios=heights)
    _errors(upper, final)
    for part, measure in zip(lower, _MEASURES, strict=True):
        _policies(part, evaluated, measure)
    handles = [
        style.key(name, linewidth=1.6, color=style.INK, **look)
        for name, look, _ in _POLICIES.values()
    ]
    lower[0].legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _errors(figure: Figure | SubFigure, final: DataFrame) -> None:
    floor = _FLOOR if _FLOOR in final else None
    dots.fill(figure, final, "test_ece", "ECE on test data (%)", floor=floor)
    look = {"color": style.INK, "linestyle": "none", "markersize": 7}
    if floor:
        handles = [style.key("floor: perfectly calibrated", marker="|", **look)]
        figure.legend(handles=handles, loc="outside upper center")


def _policies(figure, evaluated: DataFrame, measure: str) -> None:
    """A panel per task, a row per arm; points are seeds' means over repeats."""
    tasks = list(evaluated["task"].unique())
    arms = evaluated.drop_duplicates("arm")
    axes = style.panels(figure, tasks)
    for ax, task in zip(axes, tasks, strict=True):
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
        low, high = ax.get_xlim()
        ax.set_xlim(low, high + 0.14 * (high - low))  # room for the text of `_spread`
        ax.set_xlabel(_MEASURES[measure])
    labels = [f"{a['label']}, tested at {a['rate']:g}" for a in arms.to_dict("records")]
    style.name_rows(axes, labels)


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
        " confident; only what lies right of the tick is miscalibration."
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
        " repeats); sd is the standard deviation over repeats of one run, mean over seeds."
    ),
    exists=lambda arms: any(own.group == "main" for own in arms.values()),
    draw=lambda material: draw_errors(
        material.final[material.final["group"] == "main"], material.test_time
    ),
    section="calibration",
)
