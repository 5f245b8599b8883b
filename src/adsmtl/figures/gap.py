"""Train-test gap of every seed of the headline arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsmtl.figures import dots
from adsmtl.figures.drawing import Drawing, Material, always

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(material: Material) -> Figure:
    """A panel per task, a row per arm, a line at 0."""
    label = "train minus test accuracy (pp)"
    return dots.draw(material.headline, "gap", label, True, material.baseline)


DRAWING = Drawing(
    name="gap",
    place=30,
    title="Overfitting: train-test gap",
    reading=(
        "A gap of 0 would mean that the network does as well on new data as on its training data."
        " Dropout is meant to move the diamonds to the left."
    ),
    caption=(
        "Train-test gap of the reference and main arms by task, after the last epoch: training"
        " accuracy minus test accuracy in percentage points, both evaluated with all units on;"
        f" the larger, the more overfitting. {dots.LEGEND}"
    ),
    exists=always,
    draw=draw,
)
