"""The figures of a results folder, each with a caption that stands alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from adsmtl import outputs
from adsmtl.analysis import measures, summary
from adsmtl.collected import provenance, runs, test_time
from adsmtl.errors import UserError
from adsmtl.figures import (
    calibration,
    curves,
    data_curves,
    dots,
    forest,
    rate_heatmap,
    relatedness,
    style,
)
from adsmtl.files import read_json
from adsmtl.tables import groups

_MEANS = (
    "Circles are seeds, diamonds their mean and bars its 95 % t-interval; the dotted line"
    " carries down the mean of multi-task training without dropout."
)
_RATES = (
    "mean over seeds, band its 95 % t-interval. Filled markers are the layers of the task's own"
    " branch, white ones the shared layer where it differs."
)


@dataclass(frozen=True)
class Material:
    """What figures are drawn from.

    Attributes:
        final: as `measures.with_chosen` returns it.
        headline: its reference, main and derived arms, see `groups.headline`.
        history: as `runs.history_frame` returns it.
        evaluated: as `test_time.frame` returns it.
        claims: the objects of `claims.json`; empty where there is none.
        traits: as `runs.traits` returns them.
    """

    final: pd.DataFrame
    headline: pd.DataFrame
    history: pd.DataFrame
    evaluated: pd.DataFrame
    claims: Sequence[dict[str, Any]]
    traits: dict[str, outputs.Traits]

    @property
    def baseline(self) -> list[str]:
        """The arms of multi-task training without dropout."""
        main = self.final[self.final["group"] == "main"]
        return list(main.loc[main["schedule"] == "none", "arm"].unique())


def write_all(
    root: Path, order: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Path]:
    """Write every figure of `outputs.figure_names` as PDF, PNG and caption below `root/figures`.

    `claims.json`, where the folder has one, adds the claims to the figure `forest`.

    Args:
        root: a results folder, such as `results/quick`.
        order: arms in the order of rows and panels; all arms on disk if None.
        seeds: seeds that every arm must have; whichever are finished if None.

    Raises:
        UserError: runs or claims are missing or malformed, or the folder cannot be written.
    """
    loaded = runs.select(root, order, seeds)
    traits = runs.traits(loaded)
    material = _material(root, loaded, traits)
    source = provenance.sentence(loaded)
    for name in outputs.figure_names(traits):
        draw, caption = _FIGURES[name]
        style.save(root / "figures", name, lambda draw=draw: draw(material), f"{caption} {source}")
    return outputs.figures(root, traits)


def _material(
    root: Path, loaded: Sequence[runs.Run], traits: dict[str, outputs.Traits]
) -> Material:
    final = measures.with_chosen(runs.final_frame(loaded))
    path = root / outputs.CLAIMS[0]
    return Material(
        final=final,
        headline=groups.headline(final),
        history=runs.history_frame(loaded),
        evaluated=test_time.frame(loaded),
        claims=_claims(path) if path.is_file() else [],
        traits=traits,
    )


def _claims(path: Path) -> list[dict[str, Any]]:
    claims = read_json(path)
    for claim in claims:
        missing = [key for key in forest.CLAIM_KEYS if key not in claim]
        if missing:
            raise UserError(
                f"{path}: {claim.get('id', 'a claim')} has no {', '.join(missing)};"
                " delete the file and make it again"
            )
    return claims


def _forest(material: Material) -> Figure:
    pairs = summary.planned(material.final)
    compared = forest.compared(summary.comparisons(material.final, pairs))
    return forest.draw(compared | forest.claimed(material.claims))


def _accuracy(material: Material) -> Figure:
    return dots.draw(
        material.headline, "test_accuracy", "test accuracy (%)", False, material.baseline
    )


def _gap(material: Material) -> Figure:
    label = "train minus test accuracy (pp)"
    return dots.draw(material.headline, "gap", label, True, material.baseline)


def _rates(material: Material) -> Figure:
    return curves.rates(material.history, outputs.rate_panels(material.traits)[0], True)


def _schedules(material: Material) -> Figure:
    return curves.rates(material.history, outputs.rate_panels(material.traits)[1], False)


def _calibration(material: Material) -> Figure:
    main = material.final[material.final["group"] == "main"]
    return calibration.draw(main, material.evaluated)


def _relatedness(material: Material) -> Figure:
    return relatedness.draw(relatedness.points(material.final, material.history))


_FIGURES: dict[str, tuple[Callable[[Material], Figure], str]] = {
    "forest": (
        _forest,
        "Effects on test accuracy, mean over tasks, in percentage points: each arm minus the one"
        " named above it at the same seed; where the claims have been judged, the effects that"
        " their verdicts rest on follow. Diamonds are means over seeds, filled where the p-value"
        " of the exact sign-flip test, corrected after Holm, is below 0.05; bars are 95 %"
        " t-intervals, and numbers at the right repeat both. The faint bar around 0 holds the"
        " effects that a paired t test would not detect with 80 % power at this n.",
    ),
    "accuracy": (
        _accuracy,
        f"Test accuracy of the reference and main arms by task, after the last epoch. {_MEANS}",
    ),
    "gap": (
        _gap,
        "Train-test gap of the reference and main arms by task, after the last epoch: training"
        " accuracy minus test accuracy in percentage points, both evaluated with all units on;"
        f" the larger, the more overfitting. {_MEANS}",
    ),
    "rate-heatmap": (
        lambda material: rate_heatmap.draw(rate_heatmap.cells(material.final)),
        "Test accuracy by fixed dropout rate, for single-task training, for multi-task training,"
        " and for multi-task training that drops units at the shared layer alone or in the"
        " tasks' own layers alone; rate 0 is training without dropout. Cells hold the mean over"
        " seeds and half the width of its 95 % t-interval, lighter is better within a panel,"
        " frames mark the best rate of a row on test data, and white cells were not trained.",
    ),
    "rates": (
        _rates,
        "Dropout rate of each task by epoch, for arms whose rate may change during training, and"
        " below each the smoothed difficulty of its tasks, by the arm's own signal or, where it"
        f" has none, by the training loss over ln(classes): {_RATES}",
    ),
    "schedules": (
        _schedules,
        "Dropout rate of each task by epoch, for the arms that the figure `rates` has no room"
        f" for: {_RATES}",
    ),
    "data-curves": (
        lambda material: data_curves.draw(data_curves.series(material.final)),
        "Test accuracy by share of the training data (logarithmic axis), without dropout, for"
        " each task trained alone and for both trained together, and averaged over tasks: mean"
        " over seeds with its 95 % t-interval. Points are moved sideways by 1.5 % so that bars"
        " do not hide each other.",
    ),
    "calibration": (
        _calibration,
        "Expected calibration error (ECE, 15 bins of equal width) of the main arms on test data,"
        " all units on: circles are seeds, diamonds their mean and bars its 95 % t-interval."
        " Where runs were also evaluated with units dropped at test time, the panels below show"
        " ECE and test accuracy with all units on (diamonds) and with units dropped at the rate"
        " named, class probabilities averaged over several passes (circles, mean over"
        " repeats); sd is the standard deviation over repeats of one run, mean over seeds.",
    ),
    "relatedness": (
        _relatedness,
        "What training two tasks together without dropout gains over training each alone (mean"
        " over the two tasks, percentage points of test accuracy) by how much their gradients"
        " on the shared layer agree (cosine, mean over steps and epochs). Small open markers"
        " are seeds, large ones their means with 95 % t-intervals in both directions.",
    ),
    "learning-curves": (
        lambda material: curves.learning(material.history),
        "Learning curves of the main arms (rows): training (dashed) and validation (solid) loss"
        " and accuracy after each epoch, evaluated with all units on; mean over seeds, band its"
        " 95 % t-interval. The dotted line is the validation mean of single-task training"
        " without dropout.",
    ),
}
