"""The ledger in at most 150 words."""

from collections.abc import Mapping, Sequence
from typing import Any

from adsmtl.claims.names import SHORT
from adsmtl.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NEGLIGIBLE,
    NOT_RUN,
    SUPPORTED,
    Kind,
)
from adsmtl.tables import numbers

Row = Mapping[str, Any]  # of `claims.json`

WORDS = 150
_LARGEST = 3  # effects that are named
_POINTS = "percentage points"
_COUNTED = {
    SUPPORTED: ("is supported", "are supported"),
    CONTRADICTED: ("is contradicted", "are contradicted"),
    NEGLIGIBLE: ("comes to a negligible effect", "come to a negligible effect"),
    INCONCLUSIVE: ("is left open", "are left open"),
    NOT_RUN: ("was not run", "were not run"),
}


def sentences(rows: Sequence[Row], preset: str, interim: str | None = None) -> list[str]:
    """What a reader should know first: verdicts, largest effects, sizes that are excluded.

    Args:
        rows: of `claims.json`.
        preset: that was judged.
        interim: how many of the planned seeds there are, None of a complete study.
    """
    told = [f"{interim[:1].upper()}{interim[1:]}: verdicts can still change."] if interim else []
    told.append(f"Of the paper's {len(rows)} claims, {_verdicts(rows)} (preset {preset}).")
    tested = [row for row in rows if row["p"] is not None]
    if not tested:
        return told
    if all(row["reason"] for row in tested):  # so few seeds that no verdict was possible
        n = max(row["n"] for row in tested)
        told.append(f"With n = {n}, no result could have supported or contradicted a claim.")
    clear = [row for row in tested if row["ci_low"] is not None and not _crosses_0(row)]
    if clear:
        largest = sorted(clear, key=lambda row: -abs(row["effect"]) / row["delta"])[:_LARGEST]
        found = "effect is" if len(largest) == 1 else "effects are"
        told.append(
            "Relative to the smallest effect of interest, and among those whose 95 % interval"
            f" leaves out 0, the largest {found} {'; '.join(map(_effect, largest))}."
        )
    else:
        told.append("No effect that decides a claim has a 95 % interval that leaves out 0.")
    of_accuracy = [
        row
        for row in tested
        if row["unit"] == _POINTS
        and row["excluded"] is not None
        and all(part["asserts"] != Kind.NOT_WORSE.value for part in row["parts"])
    ]
    if of_accuracy:
        told.append(
            "In percentage points, effects in favour larger than these are excluded at 5 %:"
            f" {', '.join(map(_excluded, of_accuracy))}. The smallest one of interest is"
            f" {of_accuracy[0]['delta']:g}."
        )
    return told


def _verdicts(rows: Sequence[Row]) -> str:
    found = []
    for verdict, words in _COUNTED.items():
        own = [row["id"] for row in rows if row["verdict"] == verdict]
        if own:
            found.append(f"{len(own)} {words[len(own) > 1]} ({', '.join(own)})")
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def _crosses_0(row: Row) -> bool:
    return row["ci_low"] <= 0 <= row["ci_high"]


def _effect(row: Row) -> str:
    show = numbers.of_unit(row["unit"])
    value = numbers.estimate(row["effect"], row["ci_low"], row["ci_high"], show)
    unit = {_POINTS: " points", "correlation": " (correlation)"}.get(row["unit"], f" {row['unit']}")
    return f"{row['id']} ({SHORT[row['id']]}) {value}{unit}"


def _excluded(row: Row) -> str:
    size = "any" if row["excluded"] <= 0 else numbers.plain(row["excluded"])
    return f"{row['id']} {size}"
