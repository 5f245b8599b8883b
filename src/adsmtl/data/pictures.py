"""Pictures of prepared data: an example of each class as the network sees it, the mean of many, and
all classes side by side in number and, of speech, duration.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from adsmtl import files
from adsmtl.data import statistics
from adsmtl.data.prepared import Prepared, load
from adsmtl.data.speech.features import CONTEXT
from adsmtl.files import atomic

EXAMPLES, MEANS, CLASSES = "examples.png", "means.png", "classes.png"
#: Examples of a class behind its mean: at least so many, else it would show single ones; at most.
FEWEST, MOST = 20, 200
STEPS = 24  # pixels of time in the mean of segments, each stretched to them
COLUMNS = 10
_TILE, _NAME, _GAP = 0.85, 0.2, 0.04  # inches: height of a class, its name's, and room beside
INK, BAR, LINE = "#1B1F24", "#0072B2", "#D55E00"
SPREAD = 2.5  # standard deviations between mid-grey and black or white
_DPI = 110
_MS = (10, 20, 50, 100, 200, 500)  # ticks of durations
_STYLE = {"font.family": "DejaVu Sans", "font.size": 7, "axes.linewidth": 0.6}


def write(folder: Path) -> list[Path]:
    """Draw the pictures of a prepared folder from its arrays and `statistics.json`.

    Raises:
        UserError: the folder is damaged, has no statistics, or cannot be written.
    """
    import matplotlib as mpl

    prepared, numbers = load(folder), files.read_json(folder / statistics.NAME)
    drawn = {EXAMPLES: _examples, MEANS: _means, CLASSES: _classes}
    with mpl.rc_context(_STYLE):
        for name, draw in drawn.items():
            figure = draw(prepared, numbers)
            with atomic(folder / name) as temporary:
                figure.savefig(temporary, dpi=_DPI, metadata={"Software": None})
    return [folder / name for name in drawn]


def _examples(prepared: Prepared, numbers: Mapping[str, Any]) -> Any:
    """One example of every class that has one, in a grid, under its name.

    It is the one of median length, so that its picture is typical in that; of images the first.
    """
    figure, tiles = _grid(prepared, numbers, fewest=1)
    for ax, members in tiles:
        example = _typical(prepared, members)
        if prepared.spans is None:
            ax.imshow(prepared.inputs[example].transpose(1, 2, 0))
            continue
        start, stop = prepared.spans[example]
        _show(ax, prepared.inputs[start:stop, 0], CONTEXT, stop - start - CONTEXT)
    return figure


def _means(prepared: Prepared, numbers: Mapping[str, Any]) -> Any:
    """The mean over examples of every class that has enough; segments stretched to one length."""
    figure, tiles = _grid(prepared, numbers, fewest=FEWEST)
    for ax, members in tiles:
        chosen = members[np.linspace(0, len(members) - 1, MOST).astype(int)]
        chosen = np.unique(chosen)
        if prepared.spans is None:
            mean = prepared.inputs[chosen].mean(axis=0)
            ax.imshow(mean.round().astype(np.uint8).transpose(1, 2, 0))
            continue
        frames = [
            np.linspace(start, stop - 1, STEPS).round().astype(int)
            for start, stop in prepared.spans[chosen]
        ]
        _show(ax, np.mean([prepared.inputs[own, 0] for own in frames], axis=0))
    return figure


def _grid(prepared: Prepared, numbers: Mapping[str, Any], fewest: int) -> tuple[Any, list]:
    """A figure, and for each class that has so many examples a place in it and their numbers."""
    from matplotlib.figure import Figure

    target = np.asarray(prepared.targets[numbers["target"]])
    members = {
        name: np.flatnonzero(target == number) for number, name in enumerate(numbers["classes"])
    }
    shown = {name: own for name, own in members.items() if len(own) >= fewest}
    rows = max(1, -(-len(shown) // COLUMNS))
    width, height = 7.0, _TILE * rows
    figure = Figure(figsize=(width, height))
    tiles = []
    # At fixed distances: a layout that looks for its own takes longer than all the drawing.
    for place, (name, own) in enumerate(shown.items()):
        row, column = divmod(place, COLUMNS)
        left, bottom = column / COLUMNS, 1 - (row + 1) / rows
        ax = figure.add_axes(
            (left + _GAP / width, bottom, 1 / COLUMNS - 2 * _GAP / width, (_TILE - _NAME) / height)
        )
        ax.set_axis_off()
        ax.set_title(name, pad=2)
        tiles.append((ax, own))
    return figure, tiles


def _show(ax: Any, frames: np.ndarray, *edges: int) -> None:
    """Log-mel energies `[T, bands]`, with a line before each of the frames `edges`."""
    ax.imshow(frames.T, "gray_r", aspect="auto", origin="lower", vmin=-SPREAD, vmax=SPREAD)
    for edge in edges:
        ax.axvline(edge - 0.5, color=LINE, linewidth=0.8)


def _typical(prepared: Prepared, members: np.ndarray) -> int:
    if prepared.spans is None:
        return int(members[0])
    lengths = np.diff(prepared.spans[members]).ravel()
    return int(members[np.argsort(lengths, kind="stable")[len(members) // 2]])


def _classes(prepared: Prepared, numbers: Mapping[str, Any]) -> Any:
    """How many examples every class has; of speech how long they are, too."""
    from matplotlib.figure import Figure

    sequence = prepared.spans is not None
    classes = numbers["classes"]
    order = sorted(classes, key=lambda name: -classes[name]["counts"][statistics.ALL])
    places = np.arange(len(order))
    figure = Figure(figsize=(7.0, 0.7 + 0.125 * len(order)), layout="constrained")
    axes = figure.subplots(1, 1 + sequence, sharey=True, squeeze=False)[0]
    axes[0].barh(places, [classes[name]["counts"][statistics.ALL] for name in order], color=BAR)
    axes[0].set_xlabel("examples")
    axes[0].set_yticks(places, order)
    axes[0].set_ylim(len(order) - 0.5, -0.5)
    if sequence:
        known = [(place, classes[name]["ms"]) for place, name in enumerate(order)]
        known = [(place, ms) for place, ms in known if ms is not None]
        own = [place for place, _ in known]
        low, middle, high = ([ms[key] for _, ms in known] for key in ("p5", "median", "p95"))
        axes[1].hlines(own, low, high, color=BAR, linewidth=1.2)
        axes[1].plot(middle, own, "o", color=INK, markersize=2.5)
        axes[1].set_xscale("log")
        axes[1].minorticks_off()
        axes[1].set_xticks(_MS, map(str, _MS))
        axes[1].set_xlabel("duration in ms: median, 5 to 95 % of the segments")
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="x", color="#DDDDDD", linewidth=0.5)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
    return figure
