"""Fixed rates against where they act and how many tasks share the network (claim C8)."""

from collections.abc import Mapping, Sequence

import numpy as np

from adsmtl.analysis import statistics
from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing
from adsmtl.figures.lazy import DataFrame, Figure

SINGLE, MULTI = "single-task", "multi-task"
ROWS = (SINGLE, MULTI, "shared only", "specific only")


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
    row = row.where(several, SINGLE).fillna(MULTI)
    rate = rows["rate"].where(rows["schedule"] == "fixed", 0.0)
    rows = rows.assign(row=row, rate=rate, accuracy=rows["test_accuracy"])
    return rows[["row", "rate", "task", "seed", "accuracy"]]


def draw_cells(values: DataFrame) -> Figure:
    """A panel per task; the best rate of every row is framed, empty cells were not trained.

    Colours say how far a cell lies from training without dropout, on one scale for all panels.

    Args:
        values: as `cells` returns it.
    """
    from matplotlib.colors import CenteredNorm

    tasks = list(values["task"].unique())
    rates = sorted(values["rate"].unique())
    rows = [row for row in ROWS if row in set(values["row"])]
    found = {task: _means(values[values["task"] == task], rows, rates) for task in tasks}
    changes = {task: _changes(means, rows, rates) for task, means in found.items()}
    reach = [float(np.nanmax(np.abs(c))) for c in changes.values() if np.isfinite(c).any()]
    norm = CenteredNorm(halfrange=max([*reach, 1e-6]))
    figure = style.figure(style.WIDTH, 1.0 + 0.42 * len(rows))
    axes = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    for ax, task in zip(axes, tasks, strict=True):
        image = ax.imshow(changes[task], cmap="PRGn", norm=norm, aspect="auto")
        for place, estimate in found[task].items():
            _cell(ax, abs(changes[task][place]) > 0.6 * norm.halfrange, *place, estimate)
        for row in range(len(rows)):
            own = {column: e.mean for (r, column), e in found[task].items() if r == row}
            if len(own) > 1:
                _frame(ax, row, max(own, key=own.__getitem__))
        ax.set_title(f"{task}: test accuracy (%)")
        ax.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
        ax.set_xlabel("fixed rate")
        ax.grid(visible=False)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0].set_yticks(range(len(rows)), rows)
    bar = figure.colorbar(image, ax=list(axes), shrink=0.9, pad=0.02)
    bar.set_label("minus rate 0 (pp)")
    bar.outline.set_visible(False)
    frame = {"marker": "s", "markersize": 8, "markerfacecolor": "none", "markeredgewidth": 1.4}
    handles = [style.key("best rate of the row", linestyle="none", color="black", **frame)]
    figure.legend(handles=handles, loc="outside upper center")
    return figure


def _means(
    own: DataFrame, rows: Sequence[str], rates: Sequence[float]
) -> dict[tuple[int, int], statistics.Estimate]:
    """Accuracy in percent by place."""
    return {
        (rows.index(row), rates.index(rate)): statistics.mean_interval(100 * cell["accuracy"])
        for (row, rate), cell in own.groupby(["row", "rate"])
    }


def _changes(
    means: Mapping[tuple[int, int], statistics.Estimate],
    rows: Sequence[str],
    rates: Sequence[float],
) -> np.ndarray:
    """Every cell minus training without dropout: single- or multi-task, as the cell."""
    changes = np.full((len(rows), len(rates)), np.nan)
    for (row, column), estimate in means.items():
        start = rows[row] if rows[row] == SINGLE else MULTI
        none = means.get((rows.index(start), 0)) if start in rows and rates[0] == 0 else None
        changes[row, column] = np.nan if none is None else estimate.mean - none.mean
    return changes


def _cell(ax, dark: bool, row: int, column: int, estimate: statistics.Estimate) -> None:
    """The mean and half the width of its interval, dark on light or light on dark."""
    colour = "white" if dark else "black"
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
        " seeds and half the width of its 95 % t-interval. Colours show, on one scale, the"
        " difference to rate 0 in the same kind of training; frames mark the best rate of a row"
        " on test data. Cells without a number were not trained."
    ),
    exists=lambda arms: len({own.rate for own in arms.values() if own.schedule == "fixed"}) > 1,
    draw=lambda material: draw_cells(cells(material.final)),
)
