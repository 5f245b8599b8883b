"""The runs that every number is made of, and links to them from the arms' names in tables."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from adsmtl.collected.reading import Collected
from adsmtl.tables import groups, numbers
from adsmtl.tables.render import TextTable

_LINK = Markup('<a class="runs" href="#runs-{0}">{1}</a>')
_TARGET = Markup('<span id="runs-{0}">{1}</span>')
_CODE = Markup("<code>{}</code>")


def by_group(collected: Collected) -> list[dict[str, Any]]:
    """Title and table of every group of arms: a row per run; links lead to the first of an arm."""
    return [
        {"title": groups.title(own, group), "table": _table(str(group), own)}
        for group, own in collected.runs.groupby("group", sort=False)
    ]


def _table(group: str, own: Any) -> TextTable:
    rows, breaks = [], []
    for arm, of_arm in own.groupby("arm", sort=False):
        if rows:
            breaks.append(len(rows))
        for place, (seed, of_run) in enumerate(of_arm.groupby("seed")):
            one = of_run.iloc[0]
            accuracies = (
                f"{task} {numbers.percent(value)}"
                for task, value in zip(of_run["task"], of_run["test_accuracy"], strict=True)
            )
            rows.append(
                [
                    _TARGET.format(arm, one["label"]) if place == 0 else "",
                    _CODE.format(f"{arm}/seed={seed}"),
                    str(one["fold"]),
                    ", ".join(accuracies),
                    _CODE.format(one["config_hash"][:12]),
                ]
            )
    columns = ["Arm", "Run", "Fold", "Test accuracy (%)", "Configuration"]
    return TextTable(f"runs-{group}", "", columns, rows, breaks=breaks, left=5)


def linked(table: TextTable, collected: Collected) -> TextTable:
    """The table, where a first cell that is the name of one arm leads to the runs of that arm."""
    arms = _arms(collected)
    rows = [
        [_LINK.format(arms[row[0]], row[0]), *row[1:]] if row and row[0] in arms else row
        for row in table.rows
    ]
    return replace(table, rows=rows)


def _arms(collected: Collected) -> Mapping[str, str]:
    """Ids of arms by their label, where no other arm has it."""
    names = collected.runs.drop_duplicates("arm")
    names = names[~names["label"].duplicated(keep=False)]
    return dict(zip(names["label"], names["arm"], strict=True))
