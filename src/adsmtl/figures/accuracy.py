"""Test accuracy of every seed of the headline arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsmtl.figures import dots
from adsmtl.figures.drawing import Drawing, Material, always

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(material: Material) -> Figure:
    """A panel per task, a row per arm."""
    label = "test accuracy (%)"
    return dots.draw(material.headline, "test_accuracy", label, False, material.baseline)


DRAWING = Drawing(
    name="accuracy",
    place=20,
    title="Test accuracy of every seed",
    reading=(
        "Higher is better. Arms are compared seed by seed, so overlapping bars do not yet mean"
        " that there is no difference; the comparisons tell."
    ),
    caption=(
        "Test accuracy of the reference and main arms by task, after the last epoch. " + dots.LEGEND
    ),
    exists=always,
    draw=draw,
)
