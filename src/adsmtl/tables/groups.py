"""A summary table for every group of arms beyond the main ones."""

from dataclasses import dataclass

import pandas as pd

from adsmtl import outputs
from adsmtl.analysis import contrasts, statistics, summary
from adsmtl.tables import cells
from adsmtl.tables.cells import Column
from adsmtl.tables.render import TextTable

ADSMTL, NONE, SINGLE = "adsmtl", "none", "single-task"
DIFFERENCE = "difference"
_ESTIMATE = ["arm", "n", "mean", "sd", "ci_low", "ci_high"]


@dataclass(frozen=True)
class Group:
    """How a group of arms is presented.

    `baseline` is what its arms are compared with: the main arm of schedule `ADSMTL` or `NONE`,
    or `SINGLE`, training each task alone on the same share of the data.
    """

    title: str
    baseline: str


_KNOWN = {
    "tuning": Group("Other trials of ADSMTL", ADSMTL),
    "controls": Group("Controls: which part of the adaptation matters?", ADSMTL),
    "schedules": Group("Schedules that do not look at difficulty", NONE),
    "learned": Group("A learned rate", NONE),
    "weighting": Group("Weighting the losses instead of dropping units", NONE),
    "ablations": Group("Ablations of ADSMTL", ADSMTL),
    "lambda": Group("The penalty of the objective", NONE),
    "data": Group("Less training data", SINGLE),
    "relatedness": Group("Pairs of graded relatedness", SINGLE),
}


def describe(group: str) -> Group:
    """How `group` is presented; one not of this study is compared with no dropout."""
    return _KNOWN.get(group, Group(f"Group {group}", NONE))


def headline(final: pd.DataFrame) -> pd.DataFrame:
    """The rows of reference, main and derived arms; all rows where there are none."""
    rows = final[final["group"].isin(outputs.HEADLINE_GROUPS)]
    return rows if len(rows) else final


def differences(final: pd.DataFrame, group: str) -> pd.DataFrame:
    """What arms gain over the baseline of `group`, paired by seed.

    Args:
        final: as `measures.with_chosen` returns it; any of its arms take part.

    Returns:
        arm, n, mean, sd, ci_low, ci_high of the difference in mean test accuracy over tasks,
        as fractions; arms that have no run in common with the baseline are left out.
    """
    baseline = describe(group).baseline
    if baseline == SINGLE:
        values = contrasts.gains(final).rename(columns={"gain": DIFFERENCE})
    elif (arm := _main_arm(final, baseline)) is not None:
        values = contrasts.differences(final, arm)
    else:
        return pd.DataFrame(columns=_ESTIMATE)
    rows = []
    for arm, of_arm in values.groupby("arm", sort=False):
        e = statistics.mean_interval(of_arm[DIFFERENCE])
        estimate = {"n": e.n, "mean": e.mean, "sd": e.sd, "ci_low": e.low, "ci_high": e.high}
        rows.append({"arm": arm} | estimate)
    return pd.DataFrame(rows, columns=_ESTIMATE)


def build(
    final: pd.DataFrame, estimates: pd.DataFrame, group: str, source: str
) -> tuple[pd.DataFrame, TextTable]:
    """The table of one group: as a frame for the CSV, and as text.

    Args:
        final: as `measures.with_chosen` returns it.
        estimates: as `summary.per_arm` returns them.
        group: a group of `final`.
        source: the sentence that ends the caption.

    Returns:
        `estimates` of the arms shown plus, as measure `difference`, the rows of `differences`;
        and the text. Arms that the group is compared with stand first.
    """
    own = list(final.loc[final["group"] == group, "arm"].unique())
    context = _context(final, group)
    shown = final[final["arm"].isin([*context, *own])]
    names = shown.drop_duplicates("arm")[["arm", "label", "group"]]
    extra = names.merge(differences(shown, group), on="arm")
    extra = extra.assign(task=summary.ALL, measure=DIFFERENCE)
    frame = estimates[estimates["arm"].isin([*context, *own])]
    frame = pd.concat([frame, extra[frame.columns]], ignore_index=True) if len(extra) else frame
    columns = _columns(shown, group)
    values = pd.concat([frame, _over_tasks(shown)], ignore_index=True)
    text = TextTable(
        name=outputs.group_table(group),
        caption=_caption(group, columns, source),
        columns=["Arm", "n", *(column.heading for column in columns)],
        rows=cells.rows(shown, values, [*context, *own], columns),
        notes=_notes(final, group, context),
        breaks=[len(context)] if context else [],
    )
    return frame, text


