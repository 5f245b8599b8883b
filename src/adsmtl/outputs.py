"""Names of everything the analysis writes; imports nothing heavy, so a workflow can use it.

Which tables and figures there are follows from the arms alone, so that they are known before a
run exists. `Traits` is what an arm shows of itself for that; `runs.traits` reads the same from
finished runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adsmtl.study import Study

TABLES = ("main", "comparisons")
TABLE_FORMATS = ("csv", "md", "tex")
SUMMARY = "tables/summary.json"
CURVES = "tables/curves.csv"
FIGURES = ("accuracy", "gap", "rates", "learning-curves")
FIGURE_FORMATS = ("pdf", "png")
CAPTION = "caption.txt"
LISTING = "listing.json"
CLAIMS = ("claims.json", "claims.md")
COLLECTED = ("runs.csv", "epochs.csv.gz", "test_time.csv", "configs.json", "environments.json")
REPORT = "report.html"
MANIFEST = "manifest.json"

HEADLINE_GROUPS = ("reference", "main", "derived")  # those of `main.md`, `accuracy` and `gap`
RATE_PANELS = 8  # of the figure `rates`; more are not legible on one page
CONSTANT = ("none", "fixed")  # schedules whose rate is the same in every epoch


@dataclass(frozen=True)
class Traits:
    """What of an arm decides which products there are, named as in `adsmtl.study.Arm`.

    `rate` is None where the schedule has none.
    """

    group: str
    tasks: tuple[str, ...]
    schedule: str
    rate: float | None
    train_fraction: float

    @property
    def multi_task(self) -> bool:
        """Whether it trains more than one task."""
        return len(self.tasks) > 1


def traits(study: "Study") -> dict[str, Traits]:
    """The traits of every arm of a study, by id and in its order."""
    return {
        arm_id: Traits(
            group=arm.group,
            tasks=arm.tasks or tuple(study.tasks),
            schedule=arm.dropout.schedule,
            rate=getattr(arm.dropout, "rate", None),
            train_fraction=arm.train_fraction,
        )
        for arm_id, arm in study.arms.items()
    }


def tables(root: Path, arms: Mapping[str, Traits] | None = None) -> list[Path]:
    """Every table file below the results folder `root`.

    Args:
        root: a results folder, such as `results/quick`.
        arms: the study's arms by id, see `traits`; None names only what every study has.
    """
    names = TABLES if arms is None else table_names(arms)
    written = [root / "tables" / f"{name}.{kind}" for name in names for kind in TABLE_FORMATS]
    return [*written, root / SUMMARY, root / CURVES]


def figures(root: Path, arms: Mapping[str, Traits] | None = None) -> list[Path]:
    """Every figure file below the results folder `root`, captions included; see `tables`."""
    kinds = (*FIGURE_FORMATS, CAPTION)
    names = FIGURES if arms is None else figure_names(arms)
    return [root / "figures" / f"{name}.{kind}" for name in names for kind in kinds]


def all_products(root: Path, arms: Mapping[str, Traits] | None = None) -> list[Path]:
    """Every table, figure and caption, in a fixed order; see `tables`."""
    return [*tables(root, arms), *figures(root, arms)]


def more_groups(arms: Mapping[str, Traits]) -> list[str]:
    """The groups with a table of their own, in the order of the arms."""
    groups = dict.fromkeys(own.group for own in arms.values())
    return [group for group in groups if group not in HEADLINE_GROUPS]


def group_table(group: str) -> str:
    """Name of the table of one group."""
    return f"group-{group}"


def table_names(arms: Mapping[str, Traits]) -> tuple[str, ...]:
    """Names of the tables of a study with these arms."""
    return (*TABLES, *map(group_table, more_groups(arms)))


def figure_names(arms: Mapping[str, Traits]) -> tuple[str, ...]:
    """Names of the figures of a study with these arms, in the order of the report."""
    rates, schedules = rate_panels(arms)
    conditions = {
        "forest": sum(own.multi_task for own in arms.values()) > 1,
        "accuracy": True,
        "gap": True,
        "rate-heatmap": len({own.rate for own in arms.values() if own.schedule == "fixed"}) > 1,
        "rates": bool(rates),
        "schedules": bool(schedules),
        "data-curves": any(own.train_fraction < 1 for own in arms.values()),
        "calibration": any(own.group == "main" for own in arms.values()),
        "relatedness": _pairs_with_references(arms),
        "learning-curves": True,
    }
    return tuple(name for name, drawn in conditions.items() if drawn)


def rate_panels(arms: Mapping[str, Traits]) -> tuple[list[str], list[str]]:
    """Arms whose rate may change during training: those of `rates` and those of `schedules`.

    Where they are more than `RATE_PANELS`, `rates` keeps ADSMTL, its controls and its
    ablations, in this order and as many as fit.
    """
    moving = [arm_id for arm_id, own in arms.items() if own.schedule not in CONSTANT]
    adaptive = [a for a in moving if arms[a].group == "main" and arms[a].schedule == "adsmtl"]
    beside = [a for group in ("controls", "ablations") for a in moving if arms[a].group == group]
    first = [*adaptive, *beside]
    if len(moving) > RATE_PANELS:
        first = first[:RATE_PANELS]
        return first, [arm_id for arm_id in moving if arm_id not in first]
    return [*first, *(arm_id for arm_id in moving if arm_id not in first)], []


def _pairs_with_references(arms: Mapping[str, Traits]) -> bool:
    """Whether a pair of group `relatedness` has a single-task arm for each of its tasks."""
    plain = [own for own in arms.values() if own.schedule == "none" and own.train_fraction == 1]
    single = {own.tasks[0] for own in plain if not own.multi_task}
    pairs = [own.tasks for own in plain if own.group == "relatedness" and own.multi_task]
    return any(single.issuperset(tasks) for tasks in pairs)


def collected(root: Path) -> list[Path]:
    """What all runs say, in tables below the results folder `root`."""
    return [root / "collected" / name for name in COLLECTED]


def claims(root: Path) -> list[Path]:
    """The claims ledger below the results folder `root`, for programs and for people."""
    return [root / name for name in CLAIMS]
