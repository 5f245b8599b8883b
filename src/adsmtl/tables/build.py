"""The tables of a results folder: CSV with full precision, Markdown and LaTeX to read."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adsmtl import outputs
from adsmtl.analysis import measures, statistics, summary
from adsmtl.collected import diverged, provenance
from adsmtl.collected.reading import Collected
from adsmtl.files import write_text
from adsmtl.tables import cells, folds, for_programs, groups, numbers, spread
from adsmtl.tables.cells import Column
from adsmtl.tables.render import TextTable, latex, markdown


def write_all(collected: Collected, root: Path) -> list[Path]:
    """Write every table of `outputs.table_names` in three formats below `root/tables`, and
    `summary.json` and `curves.csv` for programs.

    Raises:
        UserError: the folder cannot be written.
    """
    built = build(collected)
    for_programs.write(root, built["main"][0], collected.epochs)
    for frame, text in built.values():
        csv = frame.to_csv(index=False, lineterminator="\n")
        for kind, content in (("csv", csv), ("md", markdown(text)), ("tex", latex(text))):
            write_text(root / "tables" / f"{text.name}.{kind}", content)
    return outputs.tables(root, diverged.attempted_traits(collected))


def build(collected: Collected) -> dict[str, tuple[pd.DataFrame, TextTable]]:
    """Every table by name, as the frame of the CSV and as text.

    The frame of `main` holds all arms, for other programs; its text shows the reference, main
    and derived arms, and the others have tables of their groups.
    """
    # As the ledger does, so that both speak of the same runs.
    final = measures.with_chosen(collected.runs, measures.choose_on_other_seeds)
    estimates = summary.per_arm(final)
    compared = summary.comparisons(final, summary.planned(final))
    source = provenance.sentence(collected)
    machine = collected.runs["environment"].map(provenance.machines(collected))
    built = {
        "main": (estimates, main_table(final, estimates, source)),
        "comparisons": (compared, comparison_table(compared, source, _uncompared(final))),
        "folds": folds.build(final, source),
        "variance": spread.components(collected.runs.assign(machine=machine), source),
        "seeds-and-examples": spread.over_seeds_and_examples(collected, source),
    }
    for group in outputs.more_groups(collected.traits):
        built[outputs.group_table(group)] = groups.build(final, estimates, group, source)
    for group, title in diverged.lost_groups(collected).items():
        built[outputs.group_table(group)] = groups.empty(estimates, group, title, source)
    return built


def main_table(final: pd.DataFrame, estimates: pd.DataFrame, source: str) -> TextTable:
    """One row per headline arm: seeds, accuracies, delta_m, gaps, calibration errors, time."""
    shown = groups.headline(final)
    tasks = list(shown["task"].unique())
    columns = []
    for task in tasks:
        show = cells.percent_interval
        columns.append(Column(f"{task} acc. (%)", task, "test_accuracy", show))
        own = estimates[estimates["task"] == task]["measure"].unique()
        for name in sorted(own):
            classes = name.removeprefix("test_accuracy_")
            if classes.isdecimal():  # a folding, such as that of 61 phones to 39
                columns.append(Column(f"{task} acc., {classes} classes (%)", task, name, show))
    columns.append(Column("delta_m (%)", summary.ALL, "delta_m", cells.signed_interval))
    columns += [Column(f"{task} gap (pp)", task, "gap", cells.percent) for task in tasks]
    for task in tasks:
        columns.append(Column(f"{task} ECE (%)", task, "test_ece", cells.percent))
        columns.append(Column(f"{task} ECE floor (%)", task, "test_ece_floor", cells.percent))
    columns.append(Column("s / epoch", summary.ALL, "seconds_per_epoch", cells.plain))

    arms = shown.drop_duplicates("arm")
    of_groups = list(arms["group"])
    caption = (
        "Performance after the last epoch: test accuracy per task, delta_m (mean over tasks of"
        " the relative change in test accuracy against single-task training without dropout"
        " at the same seed; more is better), train-test gap (train minus test accuracy, in"
        " percentage points) and expected calibration error (ECE) on test data, beside the ECE"
        " that a perfectly calibrated model of the same confidences would show. Means over seeds;"
        " brackets hold 95 % t-intervals of the mean. " + source
    )
    return TextTable(
        name="main",
        caption=caption,
        columns=["Arm", "n", *(column.heading for column in columns)],
        rows=cells.rows(shown, estimates, list(arms["arm"]), columns),
        notes=_chosen_note(final),
        breaks=[i for i in range(1, len(of_groups)) if of_groups[i] != of_groups[i - 1]],
    )


def _uncompared(final: pd.DataFrame) -> list[str]:
    """A note on arms that are compared with none."""
    labels = final.drop_duplicates("arm").set_index("arm")["label"]
    left = [labels[arm] for arm in summary.uncompared(final)]
    if not left:
        return []
    return [f"Not compared, because they had other numbers of trials: {'; '.join(left)}."]


def comparison_table(compared: pd.DataFrame, source: str, more: Sequence[str] = ()) -> TextTable:
    """One row per comparison and outcome: n, effect, interval, p, Holm p, power; `more` notes."""
    rows = []
    for row in compared.to_dict("records"):
        outcome = "mean over tasks" if row["task"] == summary.ALL else row["task"]
        interval = row["ci_low"], row["ci_high"]
        rows.append(
            [
                f"{row['first_label']} vs {row['second_label']}",
                outcome,
                str(row["n"]),
                numbers.estimate(row["effect"], *interval, numbers.points),
                numbers.estimate(row["d_z"]),
                numbers.p_value(row["p"]),
                numbers.p_value(row["p_holm"]),
                numbers.estimate(row["detectable"], show=lambda own: numbers.plain(100 * own)),
            ]
        )
    tasks = list(compared["task"])
    caption = (
        "Paired comparisons of test accuracy, first arm minus second at the same seed: mean"
        " difference in percentage points with its 95 % t-interval; d_z, the standardised"
        " effect with Hedges' correction; p of the exact two-sided sign-flip test; Holm p,"
        " corrected over the comparisons of one outcome; and the smallest difference that"
        " a paired t test would detect with 80 % power at this n. The ledger's contrasts mostly"
        " average over several rates, its intervals leave out what folds have in common, and its p"
        " are corrected over claims; so its numbers differ from these, which are of single arms."
        " Arms chosen on validation are the same in both. " + source
    )
    return TextTable(
        name="comparisons",
        caption=caption,
        columns=[
            *("Comparison", "Outcome", "n", "Effect (pp)", "d_z", "p", "Holm p", "Detectable (pp)")
        ],
        rows=rows,
        notes=[*_small_n_notes(compared), *more],
        breaks=[i for i in range(1, len(tasks)) if tasks[i] != tasks[i - 1]],
        left=2,
    )


def _chosen_note(final: pd.DataFrame) -> list[str]:
    notes = []
    if "chosen_from" not in final:
        return notes
    derived = final.dropna(subset="chosen_from").drop_duplicates(["arm", "seed"])
    labels = final.drop_duplicates("arm").set_index("arm")["label"]
    for label, chosen in derived.groupby("label", sort=False):
        seeds = chosen.sort_values("rate", kind="stable").groupby("chosen_from", sort=False)["seed"]
        told = "; ".join(f"{labels[a]} (seed {numbers.spans(own)})" for a, own in seeds)
        notes.append(
            f"{label} (by validation accuracy, mean over its tasks and over other seeds): {told}."
        )
    return notes


def _small_n_notes(compared: pd.DataFrame) -> list[str]:
    if compared.empty:
        return ["The arms that these comparisons need have not been trained."]
    notes = []
    of_family = compared.groupby("task")["p_smallest"].transform(
        lambda own: statistics.holm(own.tolist())
    )
    for n, smallest in compared[["n", "p_smallest"]].drop_duplicates().to_numpy():
        if smallest > 0.05:
            notes.append(
                f"With n = {n:.0f} the exact test cannot reach 0.05: its smallest possible p is"
                f" {smallest:g}. Read the intervals and the effects, not the p-values."
            )
        elif (corrected := of_family[compared["n"] == n].min()) > 0.05:
            notes.append(
                f"With n = {n:.0f} no Holm p can be below {min(1, corrected):.2g}, because so many"
                " comparisons are made. Read the intervals and the effects."
            )
    return notes