def _main_arm(final: pd.DataFrame, schedule: str) -> str | None:
    arms = final.loc[(final["group"] == "main") & (final["schedule"] == schedule), "arm"]
    return None if arms.empty else str(arms.iloc[0])


def _context(final: pd.DataFrame, group: str) -> list[str]:
    """The arms of other groups that this one is read against."""
    baseline = describe(group).baseline
    if baseline != SINGLE:
        arm = _main_arm(final, baseline)
        return [] if arm is None else [arm]
    tasks = final.loc[final["group"] == group, "task"].unique()
    plain = contrasts.plain(final)
    plain = plain[plain["group"].isin(["reference", "main"]) & plain["task"].isin(tasks)]
    return list(plain["arm"].unique())


def _columns(shown: pd.DataFrame, group: str) -> list[Column]:
    """The columns after label and n; of more than two tasks only means of gap and ECE."""
    tasks = list(shown["task"].unique())
    baseline = describe(group).baseline
    against = SINGLE
    if baseline != SINGLE:
        arm = _main_arm(shown, baseline)
        against = baseline if arm is None else shown.loc[shown["arm"] == arm, "label"].iloc[0]
    columns = [Column(f"{t} acc. (%)", t, "test_accuracy", cells.percent_interval) for t in tasks]
    columns.append(Column(f"vs {against} (pp)", summary.ALL, DIFFERENCE, cells.points_interval))
    if baseline != SINGLE:
        columns.append(Column("delta_m (%)", summary.ALL, "delta_m", cells.signed_interval))
    for name, measure in (("gap (pp)", "gap"), ("ECE (%)", "test_ece")):
        if len(tasks) <= 2:
            columns += [Column(f"{t} {name}", t, measure, cells.percent) for t in tasks]
        else:
            columns.append(Column(f"mean {name}", summary.ALL, measure, cells.percent))
    return columns


def _over_tasks(shown: pd.DataFrame) -> pd.DataFrame:
    """Gap and calibration error of every arm, mean over its tasks and seeds, as task `all`."""
    means = shown.groupby("arm")[["gap", "test_ece"]].mean()
    long = means.melt(ignore_index=False, var_name="measure", value_name="mean").reset_index()
    return long.assign(task=summary.ALL)


def _caption(group: str, columns: list[Column], source: str) -> str:
    described = describe(group)
    against = {
        ADSMTL: "ADSMTL",
        NONE: "multi-task training without dropout",
        SINGLE: "training each task alone on the same share of the data",
    }[described.baseline]
    delta = (
        " delta_m is the mean over tasks of the relative change in test accuracy against"
        " single-task training without dropout on all data."
        if any(column.measure == "delta_m" for column in columns)
        else ""
    )
    return (
        f"{described.title.rstrip('?')}: test accuracy per task after the last epoch, and the"
        f" difference in mean accuracy over tasks to {against} at the same seed, in percentage"
        f" points.{delta} The gap is train minus test accuracy; ECE is the expected calibration"
        " error on test data. Means over seeds; brackets hold 95 % t-intervals of the mean, of"
        f" the paired difference where it is one. {source}"
    )


def _notes(final: pd.DataFrame, group: str, context: list[str]) -> list[str]:
    baseline = describe(group).baseline
    if baseline == SINGLE or context:
        return []
    return [f"The main arm of schedule {baseline}, which these are compared with, was not trained."]
