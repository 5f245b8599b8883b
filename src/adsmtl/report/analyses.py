"""The parts of the results that look behind the verdicts, each with its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.figures import drawing
from adsmtl.report import baselines, pictures
from adsmtl.report.data_cards import DataCard
from adsmtl.report.pictures import Picture
from adsmtl.tables.render import TextTable


@dataclass(frozen=True)
class Analysis:
    """A heading, some words, then figures and tables."""

    id: str
    title: str
    text: str
    pictures: Sequence[Picture]
    tables: Sequence[TextTable]


_FOLDS = (
    "Folds differ in the speakers that are tested, so levels differ between folds; vision is tested"
    " on the same images in every fold."
)
_VARIANCE = (
    "How far single runs scatter, and why. What is common to all arms of a seed or fold cancels in"
    " comparisons seed by seed; what is left is the noise of one run, and a difference of two has"
    " √2 of it per seed."
)
_CALIBRATION = (
    "A finite test set shows a calibration error even of a perfectly calibrated model. What lies"
    " above this floor is a sign of miscalibration, and understates its size. Verdicts rest on"
    " accuracy and NLL, never on this."
)
_SPECIFICATION = (
    "Would another reading of the strategy have come out otherwise? Every variant that was trained"
    " is one way to set it."
)
_DOSE = (
    "Does ADSMTL do more than its mean rate does? If not, it lies on the curve of the fixed rates."
)


def of_study(
    collected: Collected,
    root: Path,
    tables: Mapping[str, TextTable],
    cards: Sequence[DataCard] = (),
) -> list[Analysis]:
    """The analyses that have a figure or a table.

    Args:
        root: the folder whose figures have been drawn.
        tables: the built tables by name.
        cards: of the data sets, which know of the baselines that were measured.

    Raises:
        UserError: a figure has not been drawn.
    """
    known = baselines.table(collected.runs, cards)
    several = collected.runs["fold"].nunique() > 1
    made = [
        ("folds", "Results in each fold", _FOLDS if several else "", [tables["folds"]]),
        ("variance", "Where the spread comes from", _VARIANCE, _both(tables)),
        ("dose", "Dose and response", _DOSE, []),
        ("specification", "Specification curve", _SPECIFICATION, []),
        ("calibration", "Calibration, and its floor", _CALIBRATION, []),
        ("baselines", "Baselines", "", [known] if known else []),
    ]
    drawn = drawing.of_study(collected.traits)
    source = provenance.sentence(collected)
    found = [
        Analysis(
            *(id_, title, text),
            [pictures.read(root, one, source) for one in drawn if one.section == id_],
            shown,
        )
        for id_, title, text, shown in made
    ]
    return [one for one in found if one.pictures or one.tables]


def _both(tables: Mapping[str, TextTable]) -> list[TextTable]:
    return [tables["variance"], tables["seeds-and-examples"]]
