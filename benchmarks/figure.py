"""The measurements drawn: contenders side by side, and how cost grows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from adsmtl.figures import style
from benchmarks.plan import LABELS

_ORDER = ("engine", "plain", "keras")


def write(result: dict[str, Any], folder: Path, name: str) -> None:
    """`<name>-speed` and `<name>-growth` as PDF and PNG, captions beside them."""
    quick = "Quick mode: the numbers mean nothing. " if result["quick"] else ""
    machine = result["machine"]
    place = f"{machine['name']}, {machine['threads']} threads, {machine['precision']}."
    if result["comparisons"]:
        style.save(
            folder,
            f"{name}-speed",
            lambda: speed(result["comparisons"]),
            f"{quick}Training speed on the same data and machine. Diamonds are medians, lines "
            f"reach from the slowest to the fastest repetition, circles are repetitions. {place}",
        )
    if result["series"]:
        style.save(
            folder,
            f"{name}-growth",
            lambda: growth(result["series"]),
            f"{quick}Seconds of one pass over the data, against what is varied; medians, bars "
            f"from the fastest to the slowest repetition. Both axes are logarithmic. {place}",
        )


def speed(groups: Sequence[dict[str, Any]]) -> Figure:
    """A panel per comparison, a row per contender."""
    shown = [
        [one for one in group["records"] if one["contender"] != "products"] for group in groups
    ]
    figure = Figure(
        figsize=(style.WIDTH, sum(0.55 + 0.22 * len(records) for records in shown) + 0.3),
        layout="constrained",
    )
    grid = figure.subplots(
        len(shown), 1, squeeze=False, height_ratios=[len(records) for records in shown]
    )[:, 0]
    for ax, group, records in zip(grid, groups, shown, strict=True):
        for row, record in enumerate(records):
            _row(ax, row, record)
        ax.set_title(group["title"], loc="left")
        ax.set_yticks(range(len(records)), [record["label"] for record in records])
        ax.set_ylim(len(records) - 0.5, -0.5)
        ax.set_xlim(left=0)
        ax.grid(axis="y", visible=False)
        ax.tick_params(axis="y", length=0)
    grid[-1].set_xlabel("examples per second")
    return figure


def _row(ax: Axes, row: int, record: dict[str, Any]) -> None:
    if record["reason"]:
        ax.text(0.01, row, record["reason"], transform=ax.get_yaxis_transform(), va="center")
        return
    values = [one["examples_per_second"] for one in record["repetitions"]]
    found, colour = record["examples_per_second"], _colour(record["contender"])
    ax.plot(values, [row + 0.22] * len(values), "o", mfc="none", mec=style.GREY, markersize=3.2)
    ax.plot([found["min"], found["max"]], [row - 0.1] * 2, color=colour, linewidth=1.8)
    ax.plot(found["median"], row - 0.1, "D", color=colour, markersize=4.5)


def _colour(contender: str) -> str:
    return style.COLOURS[_ORDER.index(contender)]


def growth(groups: Sequence[dict[str, Any]]) -> Figure:
    """A panel per series, a line per contender."""
    columns = 2
    rows = -(-len(groups) // columns)
    figure = Figure(figsize=(style.WIDTH, 0.5 + 2.1 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for ax in grid.flat[len(groups) :]:
        ax.set_visible(False)
    handles: dict[str, Any] = {}
    for ax, group in zip(grid.flat, groups, strict=False):
        for contender in _ORDER:
            points = [one for one in group["records"] if one["contender"] == contender]
            if points:
                handles[LABELS[contender]] = _line(ax, contender, points)
        _scales(ax, sorted({one["value"] for one in group["records"]}))
        ax.set_xlabel(group["title"])
    for ax in grid[:, 0]:
        ax.set_ylabel("seconds per pass")
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=len(handles))
    return figure


def _line(ax: Axes, contender: str, points: Sequence[dict[str, Any]]) -> Any:
    index = _ORDER.index(contender)
    points = sorted(points, key=lambda one: one["value"])
    found = [one["seconds"] for one in points]
    return ax.errorbar(
        [one["value"] for one in points],
        [one["median"] for one in found],
        yerr=[
            [one["median"] - one["min"] for one in found],
            [one["max"] - one["median"] for one in found],
        ],
        color=style.COLOURS[index],
        marker=style.MARKERS[index],
        linestyle=style.LINES[index],
        capsize=2,
    )


def _scales(ax: Axes, values: Sequence[float]) -> None:
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(values))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
    ax.yaxis.set_minor_locator(NullLocator())
