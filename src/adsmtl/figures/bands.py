"""Courses over epochs: a mean over seeds with its interval as a band."""

import textwrap

from adsmtl.analysis import statistics
from adsmtl.figures.lazy import DataFrame


def band(ax, values: DataFrame, column: str, factor: float, **look) -> None:
    """The mean of a column by epoch, times `factor`, and its 95 % interval where n allows it."""
    estimates = [
        (epoch, statistics.mean_interval(factor * known.to_numpy(dtype=float)))
        for epoch, group in values.groupby("epoch")[column]
        if len(known := group.dropna())
    ]
    if not estimates:
        return
    epochs, found = zip(*estimates, strict=True)
    ax.plot(epochs, [e.mean for e in found], **look)
    if all(e.low is not None for e in found):
        low, high = [e.low for e in found], [e.high for e in found]
        ax.fill_between(epochs, low, high, color=look["color"], alpha=0.18, linewidth=0)


def wrapped(label: str, width: int = 16) -> str:
    """A label in lines of at most `width` characters, broken between words alone."""
    return textwrap.fill(label, width, break_long_words=False, break_on_hyphens=False)
