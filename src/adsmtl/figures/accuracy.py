"""Test accuracy of every seed of the headline arms."""

from adsmtl.figures import dots
from adsmtl.figures.drawing import Drawing

DRAWING = Drawing(
    name="accuracy",
    place=20,
    title="Test accuracy of every seed",
    reading=(
        "Higher is better. Arms are compared seed by seed, so overlapping bars do not yet mean"
        " that there is no difference; the comparisons tell."
    ),
    caption=(
        "Test accuracy of the reference and main arms, and of trials chosen on validation, by task,"
        " after the last epoch. " + dots.LEGEND
    ),
    draw=lambda material: dots.draw(material, "test_accuracy", "test accuracy (%)"),
)
