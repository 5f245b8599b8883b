"""The specification curve: the effect of ADSMTL for every way in which it was set."""

from collections.abc import Mapping

from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing, Material
from adsmtl.figures.lazy import DataFrame, Figure
from adsmtl.outputs import Traits
from adsmtl.tables import numbers

_ROW = 0.17  # inches
_DEFAULT = "as in the main arm"
_P0 = 0.2  # of the arm whose settings are varied, and the rate that it is compared with


def variants(arms: Mapping[str, Traits]) -> list[str]:
    """ADSMTL with p0 0.2 and its variants, by id."""
    return [
        arm
        for arm, own in arms.items()
        if own.schedule == "adsmtl"
        and (own.group in ("controls", "multiverse") or _is(own, "adsmtl"))
    ]


def draw_curve(curve: DataFrame) -> Figure:
    """Effects by size above, and below them a dot for every setting that differs.

    Args:
        curve: as `specification.curve` returns it, with the mean `rate` of every arm.
    """
    if curve.empty:
        return style.nothing("No variant has a seed in common with the fixed rate.")
    chosen = [own.split("; ") if own else [_DEFAULT] for own in curve["settings"]]
    rows = [_DEFAULT, *sorted({one for own in chosen for one in own} - {_DEFAULT})]
    height = 2.0 + _ROW * len(rows)
    figure = style.figure(style.WIDTH, 0.5 + height)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.0, _ROW * len(rows)])
    for place, one in enumerate(curve.to_dict("records")):
        colour = style.INK if one["axes"] else style.COLOURS[4]
        if one["ci_low"] is not None and one["ci_low"] == one["ci_low"]:
            above.vlines(place, 100 * one["ci_low"], 100 * one["ci_high"], colour, linewidth=1.4)
        above.plot(place, 100 * one["effect"], "D", color=colour, markersize=4)
        for setting in chosen[place]:
            below.plot(place, rows.index(setting), "o", color=colour, markersize=3.5)
    above.axhline(0, color="black", linewidth=0.7)
    above.set_ylabel("minus fixed 0.2 (pp)")
    above.grid(axis="x", visible=False)
    style.name_rows([below], [_named(row) for row in rows])
    below.tick_params(axis="both", length=0)
    above.tick_params(axis="x", length=0, labelbottom=False)
    rates = [numbers.plain(rate) for rate in curve["rate"]]
    below.set_xticks(range(len(rates)), rates, rotation=90, fontsize=6)
    below.set_xlabel("mean rate of each, from the smallest to the largest effect")
    handles = [
        style.key("main arm", color=style.COLOURS[4], marker="D", linewidth=1.4),
        style.key("variant", color=style.INK, marker="D", linewidth=1.4),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def _named(setting: str) -> str:
    return setting.removeprefix("dropout.").replace("_", " ")


def _draw(material: Material) -> Figure:
    from adsmtl.analysis import dose, specification

    collected = material.collected
    arms = collected.traits
    found = specification.curve(
        collected.runs,
        collected.configs,
        variants(arms),
        baselines=_fixed(collected.runs, _only(arms, "fixed")),
        reference=_only(arms, "adsmtl"),
    )
    rates = dose.response(collected.runs, collected.epochs).groupby("arm")["rate"].mean()
    return draw_curve(found.assign(rate=found["arm"].map(rates)))


def _fixed(runs: DataFrame, main: str) -> dict[str, str]:
    """By arm the multi-task arm of fixed rate 0.2 at the same site; `main` where there is none."""
    arms = runs.drop_duplicates("arm").set_index("arm")
    varied = (arms["group"] == "multiverse") & (arms["schedule"] == "fixed") & (arms["rate"] == _P0)
    by_site = {site: arm for arm, site in arms.loc[varied, "site"].items()}
    return {arm: by_site.get(site, main) for arm, site in arms["site"].items()}


def _is(own: Traits, role: str) -> bool:
    return own.multi_task and own.role == role and own.tunable == _P0


def _only(arms: Mapping[str, Traits], role: str) -> str:
    return next(arm for arm, own in arms.items() if _is(own, role))


def _exists(arms: Mapping[str, Traits]) -> bool:
    varied = any(arms[arm].group == "multiverse" for arm in variants(arms))
    compared = ("fixed", "adsmtl")
    return varied and all(any(_is(own, role) for own in arms.values()) for role in compared)


DRAWING = Drawing(
    name="specification",
    place=14,
    title="Specification curve",
    reading=(
        "If the strategy worked whatever its details, all bars would lie above the line. If a"
        " setting mattered, its dots would gather at one end."
    ),
    caption=(
        "Effect of ADSMTL (p0 0.2) against a fixed rate of 0.2 at the same site in mean test"
        " accuracy over tasks, in percentage points, for every setting of the strategy that was"
        " trained and for its reverse, by size. The main arm can have more seeds than its variants."
        " Diamonds are means over seeds and bars 95 % t-intervals with standard errors within"
        " folds, not corrected for their number. Dots below say in which settings a variant"
        " differs from the main arm; its own column says so by name. Numbers at the bottom are the"
        " mean rates over tasks, sites, epochs and seeds: a variant that drops more or less than"
        " the fixed rate differs from it in that, too."
    ),
    exists=_exists,
    draw=_draw,
    section="specification",
)
