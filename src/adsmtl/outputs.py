"""Names of everything the analysis writes; imports nothing heavy, so a workflow can use it.

Which tables and figures there are follows from the arms alone, so that they are known before a
run exists. `Traits` is what an arm shows of itself for that; `Collected.traits` reads the same from
the collected tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adsmtl.study import Study

COLLECTED = "collected"
PREDICTIONS = "predictions.npz"
COLLECTED_FILES = (
    *("runs.csv", "epochs.csv.gz", "test_time.csv"),
    *("configs.json", "environments.json", "study.json"),
    PREDICTIONS,
)
# Tables that every study has, and what people call them.
TABLES = {
    "main": "Reference and main arms",
    "comparisons": "Comparisons",
    "folds": "Results in each fold",
    "variance": "Components of variance",
    "seeds-and-examples": "Over seeds and test examples",
}
TABLE_FORMATS = ("csv", "md", "tex")
SUMMARY = "tables/summary.json"
CURVES = "tables/curves.csv"
FIGURE_FORMATS = ("pdf", "png")
CAPTION = "caption.txt"
LISTING = "listing.json"
CLAIMS = ("claims.json", "claims.md")
REPORT = "report.html"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Traits:
    """What of an arm decides which products there are, named as in `adsmtl.study.Arm`.

    `rate` is None where the schedule has none, `tunable` where the arm is no trial of a family.
    """

    group: str
    baseline: str | None
    tasks: tuple[str, ...]
    schedule: str
    rate: float | None
    train_fraction: float
    role: str | None = None
    tunable: float | None = None

    @property
    def multi_task(self) -> bool:
        """Whether it trains more than one task."""
        return len(self.tasks) > 1


def traits(study: "Study") -> dict[str, Traits]:
    """The traits of every arm of a study, by id and in its order."""
    return {
        arm_id: Traits(
            group=arm.group,
            baseline=arm.baseline,
            tasks=arm.tasks or tuple(study.tasks),
            schedule=arm.dropout.schedule,
            rate=getattr(arm.dropout, "rate", None),
            train_fraction=arm.train_fraction,
            role=arm.role,
            tunable=arm.names()["tunable"],
        )
        for arm_id, arm in study.arms.items()
    }


def collected(root: Path) -> list[Path]:
    """The tables of all runs below the results folder `root`, which later steps read."""
    return [root / COLLECTED / name for name in COLLECTED_FILES]


def tables(root: Path, arms: Mapping[str, Traits]) -> list[Path]:
    """Every table file below the results folder `root`.

    Args:
        root: a results folder, such as `results/quick`.
        arms: the study's arms by id, see `traits`.
    """
    names = table_names(arms)
    written = [root / "tables" / f"{name}.{kind}" for name in names for kind in TABLE_FORMATS]
    return [*written, root / SUMMARY, root / CURVES]


def figures(root: Path, arms: Mapping[str, Traits]) -> list[Path]:
    """Every figure file below the results folder `root`, captions included; see `tables`."""
    kinds = (*FIGURE_FORMATS, CAPTION)
    return [root / "figures" / f"{name}.{kind}" for name in figure_names(arms) for kind in kinds]


def judged(root: Path, arms: Mapping[str, Traits]) -> list[Path]:
    """What follows from the collected tables alone: tables, figures, captions and the ledger."""
    return [*tables(root, arms), *figures(root, arms), *claims(root)]


def more_groups(arms: Mapping[str, Traits]) -> list[str]:
    """The groups with a table of their own, in the order of the arms: those with a baseline."""
    return list(dict.fromkeys(own.group for own in arms.values() if own.baseline is not None))


def group_table(group: str) -> str:
    """Name of the table of one group."""
    return f"group-{group}"


def table_names(arms: Mapping[str, Traits]) -> tuple[str, ...]:
    """Names of the tables of a study with these arms."""
    return (*TABLES, *map(group_table, more_groups(arms)))


def table_titles(arms: Mapping[str, Traits], groups: Mapping[str, str]) -> dict[str, str]:
    """What people call every table of a study with these arms, by its name.

    Args:
        groups: the headings of groups of arms, by group.
    """
    own = {group_table(group): groups[group] for group in more_groups(arms)}
    return {name: TABLES.get(name) or own[name] for name in table_names(arms)}


def figure_titles(arms: Mapping[str, Traits]) -> dict[str, str]:
    """What people call every figure of a study with these arms, by its name."""
    from adsmtl.figures import drawing

    return {one.name: one.title for one in drawing.of_study(arms)}


def figure_names(arms: Mapping[str, Traits]) -> tuple[str, ...]:
    """Names of the figures of a study with these arms, in the order of the report."""
    return tuple(figure_titles(arms))


def claims(root: Path) -> list[Path]:
    """The claims ledger below the results folder `root`, for programs and for people."""
    return [root / name for name in CLAIMS]
