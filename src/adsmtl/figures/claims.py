"""The contrasts that a claim rests on, a small picture for each claim with statistics."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from adsmtl.claims.names import SHORT
from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing, Material
from adsmtl.figures.lazy import Axes, Figure
from adsmtl.outputs import Traits
from adsmtl.tables import numbers

Part = Mapping[str, Any]  # of a row of `claims.json`

WIDTH = 5.2  # inches; narrow enough for a telephone
_LINE, _POINTS, _SPACE = 0.135, 0.36, 0.1  # inches: of text, of a row of points, between rows
_LETTERS = 58  # of a line of text, beside the numbers
_ALIKE = 4.0  # effects that differ by a larger factor have axes of their own


@dataclass(frozen=True)
class Needs:
    """What a study must have for a claim: roles of arms, of several tasks and of a task alone."""

    together: tuple[str, ...]
    alone: tuple[str, ...] = ()
    less_data: bool = False

    def met(self, arms: Mapping[str, Traits]) -> bool:
        """Whether a study of these arms has it all."""
        return (
            {own.role for own in arms.values() if own.multi_task}.issuperset(self.together)
            and {own.role for own in arms.values() if not own.multi_task}.issuperset(self.alone)
            and (not self.less_data or any(own.train_fraction < 1 for own in arms.values()))
        )


NEEDS = {
    "C1": Needs(("no-dropout", "fixed"), alone=("no-dropout", "fixed")),
    "C2": Needs(("no-dropout",), alone=("no-dropout",), less_data=True),
    "C3": Needs(("no-dropout", "fixed")),
    "C4": Needs(("adsmtl", "fixed", "per-task")),
    "C5": Needs(("adsmtl", "borrowed", "swapped", "matched-mean", "reversed")),
    "C6": Needs(("fixed", "adsmtl")),
    "C7": Needs(("fixed",)),
    "C8": Needs(("fixed",), alone=("fixed",)),
    "C9": Needs(("pair",), alone=("pair-single",)),
    "C10": Needs(("l2", "no-dropout"), alone=("no-dropout",)),
}


def panels(parts: Sequence[Part]) -> list[list[Part]]:
    """Parts that share an axis: of one unit, and of about the same size as the first of them."""
    groups: list[list[Part]] = []
    for part in parts:
        fitting = (group for group in groups if _alike(group[0], part))
        group = next(fitting, None)
        if group is None:
            groups.append([part])
        else:
            group.append(part)
    return groups


def draw_claim(row: Mapping[str, Any]) -> Figure:
    """Every part of a claim as a row: seeds as points, mean and interval, the band of ±delta.

    Args:
        row: of `claims.json`.
    """
    if not row["parts"]:
        return style.nothing(textwrap.fill(row["sentence"], 90))
    groups = panels(row["parts"])
    heights = [sum(map(_height, group)) + _SPACE for group in groups]
    figure = style.figure(WIDTH, sum(heights) + 0.42 * len(groups) + 0.3)
    axes = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for ax, group, height in zip(axes, groups, heights, strict=True):
        _panel(ax, group, height)
    figure.legend(handles=list(_keys(row["parts"])), loc="outside upper center", ncols=3)
    return figure


def _favour(part: Part) -> str:
    from adsmtl.claims.verdicts import Kind

    return {
        Kind.BETTER: "right of 0 favours the claim",
        Kind.DIFFERENT: "the claim names no direction",
        Kind.NOT_WORSE: "left of the band contradicts the claim",
    }[Kind(part["asserts"])]


def _alike(first: Part, second: Part) -> bool:
    small, large = sorted(map(_reach, (first, second)))
    return first["unit"] == second["unit"] and large <= _ALIKE * small


def _reach(part: Part) -> float:
    ends = [part["effect"], part["ci_low"], part["ci_high"], part["delta"]]
    return max(abs(end) for end in ends if end is not None)


def _lines(part: Part) -> list[str]:
    text = part["comparison"]
    return textwrap.wrap(text[:1].upper() + text[1:], _LETTERS)


def _height(part: Part) -> float:
    return _LINE * len(_lines(part)) + (_POINTS if part["values"] else _POINTS / 2) + _SPACE


def _panel(ax: Axes, parts: Sequence[Part], height: float) -> None:
    """Rows from the top; the vertical axis is in inches."""
    ax.set_ylim(height, 0)
    top = 0.0
    for part in parts:
        lines = _lines(part)
        where = {"transform": ax.get_yaxis_transform(), "va": "top", "fontsize": 7}
        show = numbers.of_unit(part["unit"])
        value = numbers.estimate(part["effect"], part["ci_low"], part["ci_high"], show)
        ax.text(0, top + 0.03, "\n".join(lines), ha="left", **where)
        ax.text(1, top + 0.03, value, ha="right", **where)
        _part(ax, part, top + _LINE * len(lines) + 0.06, top + _height(part) - 0.04)
        top += _height(part)
    ax.margins(x=0.04)
    ax.grid(visible=False)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"{parts[0]['unit']} ({_favour(parts[0])})", fontsize=7)
    ax.tick_params(labelsize=7)


def _part(ax: Axes, part: Part, top: float, bottom: float) -> None:
    """The marks of one row, between two heights in inches."""
    colour, delta = _colour(part), part["delta"]
    ax.fill_between([-delta, delta], top, bottom, color=style.FAINT, linewidth=0)
    ax.plot([0, 0], [top, bottom], color="black", linewidth=0.7)
    folds = sorted(set(part["folds"]))
    for place, fold in enumerate(folds):
        own = [v for v, of in zip(part["values"], part["folds"], strict=True) if of == fold]
        low = top + 0.18 + 0.16 * (place + 0.5) / len(folds)
        ax.plot(own, [low] * len(own), **_mark(fold))
    middle = top + 0.08
    if part["ci_low"] is not None:
        ends = [part["ci_low"], part["ci_high"]]
        ax.plot(ends, [middle] * 2, color=colour, linewidth=1.8, solid_capstyle="butt")
    ax.plot(part["effect"], middle, "D", color=colour, markersize=4.5)


def _colour(part: Part) -> str:
    """The task's, of an effect on one task alone."""
    return style.task_colour(part["tasks"][0]) if len(part["tasks"]) == 1 else style.INK


