"""Fixed rates against where they act and how many tasks share the network (claim C8)."""

import numpy as np

from adsmtl.analysis import statistics
from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing
from adsmtl.figures.lazy import DataFrame, Figure

ROWS = ("single-task", "multi-task", "shared only", "specific only")


def cells(final: DataFrame) -> DataFrame:
    """Test accuracies of the fixed rates, rate 0 being training without dropout.

    Args:
        final: as `collect.runs_frame` returns it.

    Returns:
        row (of `ROWS`; the last two are multi-task training that drops units at the shared
        layer or in the tasks' own layers alone), rate, task, seed, accuracy (a fraction).
    """
    groups = ("reference", "main", "multiverse")
    rows = final[
        final["group"].isin(groups)
        & final["schedule"].isin(["none", "fixed"])
        & (final["train_fraction"] == 1)
    ]
    several = rows["tasks"] != rows["task"]
    row = rows["site"].map({"shared": "shared only", "specific": "specific only"})
    row = row.where(several, "single-task").fillna("multi-task")
    rate = rows["rate"].where(rows["schedule"] == "fixed", 0.0)
    rows = rows.assign(row=row, rate=rate, accuracy=rows["test_accuracy"])
    return rows[["row", "rate", "task", "seed", "accuracy"]]


def draw_cells(values: DataFrame) -> Figure:
    """A panel per task; the best rate of every row is framed, empty cells were not trained.

    Args:
        values: as `cells` returns it.
    """
    tasks = list(values["task"].unique())
    rates = sorted(values["rate"].unique())
    rows = [row for row in ROWS if row in set(values["row"])]
    figure = style.figure(style.WIDTH, 0.75 + 0.42 * len(rows))
    axes = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    for ax, task in zip(axes, tasks, strict=True):
        own = values[values["task"] == task]
        estimates = {
            (rows.index(row), rates.index(rate)): statistics.mean_interval(100 * cell["accuracy"])
            for (row, rate), cell in own.groupby(["row", "rate"])
        }
        means = np.full((len(rows), len(rates)), np.nan)
        for place, estimate in estimates.items():
            means[place] = estimate.mean
        image = ax.imshow(means, cmap="cividis", aspect="auto")
        for (row, column), estimate in estimates.items():
            _cell(ax, image, row, column, estimate)
        for row in range(len(rows)):
            if np.isfinite(means[row]).sum() > 1:
                _frame(ax, row, int(np.nanargmax(means[row])))
        ax.set_title(f"{task}: test accuracy (%)")
        ax.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
        ax.set_xlabel("fixed rate")
        ax.grid(visible=False)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0].set_yticks(range(len(rows)), rows)
    return figure


def _cell(ax, image, row: int, column: int, estimate: statistics.Estimate) -> None:
    """The mean and half the width of its interval, dark on light or light on dark."""
    shade = image.norm(estimate.mean)
    colour = "black" if shade > 0.5 else "white"
    ax.text(column, row - 0.1, f"{estimate.mean:.1f}", color=colour, ha="center", va="center")
    if estimate.high is not None:
        half = f"\N{PLUS-MINUS SIGN}{estimate.high - estimate.mean:.1f}"
        ax.text(column, row + 0.24, half, color=colour, ha="center", va="center", fontsize=6)


def _frame(ax, row: int, column: int) -> None:
    x, y = column - 0.46, row - 0.44
    across, down = [x, x + 0.92, x + 0.92, x, x], [y, y, y + 0.88, y + 0.88, y]
    # White below black stays visible on dark and light cells alike.
    for colour, width in (("white", 3.0), ("black", 1.4)):
        ax.plot(across, down, color=colour, linewidth=width)


DRAWING = Drawing(
    name="rate-heatmap",
    place=40,
    title="Which fixed rate is best, and where",
    reading=(
        "If multi-task training needed a dropout strategy of its own, the frames would stand in"
        " different columns for single- and multi-task training, or for the tasks."
    ),
    caption=(
        "Test accuracy by fixed dropout rate, for single-task training, for multi-task training,"
        " and for multi-task training that drops units at the shared layer alone or in the"
        " tasks' own layers alone; rate 0 is training without dropout. Cells hold the mean over"
        " seeds and half the width of its 95 % t-interval, lighter is better within a panel,"
        " frames mark the best rate of a row on test data, and white cells were not trained."
    ),
    exists=lambda arms: len({own.rate for own in arms.values() if own.schedule == "fixed"}) > 1,
    draw=lambda material: draw_cells(cells(material.final)),
)
