"""Dropout rates by epoch of the arms that the figure `rates` has no room for."""

from adsmtl.figures import rates
from adsmtl.figures.drawing import Drawing

DRAWING = Drawing(
    name="schedules",
    place=60,
    title="Dropout rates of the other arms",
    reading=(
        "These arms change their rates by another rule; arms of one row differ in one parameter."
    ),
    caption=(
        "Dropout rate of each task by epoch, for the arms that the figure `rates` has no room"
        f" for: {rates.LEGEND}"
    ),
    exists=lambda arms: bool(rates.panels(arms)[1]),
    draw=lambda material: rates.draw_rates(
        material.epochs,
        rates.panels(material.collected.traits)[1],
        difficulty=False,
        largest=rates.limits(material.collected.configs),
    ),
)
