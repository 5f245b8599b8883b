"""Dose and response: what is reached by the mean rate at which units were dropped."""

from collections.abc import Mapping

from adsmtl.figures import style
from adsmtl.figures.drawing import Drawing, Material
from adsmtl.figures.lazy import DataFrame, Figure
from adsmtl.outputs import Traits

_OUTCOMES = {
    "test_accuracy": ("test accuracy (%)", 100.0),
    "test_loss": ("test NLL (nats)", 1.0),
}
_CONSTANT = ("none", "fixed")
SINGLE, FIXED = "single-task, fixed", "multi-task, fixed"
ADSMTL, PER_TASK, CONTROL = "ADSMTL", "fixed per task", "controls of ADSMTL"
_LINES = {
    SINGLE: {"linestyle": style.LINES[1], "marker": "o", "markerfacecolor": "white"},
    FIXED: {"linestyle": "-", "marker": "o"},
}
_POINTS = {
    ADSMTL: {"marker": "D", "markersize": 5.5, "color": style.INK},
    PER_TASK: {"marker": "s", "markersize": 4, "color": style.GREY, "markerfacecolor": "white"},
    CONTROL: {"marker": "x", "markersize": 4.5, "color": style.GREY},
}


def kinds(arms: Mapping[str, Traits]) -> dict[str, str]:
    """What the arms are here, by id; those that are not shown are left out."""
    found = {}
    for arm, own in arms.items():
        if own.train_fraction < 1:
            continue
        if own.group == "controls":
            found[arm] = CONTROL
        elif own.schedule in _CONSTANT and own.group in ("reference", "main"):
            found[arm] = FIXED if own.multi_task else SINGLE
        elif own.group == "main" and own.schedule == "adsmtl":
            found[arm] = ADSMTL
        elif own.group == "main" and own.schedule == "per-task":
            found[arm] = PER_TASK
    return found


def draw_response(found: Mapping[str, DataFrame]) -> Figure:
    """A row of panels per outcome, a column per task.

    Args:
        found: by column of the outcome, `dose.response` with a column `kind`.
    """
    tasks = list(next(iter(found.values()))["task"].unique())
    figure = style.figure(style.WIDTH, 0.5 + 2.2 * len(found))
    grid = figure.subplots(len(found), len(tasks), sharex=True, squeeze=False)
    for axes, (column, rows) in zip(grid, found.items(), strict=True):
        label, factor = _OUTCOMES[column]
        for ax, task in zip(axes, tasks, strict=True):
            _panel(ax, rows[rows["task"] == task], factor, style.task_colour(task))
            if ax in grid[0]:
                ax.set_title(task)
        axes[0].set_ylabel(label)
    for ax in grid[-1]:
        ax.set_xlabel("mean rate of dropout")
    shown = set(next(iter(found.values()))["kind"])
    handles = [
        style.key(kind, **{"color": style.INK, "markersize": 4} | look)
        for kind, look in _LINES.items()
        if kind in shown
    ]
    handles += [
        style.key(kind, **look, linewidth=1) for kind, look in _POINTS.items() if kind in shown
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _panel(ax, rows: DataFrame, factor: float, colour: str) -> None:
    for kind, look in _LINES.items():
        own = rows[rows["kind"] == kind].sort_values("rate")
        _bars(ax, own, factor, {"color": colour, "markersize": 4} | look)
    for kind, look in _POINTS.items():
        own = rows[rows["kind"] == kind]
        _bars(ax, own, factor, {"linestyle": "none", "zorder": 3} | look)
        if kind == ADSMTL:
            ax.hlines(
                factor * own["mean"], own["rate_low"], own["rate_high"], look["color"], linewidth=1
            )


def _bars(ax, rows: DataFrame, factor: float, look: dict) -> None:
    if rows.empty:
        return
    known = rows["ci_high"].notna().all()
    half = factor * (rows["ci_high"] - rows["mean"]).astype(float) if known else None
    ax.errorbar(rows["rate"], factor * rows["mean"], yerr=half, elinewidth=0.9, **look)


def _draw(material: Material) -> Figure:
    from adsmtl.analysis import dose

    known = kinds(material.collected.traits)
    runs = material.collected.runs
    runs = runs[runs["arm"].isin(known)]
    found = {column: dose.response(runs, material.collected.epochs, column) for column in _OUTCOMES}
    return draw_response(
        {column: rows.assign(kind=rows["arm"].map(known)) for column, rows in found.items()}
    )


def _has_doses(arms: Mapping[str, Traits]) -> bool:
    found = list(kinds(arms).values())
    return ADSMTL in found and found.count(FIXED) > 1


DRAWING = Drawing(
    name="dose",
    place=12,
    title="Dose and response",
    reading=(
        "The line through the fixed rates says what a rate brings. An adaptive arm above it (below"
        " it for NLL) does more than its mean rate explains; one on it could be replaced by a fixed"
        " rate."
    ),
    caption=(
        "Test accuracy and negative log-likelihood (NLL) after the last epoch by the mean rate of"
        " dropout of the task, over sites and epochs. Circles joined by lines are fixed rates, 0"
        " included, solid in multi-task and dashed in single-task training; diamonds are ADSMTL"
        " at its own mean rates, with thin lines from its smallest to its largest rate of an"
        " epoch; squares are fixed rates per task, crosses the controls of ADSMTL. Vertical bars"
        " are 95 % t-intervals of the mean over seeds, folds included; arms are compared seed by"
        " seed, so bars that overlap do not mean that there is no difference."
    ),
    exists=_has_doses,
    draw=_draw,
    section="dose",
)
