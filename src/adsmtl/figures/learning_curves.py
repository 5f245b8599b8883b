"""Loss and accuracy of the main arms by epoch."""

from math import inf

from adsmtl.figures import bands, style
from adsmtl.figures.drawing import Drawing
from adsmtl.figures.lazy import DataFrame, Figure

_SPLITS = {"train": {"linestyle": (0, (1, 1))}, "val": {"linestyle": "-"}}
_REFERENCE = {"color": style.INK, "linestyle": (0, (4, 1.2)), "linewidth": 0.9}
# By column: name, factor, and the largest possible value; the smallest one is 0.
_MEASURES = {"loss": ("loss (nats)", 1.0, inf), "accuracy": ("accuracy (%)", 100.0, 100.0)}


def draw_epochs(history: DataFrame) -> Figure:
    """A row per arm of group `main` (the others would fill pages), columns by task and measure.

    Every panel shows training and validation values, the mean over seeds with its 95 %
    interval as a band, and as a dashed line the validation mean of single-task training
    without dropout, where it has been trained. Without a main arm, all arms take rows.
    """
    reference = history[(history["group"] == "reference") & (history["schedule"] == "none")]
    shown = history[history["group"] == "main"]
    shown = shown if len(shown) else history
    arms = shown.drop_duplicates("arm")[["arm", "label"]].to_dict("records")
    tasks = list(shown["task"].unique())
    columns = [(task, measure) for task in tasks for measure in _MEASURES]
    width = max(style.WIDTH, 1.75 * len(columns))
    figure, grid = style.regular(width, len(arms), len(columns))
    for axes, arm in zip(grid, arms, strict=True):
        for ax, (task, measure) in zip(axes, columns, strict=True):
            name, factor, _ = _MEASURES[measure]
            for split, look in _SPLITS.items():
                chosen = (shown["arm"] == arm["arm"]) & (shown["task"] == task)
                colour = style.task_colour(task)
                bands.band(ax, shown[chosen], f"{split}_{measure}", factor, color=colour, **look)
            _line(ax, reference[reference["task"] == task], f"val_{measure}", factor)
            if ax in grid[0]:
                ax.set_title(f"{task}: {name}", fontsize=8)
            style.few_ticks(ax)
        axes[0].set_ylabel(bands.wrapped(arm["label"]))
    for ax, (_, measure) in zip(grid[-1], columns, strict=True):
        ax.set_xlabel("epoch")
        style.cut(ax, 0, _MEASURES[measure][2])  # of the whole column, which shares its axis
    handles = [
        style.key(name, color=style.INK, **_SPLITS[split])
        for name, split in (("training", "train"), ("validation", "val"))
    ]
    if len(reference):
        handles.append(style.key("single-task, validation", **_REFERENCE))
    figure.legend(handles=handles, loc="upper center", ncols=len(handles))
    return figure


def _line(ax, values: DataFrame, column: str, factor: float) -> None:
    if len(values):
        means = factor * values.groupby("epoch")[column].mean()
        ax.plot(means.index, means, **_REFERENCE)


DRAWING = Drawing(
    name="learning-curves",
    place=100,
    title="Learning curves",
    reading=(
        "Where the solid line turns away from the dotted one, the network begins to overfit. Where"
        " both still rise at the last epoch, training was short."
    ),
    caption=(
        "Learning curves of the main arms (rows): training (dotted) and validation (solid) loss"
        " and accuracy after each epoch, evaluated with all units on; mean over seeds, band its"
        " 95 % t-interval, cut where no value is possible. The thin dashed line is the validation"
        " mean of single-task training without dropout."
    ),
    draw=lambda material: draw_epochs(material.epochs),
)
