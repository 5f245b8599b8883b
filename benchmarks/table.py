"""The measurements as a page of Markdown tables."""

import dataclasses
from typing import Any

from adsmtl.report import speed
from adsmtl.tables.render import TextTable, markdown


def render(result: dict[str, Any]) -> str:
    """The whole page."""
    title = "# Benchmarks" + (", quick mode: the numbers mean nothing" if result["quick"] else "")
    parts = [title, speed.conditions(result), _versions(result), _HOW_TO_READ]
    if result["not_judged"]:
        parts.append("\n".join(f"- {sentence}" for sentence in result["not_judged"]))
    parts += [_markdown(speed.comparison(group)) for group in result["comparisons"]]
    parts += [_markdown(speed.series(group)) for group in result["series"]]
    return "\n\n".join(parts) + "\n"


_HOW_TO_READ = (
    "Median (smallest to largest) over n repetitions; contenders take turns. Speed-ups are "
    "medians of ratios within a round. The share is the contender's training FLOPs, counted from "
    "the shapes, over the rate of large products measured in the same round. Memory is the "
    "largest resident memory of the contender's process."
)


def _markdown(table: TextTable) -> str:
    return markdown(dataclasses.replace(table, caption=f"## {table.caption}")).strip()


def _versions(result: dict[str, Any]) -> str:
    found: dict[str, str] = {"Python": result["machine"]["python"]}
    for group in result["comparisons"] + result["series"]:
        for record in group["records"]:
            found |= (record["facts"] or {}).get("versions", {})
    return "Versions: " + ", ".join(f"{name} {version}" for name, version in found.items()) + "."
