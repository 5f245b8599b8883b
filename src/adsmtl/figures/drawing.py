"""What a figure is: words, the studies that have it, and how it is drawn.

A module of this folder that defines `DRAWING` is a figure, one that defines `DRAWINGS` several,
and nothing else names them. The workflow
imports all of them to learn which files there will be, so they load pandas and matplotlib only
when they draw.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from adsmtl.figures.lazy import Collected, DataFrame, Figure
from adsmtl.outputs import Traits


@dataclass(frozen=True)
class Drawing:
    """One figure of a study.

    Attributes:
        name: of its files.
        place: its rank in the report; smaller comes first.
        title: above it in the report.
        reading: what to look for in it.
        caption: what it shows, without where the numbers come from, which is added to it.
        draw: makes it.
        exists: whether a study of these arms, by id, has it.
        section: id of the part of the report that shows it.
    """

    name: str
    place: int
    title: str
    reading: str
    caption: str
    draw: Callable[[Material], Figure]
    exists: Callable[[Mapping[str, Traits]], bool] = lambda arms: True
    section: str = "figures"


@dataclass(frozen=True)
class Material:
    """What figures are drawn from: the collected tables, and the judged claims."""

    collected: Collected

    @cached_property
    def final(self) -> DataFrame:
        """As `measures.with_chosen` returns it, trials chosen as the ledger chooses them."""
        from adsmtl.analysis import measures

        return measures.with_chosen(self.collected.runs, measures.choose_on_other_seeds)

    @cached_property
    def headline(self) -> DataFrame:
        """The rows of `final` that belong to reference, main and derived arms."""
        from adsmtl.tables import groups

        return groups.headline(self.final)

    @cached_property
    def epochs(self) -> DataFrame:
        """The collected epochs, with label, group and schedule of every arm."""
        return self.collected.named(self.collected.epochs)

    @cached_property
    def test_time(self) -> DataFrame:
        """The collected evaluations with units dropped, with label, group and schedule."""
        return self.collected.named(self.collected.test_time)

    @cached_property
    def claims(self) -> list[dict[str, Any]]:
        """The rows of the ledger."""
        from adsmtl.claims.ledger import judge

        return judge(self.collected)

    @property
    def baseline(self) -> list[str]:
        """The arms of multi-task training without dropout."""
        main = self.final[self.final["group"] == "main"]
        return list(main.loc[main["schedule"] == "none", "arm"].unique())


@cache
def drawings() -> tuple[Drawing, ...]:
    """Every figure there is, in the order of the report."""
    package = __name__.rpartition(".")[0]
    modules = [
        import_module(f"{package}.{found.name}")
        for found in pkgutil.iter_modules(import_module(package).__path__)
        if found.name != "build"  # it draws them, and needs pandas from the start
    ]
    found = [module.DRAWING for module in modules if hasattr(module, "DRAWING")]
    found += [one for module in modules for one in getattr(module, "DRAWINGS", ())]
    return tuple(sorted(found, key=lambda drawing: drawing.place))


def of_study(arms: Mapping[str, Traits]) -> tuple[Drawing, ...]:
    """The figures that a study of these arms has, in the order of the report."""
    return tuple(drawing for drawing in drawings() if drawing.exists(arms))
