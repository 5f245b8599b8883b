"""Courses over epochs: a mean over seeds with its interval as a band."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsmtl.analysis import statistics

if TYPE_CHECKING:
    import pandas as pd


def band(ax, values: pd.DataFrame, column: str, factor: float, **look) -> None:
    """The mean of a column by epoch, times `factor`, and its 95 % interval where n allows it."""
    estimates = [
        (epoch, statistics.mean_interval(factor * known.to_numpy(dtype=float)))
        for epoch, group in values.groupby("epoch")[column]
        if len(known := group.dropna())
    ]
    if not estimates:
        return
    epochs = [epoch for epoch, _ in estimates]
    ax.plot(epochs, [e.mean for _, e in estimates], **look)
    if all(e.low is not None for _, e in estimates):
        ax.fill_between(
            epochs,
            [e.low for _, e in estimates],
            [e.high for _, e in estimates],
            color=look["color"],
            alpha=0.18,
            linewidth=0,
        )


def wrapped(label: str, width: int = 16) -> str:
    """A label in lines of about `width` characters."""
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
