"""Effects with their intervals, a row each: comparisons of arms, and the paper's claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adsmtl.claims.names import SHORT
from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing, Material
from adsmtl.figures.lazy import DataFrame, Figure
from adsmtl.tables import numbers

PERCENTAGE_POINTS = ("pp", "percentage points")  # units of claims that share the axis
_ROW = 0.2  # inches


@dataclass(frozen=True)
class Effect:
    """One row; all values in percentage points, None where n leaves them open.

    `clear` is whether its corrected p-value is below 0.05.
    """

    label: str
    mean: float
    low: float | None
    high: float | None
    detectable: float | None
    clear: bool


def compared(comparisons: DataFrame) -> dict[str, list[Effect]]:
    """The comparisons averaged over tasks, by the arm that they are made with.

    Args:
        comparisons: as `summary.comparisons` returns it.
    """
    over_tasks = comparisons[comparisons["task"] == "all"]
    sections: dict[str, list[Effect]] = {}
    for row in over_tasks.to_dict("records"):
        points = [
            None if numbers.absent(row[key]) else 100 * row[key]
            for key in ("effect", "ci_low", "ci_high", "detectable")
        ]
        effect = Effect(row["first_label"], *points, row["p_holm"] < 0.05)
        sections.setdefault(f"against: {row['second_label']}", []).append(effect)
    return sections


def claimed(claims: Sequence[Mapping[str, Any]]) -> dict[str, list[Effect]]:
    """The primary effects of those claims that are measured in percentage points.

    Args:
        claims: the objects of `claims.json`.
    """
    rows = [
        Effect(
            f"{claim['id']} {SHORT[claim['id']]}: {claim['verdict']}",
            *(claim[key] for key in ("effect", "ci_low", "ci_high")),
            # A claim of no loss can be supported with an effect below 0.
            claim["detectable"] if (claim["detectable"] or 0) > 0 else None,
            claim["p_holm"] is not None and claim["p_holm"] < 0.05,
        )
        for claim in claims
        if claim["unit"] in PERCENTAGE_POINTS and claim["effect"] is not None
    ]
    return {"claims of the paper, with their verdicts": rows} if rows else {}


def draw_rows(sections: Mapping[str, Sequence[Effect]]) -> Figure:
    """A heading per section and a row per effect, with the numbers at the right.

    A diamond is filled where the corrected p is below 0.05, else open. A faint bar around 0 spans
    the effects that are too small to be detected with 80 % power.
    """
    if not sections:
        return style.nothing("No two arms of this results folder can be compared.")
    lines: list[str | Effect] = []
    for heading, effects in sections.items():
        lines += [heading, *effects]
    figure = style.figure(style.WIDTH, 0.95 + _ROW * len(lines))
    ax = figure.subplots()
    for row, line in enumerate(lines):
        if isinstance(line, Effect):
            _row(ax, row, line)
        else:
            _heading(ax, row, line)
    ax.axvline(0, color="black", linewidth=0.7)
    ax.set_yticks(range(len(lines)), [x.label if isinstance(x, Effect) else "" for x in lines])
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(lines)), [_number(x) for x in lines])
    for axis in (ax, right):
        axis.tick_params(axis="y", length=0)
        axis.spines[["left", "right"]].set_visible(False)
    ax.grid(axis="y", visible=False)
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.set_xlabel("difference (percentage points)")
    figure.legend(handles=_keys(), loc="outside upper center", ncols=3)
    return figure


def _keys() -> list[Any]:
    from matplotlib.patches import Patch

    look = {"color": style.INK, "marker": "D", "markersize": 4.5, "linewidth": 1.6}
    return [
        style.key("mean, 95 % interval; corrected p below 0.05", **look),
        style.key("p of 0.05 or more", **look, markerfacecolor="white"),
        Patch(color=style.FAINT, label="too small to be detected"),
    ]


def _row(ax, row: int, effect: Effect) -> None:
    if effect.detectable is not None:
        ax.barh(row, 2 * effect.detectable, left=-effect.detectable, height=0.62, color=style.FAINT)
    colour = style.INK
    if effect.low is not None and effect.high is not None:
        ax.plot([effect.low, effect.high], [row, row], color=colour, linewidth=1.6)
    face = colour if effect.clear else "white"
    ax.plot(effect.mean, row, "D", color=colour, markerfacecolor=face, markersize=4.5)


def _heading(ax, row: int, text: str) -> None:
    look = {"va": "center", "fontweight": "bold"}
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.text(0, row, text, transform=ax.get_yaxis_transform(), bbox=box, **look)


def _number(line: str | Effect) -> str:
    return "" if isinstance(line, str) else numbers.estimate(line.mean, line.low, line.high)


def draw(material: Material) -> Figure:
    """Comparisons of arms, then the effects that the verdicts rest on."""
    from adsmtl.analysis import summary

    pairs = summary.planned(material.final)
    effects = compared(summary.comparisons(material.final, pairs))
    return draw_rows(effects | claimed(material.claims))


DRAWING = Drawing(
    name="forest",
    place=10,
    title="Effects of all planned comparisons",
    reading=(
        "Right of the line the named arm did better than the one it is compared with. A bar that"
        " crosses the line leaves the direction open; a mean within the faint bar is smaller than"
        " what this number of seeds can find reliably."
    ),
    caption=(
        "Effects on test accuracy, mean over tasks, in percentage points: each arm minus the one"
        " named above it at the same seed. The effects that the claims' verdicts rest on follow,"
        " with the interval and the corrected p of the ledger; C8's is on one task, and C3's can be"
        " that on the train-test gap. Diamonds are means over seeds, filled where the p-value of"
        " the exact sign-flip test, corrected after Holm, is below 0.05; bars are 95 %"
        " t-intervals, and numbers at the right repeat both. The faint bar around 0 holds the"
        " effects that a paired t test would not detect with 80 % power at this n; of a claim,"
        " those with which it would not be supported, all its parts and the correction included."
    ),
    exists=lambda arms: sum(own.multi_task for own in arms.values()) > 1,
    draw=draw,
)
