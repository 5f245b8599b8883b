"""Train-test gap of every seed of the headline arms."""

from adsmtl.figures import dots
from adsmtl.figures.drawing import Drawing

DRAWING = Drawing(
    name="gap",
    place=30,
    title="Overfitting: train-test gap",
    reading=(
        "A gap of 0 would mean that the network does as well on new data as on its training data."
        " Dropout is meant to move the diamonds to the left."
    ),
    caption=(
        "Train-test gap of the reference and main arms, and of trials chosen on validation, by"
        " task, after the last epoch: training"
        " accuracy minus test accuracy in percentage points, both evaluated with all units on;"
        f" the larger, the more overfitting. {dots.LEGEND}"
    ),
    draw=lambda material: dots.draw(material, "gap", "train minus test accuracy (pp)", zero=True),
)
