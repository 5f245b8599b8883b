"""Pictures of prepared data: an example of each class as the network sees it, and all classes
side by side in number and, of speech, duration.
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

EXAMPLES, CLASSES = "examples.png", "classes.png"
COLUMNS = 10
INK, BAR, LINE = "#1B1F24", "#0072B2", "#D55E00"
SPREAD = 2.5  # standard deviations between mid-grey and black or white
_DPI = 110
_MS = (10, 20, 50, 100, 200, 500)  # ticks of durations
_STYLE = {"font.family": "DejaVu Sans", "font.size": 7, "axes.linewidth": 0.6}


def write(folder: Path) -> list[Path]:
    """Draw both pictures of a prepared folder from its arrays and `statistics.json`.

    Raises:
        UserError: the folder is damaged, has no statistics, or cannot be written.
    """
    import matplotlib as mpl

    prepared, numbers = load(folder), files.read_json(folder / statistics.NAME)
    drawn = {EXAMPLES: _examples, CLASSES: _classes}
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
    from matplotlib.figure import Figure

    target = prepared.targets[numbers["target"]]
    shown = [
        (name, number) for number, name in enumerate(numbers["classes"]) if (target == number).any()
    ]
    rows = -(-len(shown) // COLUMNS)
    figure = Figure(figsize=(7.0, 0.15 + 0.85 * rows), layout="constrained")
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for ax in grid:
        ax.set_axis_off()
    for ax, (name, number) in zip(grid, shown, strict=False):
        example = _typical(prepared, np.flatnonzero(target == number))
        ax.set_title(name, pad=2)
        if prepared.spans is None:
            ax.imshow(prepared.inputs[example].transpose(1, 2, 0))
            continue
        start, stop = prepared.spans[example]
        bands = prepared.inputs[start:stop, 0].T
        ax.imshow(bands, "gray_r", aspect="auto", origin="lower", vmin=-SPREAD, vmax=SPREAD)
        for edge in (CONTEXT - 0.5, stop - start - CONTEXT - 0.5):
            ax.axvline(edge, color=LINE, linewidth=0.8)
    return figure


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