def _mark(fold: int) -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": style.MARKERS[fold % len(style.MARKERS)],
        "markersize": 3,
        "markerfacecolor": "none",
        "markeredgecolor": style.GREY,
        "markeredgewidth": 0.7,
    }


def _keys(parts: Sequence[Part]) -> Iterator[Any]:
    from matplotlib.patches import Patch

    folds = sorted({fold for part in parts for fold in part["folds"]})
    mean = {"marker": "D", "markersize": 4.5, "linewidth": 1.8}
    yield style.key("mean, 95 % interval", color=style.INK, **mean)
    yield Patch(color=style.FAINT, label="below interest (±delta)")
    for fold in folds:
        yield style.key(f"seed, fold {fold}" if len(folds) > 1 else "seed", **_mark(fold))


def _draw(material: Material, claim: str) -> Figure:
    (row,) = [row for row in material.claims if row["id"] == claim]
    return draw_claim(row)


_CAPTION = (
    "The contrasts that the verdict on claim {id} ({name}) rests on, a row each. Grey marks are"
    " seeds, their shape the fold that they were tested on; diamonds are means over seeds and bars"
    " their 95 % t-intervals, with standard errors within folds where every fold has two seeds or"
    " more. The shaded band holds effects below the smallest effect of interest, delta. All"
    " parts must hold for the claim to be supported.{more}"
)
_OF_BETTER = (
    "The claim holds where every row's bar lies right of the line; its effect is large enough to"
    " matter where the bar lies right of the band."
)
_READING = {
    "C6": (
        "The claim holds where no row's bar reaches beyond the left end of the band: then any loss"
        " is below the smallest one of interest."
    ),
    "C8": (
        "The claim holds where no row's bar reaches the line, on whichever side; the effect is"
        " large enough to matter where the bar lies beyond the band."
    ),
}
_MORE = {
    "C8": " Effects on a single task have the colour of that task.",
    "C9": (
        " The unit is the pair of tasks, with Fisher's interval of a correlation; the figure"
        " `relatedness` shows the pairs."
    ),
}


def _drawing(claim: str, needs: Needs) -> Drawing:
    return Drawing(
        name=f"claim-{claim}",
        place=int(claim[1:]) - 20,
        title=f"{claim}: {SHORT[claim]}",
        reading=_READING.get(claim, _OF_BETTER),
        caption=_CAPTION.format(id=claim, name=SHORT[claim], more=_MORE.get(claim, "")),
        exists=needs.met,
        draw=partial(_draw, claim=claim),
        section=claim,
    )


DRAWINGS = tuple(_drawing(claim, needs) for claim, needs in NEEDS.items())
