"""The figures of a results folder, each with a caption that stands alone."""

from collections.abc import Sequence
from pathlib import Path

from adsmtl.analysis import curves, dots, measures, products, provenance, runs, style

_MEANS = (
    "Circles are seeds, diamonds their mean and bars its 95 % t-interval; the dotted line"
    " carries down the mean of multi-task training without dropout."
)


def write_all(
    root: Path, order: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Path]:
    """Write every figure of `products.FIGURES` as PDF, PNG and caption below `root/figures`.

    Args:
        root: a results folder, such as `results/quick`.
        order: arms in the order of rows and panels; all arms on disk if None.
        seeds: seeds that every arm must have; whichever are finished if None.

    Raises:
        UserError: runs are missing or malformed, or the folder cannot be written.
    """
    loaded = runs.select(root, order, seeds)
    final = measures.with_chosen(runs.final_frame(loaded))
    history = runs.history_frame(loaded)
    main = final[final["group"] == "main"]
    baseline = list(main.loc[main["schedule"] == "none", "arm"].unique())
    source = provenance.sentence(loaded)
    drawn = {
        "accuracy": (
            lambda: dots.draw(final, "test_accuracy", "test accuracy (%)", False, baseline),
            f"Test accuracy of every arm and task after the last epoch. {_MEANS}",
        ),
        "gap": (
            lambda: dots.draw(final, "gap", "train minus test accuracy (pp)", True, baseline),
            "Train-test gap of every arm and task after the last epoch: training accuracy"
            " minus test accuracy in percentage points, both evaluated with all units on; the"
            f" larger, the more overfitting. {_MEANS}",
        ),
        "rates": (
            lambda: curves.rates(history),
            "Dropout rate of each task by epoch, for every arm whose rate changes during"
            " training: mean over seeds, band its 95 % t-interval. Filled markers are the"
            " layers of the task's own branch, white ones the shared layer where it differs.",
        ),
        "learning-curves": (
            lambda: curves.learning(history),
            "Learning curves of the main arms (rows): training (dashed) and validation"
            " (solid) loss and accuracy after each epoch, evaluated with all units on; mean"
            " over seeds, band its 95 % t-interval. The dotted line is the validation mean of"
            " single-task training without dropout.",
        ),
    }
    for name in products.FIGURES:
        draw, caption = drawn[name]
        style.save(root / "figures", name, draw, f"{caption} {source}")
    return products.figures(root)
