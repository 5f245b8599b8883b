"""A summary table for every group of arms beyond the main ones."""

import pandas as pd

from adsmtl import outputs
from adsmtl.analysis import contrasts, statistics, summary
from adsmtl.tables import cells
from adsmtl.tables.cells import Column
from adsmtl.tables.render import TextTable

SINGLE = "single-task"
DIFFERENCE = "difference"
_ESTIMATE = ["arm", "n", "mean", "sd", "ci_low", "ci_high"]


# A group's baseline in captions; any other arm is called by its label.
_AGAINST = {
    "none": "multi-task training without dropout",
    SINGLE: "training each task alone on the same share of the data",
}


def title(final: pd.DataFrame, group: str) -> str:
    """The heading of a group."""
    return str(_first(final, group, "group_title"))


def _baseline(final: pd.DataFrame, group: str) -> str:
    """What the arms of a group are compared with: an arm, or `SINGLE`."""
    return str(_first(final, group, "baseline"))


def _first(final: pd.DataFrame, group: str, column: str) -> object:
    return final.loc[final["group"] == group, column].iloc[0]


def headline(final: pd.DataFrame) -> pd.DataFrame:
    """The rows of the main table: of groups without a baseline; all rows where there are none."""
    rows = final[final["baseline"].isna()]
    return rows if len(rows) else final


def differences(final: pd.DataFrame, group: str) -> pd.DataFrame:
    """What arms gain over the baseline of `group`, paired by seed.

    Args:
        final: as `measures.with_chosen` returns it; any of its arms take part.

    Returns:
        arm, n, mean, sd, ci_low, ci_high of the difference in mean test accuracy over tasks,
        as fractions; arms that have no run in common with the baseline are left out.
    """
    baseline = _baseline(final, group)
    if baseline == SINGLE:
        values = contrasts.gains(final).rename(columns={"gain": DIFFERENCE})
    else:
        values = contrasts.differences(final, baseline)
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
        caption=_caption(final, group, columns, source),
        columns=["Arm", "n", *(column.heading for column in columns)],
        rows=cells.rows(shown, values, [*context, *own], columns),
        notes=_notes(final, group, context),
        breaks=[len(context)] if context else [],
    )
    return frame, text


def empty(
    estimates: pd.DataFrame, group: str, heading: str, source: str
) -> tuple[pd.DataFrame, TextTable]:
    """The table of a group of which every run diverged."""
    caption = f"{heading}: no run of this group was finished. {source}"
    name = outputs.group_table(group)
    return estimates.iloc[:0], TextTable(name, caption, columns=["Arm", "n"], rows=[])


def _context(final: pd.DataFrame, group: str) -> list[str]:
    """The arms of other groups that this one is read against."""
    baseline = _baseline(final, group)
    if baseline != SINGLE:
        return [baseline] if final["arm"].eq(baseline).any() else []
    tasks = final.loc[final["group"] == group, "task"].unique()
    reference = contrasts.without_dropout(final[final["baseline"].isna()])
    return list(reference.loc[reference["task"].isin(tasks), "arm"].unique())


def _columns(shown: pd.DataFrame, group: str) -> list[Column]:
    """The columns after label and n; of more than two tasks only means of gap and ECE."""
    tasks = list(shown["task"].unique())
    baseline = _baseline(shown, group)
    against = _label(shown, baseline)
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


def _label(final: pd.DataFrame, arm: str) -> str:
    """What an arm is called; its id where it was not trained, or is none."""
    labels = final.loc[final["arm"] == arm, "label"]
    return arm if labels.empty else str(labels.iloc[0])


def _caption(final: pd.DataFrame, group: str, columns: list[Column], source: str) -> str:
    baseline = _baseline(final, group)
    against = _AGAINST.get(baseline) or _label(final, baseline)
    delta = (
        " delta_m is the mean over tasks of the relative change in test accuracy against"
        " single-task training without dropout on all data."
        if any(column.measure == "delta_m" for column in columns)
        else ""
    )
    return (
        f"{title(final, group).rstrip('?')}: test accuracy per task after the last epoch, and the"
        f" difference in mean accuracy over tasks to {against} at the same seed, in percentage"
        f" points.{delta} The gap is train minus test accuracy; ECE is the expected calibration"
        " error on test data. Means over seeds; brackets hold 95 % t-intervals of the mean, of"
        f" the paired difference where it is one. {source}"
    )


def _notes(final: pd.DataFrame, group: str, context: list[str]) -> list[str]:
    baseline = _baseline(final, group)
    if baseline == SINGLE or context:
        return []
    return [f"The arm {baseline}, which these are compared with, has no finished run."]
