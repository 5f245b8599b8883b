"""One look for all figures, and a way to save them that gives equal bits for equal input.

Matplotlib is loaded only when something is drawn; see `drawing`.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adsmtl import outputs
from adsmtl.claims.wanted import MAIN
from adsmtl.errors import UserError
from adsmtl.figures.lazy import Axes, Figure, SubFigure
from adsmtl.files import atomic, write_text

WIDTH = 7.0  # inches, the text width of a two-column page
# Okabe and Ito (2008), told apart with the common colour vision deficiencies; the order
# alternates dark and light, so that neighbours differ in greyscale too.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)))
GREY = "#767676"
INK = "#1B1F24"  # of what belongs to no task, such as means over tasks
FAINT = "#DCE3EA"  # of areas behind the marks

_SETTINGS = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, so machines agree
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,  # text stays text
    "pdf.compression": 6,
}
# Keys of the files' metadata that would make equal figures differ.
_NO_TRACES = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


def task_colour(task: str) -> str:
    """The colour of one of the paper's tasks in all figures; `INK` of any other."""
    return COLOURS[MAIN.index(task)] if task in MAIN else INK


def task_look(index: int, tasks: int) -> dict:
    """Colour, marker and line style of the task at `index`: any one of them tells it apart.

    Earlier tasks have larger markers, so that they stay visible below equal values of later ones.
    """
    return {
        "markersize": 3.5 + 2.5 * (tasks - 1 - index) / max(1, tasks - 1),
        "color": COLOURS[index % len(COLOURS)],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": LINES[index % len(LINES)],
    }


def figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, whose parts make room for each other."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def regular(width: float, rows: int, columns: int) -> tuple[Figure, Any]:
    """Small panels of equal size, at fixed distances: to lay many out takes longer than to draw.

    Returns:
        The figure, `width` inches wide with room for a legend on top, and its axes
        `[rows, columns]`, which share their horizontal axis and in a column the vertical one.
    """
    from matplotlib.figure import Figure

    # In inches.
    left, right, top, bottom, between, below = 0.86, 0.1, 0.56, 0.44, 0.42, 0.2
    panel = 0.86
    height = top + bottom + rows * panel + (rows - 1) * below
    across = (width - left - right - (columns - 1) * between) / columns
    spacing = {
        "left": left / width,
        "right": 1 - right / width,
        "top": 1 - top / height,
        "bottom": bottom / height,
        "wspace": between / across,
        "hspace": below / panel,
    }
    made = Figure(figsize=(width, height))
    axes = made.subplots(
        rows, columns, sharex=True, sharey="col", squeeze=False, gridspec_kw=spacing
    )
    return made, axes


def across(tasks: int) -> float:
    """Width in inches of a figure with a panel for each of so many tasks."""
    return max(WIDTH, 1.2 + 1.4 * tasks)


def panels(figure: Figure | SubFigure, tasks: Sequence[str], sharey: bool = True) -> Sequence[Axes]:
    """A panel per task side by side, under its name."""
    axes = figure.subplots(1, len(tasks), sharey=sharey, squeeze=False)[0]
    for ax, task in zip(axes, tasks, strict=True):
        ax.set_title(task)
    return axes


def name_rows(axes: Sequence[Axes], labels: Sequence[str]) -> None:
    """Rows 0, 1, … from the top, named at the left, in panels that share their vertical axis."""
    for ax in axes:
        ax.grid(axis="y", visible=False)
        ax.tick_params(axis="y", length=0)
    axes[0].set_yticks(range(len(labels)), labels)
    axes[0].set_ylim(len(labels) - 0.5, -0.5)


def key(label: str, **look) -> Any:
    """A line for a legend that stands apart from what it explains."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, **look)


def cut(ax: Axes, low: float, high: float) -> None:
    """End the vertical axis where values end that are possible: an interval may reach beyond."""
    bottom, top = ax.get_ylim()
    ax.set_ylim(max(bottom, low), min(top, high))


def cut_across(ax: Axes, low: float, high: float) -> None:
    """The same of the horizontal axis."""
    left, right = ax.get_xlim()
    ax.set_xlim(max(left, low), min(right, high))


def few_ticks(ax: Axes) -> None:
    """At most four ticks up and five across, these on whole numbers."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(4))


def nothing(text: str) -> Figure:
    """A figure that says why it shows nothing."""
    empty = figure(WIDTH, 1.2)
    empty.text(0.5, 0.5, text, ha="center", va="center")
    return empty


def saved(folder: Path, name: str, remedy: str) -> tuple[bytes, str]:
    """The PNG and the caption that `save` wrote; UserError with a `remedy` where one is missing."""
    picture, caption = folder / f"{name}.png", folder / f"{name}.{outputs.CAPTION}"
    for path in (picture, caption):
        if not path.is_file():
            raise UserError(f"{path} is missing; {remedy}")
    return picture.read_bytes(), caption.read_text(encoding="utf-8").strip()


@contextmanager
def _laid_out(draw: Callable[[], Figure]) -> Iterator[Figure]:
    """A figure in the common style. One layout serves all formats: it takes longer than drawing."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with mpl.rc_context({**mpl.rcParamsDefault, **_SETTINGS}):
        drawn = draw()
        FigureCanvasAgg(drawn)
        if drawn.get_layout_engine() is not None:
            drawn.draw_without_rendering()
            drawn.set_layout_engine("none")
        yield drawn


def picture(path: Path, draw: Callable[[], Figure]) -> Path:
    """Draw in the common style and write one PNG, with no caption."""
    with _laid_out(draw) as drawn:
        drawn.savefig(path, format="png", metadata=_NO_TRACES["png"])
    return path


def save(folder: Path, name: str, draw: Callable[[], Figure], caption: str) -> None:
    """Draw in the common style and write `name` as PDF and PNG with its caption beside it.

    Dates and program versions stay out of the files, so equal input gives equal bits.

    Raises:
        UserError: the folder cannot be written.
    """
    with _laid_out(draw) as drawn:
        for kind in outputs.FIGURE_FORMATS:
            # Into memory, because on a full disk matplotlib stumbles over the PDF it has begun.
            content = io.BytesIO()
            drawn.savefig(content, format=kind, metadata=_NO_TRACES[kind])
            with atomic(folder / f"{name}.{kind}") as temporary:
                temporary.write_bytes(content.getvalue())
    write_text(folder / f"{name}.{outputs.CAPTION}", caption + "\n")
