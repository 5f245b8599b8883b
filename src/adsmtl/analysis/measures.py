"""Measures over arms: delta_m, and the trial of every family that validation data choose."""

import itertools
from collections.abc import Callable, Sequence

import pandas as pd

from adsmtl.errors import UserError

CHOSEN_GROUP = "derived"
VALIDATION = "val_accuracy_last3"  # decides among trials: mean of the last three epochs
_FEWEST_FOLDS = 3  # of a corpus whose folds test, validate and train
_SEEN = ("seed", "fold", "task", "tunable", VALIDATION)  # by the choice


def delta_m(final: pd.DataFrame, column: str = "test_accuracy") -> pd.DataFrame:
    """Multi-task gain over single-task training without dropout, in percent, per seed.

        delta_m = 100 · mean over tasks of (A_i - S_i) / S_i

    with A_i the arm's and S_i the single-task accuracy on task i at the same seed; more than
    0 is better than single-task (Maninis, Radosavovic and Kokkinos 2019, eq. 3).

    Args:
        final: as `collect.runs_frame` returns it. S_i comes from the arms of group `reference`
            whose dropout schedule is `none`.
        column: a measure that is better when larger.

    Returns:
        arm, seed, delta_m: one row per seed of every arm with two or more tasks, all of which
        have a single-task reference at that seed. Empty where there are no references.

    Raises:
        UserError: two reference arms claim the same task and seed.
    """
    reference = final[(final["group"] == "reference") & (final["schedule"] == "none")]
    doubled = reference[reference.duplicated(["seed", "task"], keep=False)]
    if len(doubled):
        raise UserError(
            "delta_m needs one single-task reference per task and seed, but these arms share"
            f" one: {', '.join(doubled['arm'].unique())}; leave one of them out"
        )
    single = reference[["seed", "task", column]].rename(columns={column: "single"})
    joined = final[final["group"] != "reference"].merge(single, on=["seed", "task"], how="left")
    joined["delta_m"] = 100 * (joined[column] - joined["single"]) / joined["single"]
    by_run = joined.groupby(["arm", "seed"], sort=False)["delta_m"]
    whole = by_run.agg(["size", "count", "mean"])
    whole = whole[(whole["size"] == whole["count"]) & (whole["size"] > 1)]
    return whole["mean"].rename("delta_m").reset_index()


def chosen_arm(family: str) -> str:
    """Id of the derived arm that holds each seed's chosen trial of `family`."""
    return f"{family}-chosen"


CHOSEN_ARM = chosen_arm("fixed")


def trials(final: pd.DataFrame, family: str) -> pd.DataFrame:
    """The rows of `final` that are trials of `family`, the one at 0 of another family included."""
    own = final["family"].eq(family)
    zero = final["arm"].isin(final.loc[own, "zero"].dropna())
    tunable = final["tunable"].mask(zero, 0.0)
    return final[own | zero].assign(tunable=tunable[own | zero].astype(float))


# From validation data to the tunable of every seed.
Choice = Callable[[pd.DataFrame], pd.Series]


def seen(rows: pd.DataFrame) -> pd.DataFrame:
    """What a choice may see of the rows of `trials`."""
    return rows[list(_SEEN)]


def choose(validation: pd.DataFrame) -> pd.Series:
    """The trial with the best mean validation accuracy over tasks, for every seed.

    Args:
        validation: columns seed, fold, task, tunable, `VALIDATION` and no others, so that
            nothing measured on test data can take part in the choice.

    Returns:
        Tunable by seed; of equally good trials the smaller. A seed that has not finished every
        trial on every task is left out: its tuning budget would be smaller.
    """
    return _best(_mean_accuracy(validation))


def choose_on_other_seeds(validation: pd.DataFrame) -> pd.Series:
    """Like `choose`, with the validation accuracy averaged over other seeds.

    What happens to go well in one run raises its validation and its test accuracy alike, so a
    trial chosen by `choose` has been lucky on average; one chosen here has not. Seeds of the fold
    before take no part, because they are validated on some of the speakers that this seed tests
    (`data.folds.speaker_folds`). A seed that has no other is left out.
    """
    accuracy = _mean_accuracy(validation)
    seeds = accuracy.index.to_numpy()
    fold = validation.drop_duplicates("seed").set_index("seed")["fold"].loc[seeds].to_numpy()
    after = fold + 1  # the fold that tests speakers of its validation; after the last, the first
    if (folds := validation["fold"].max() + 1) >= _FEWEST_FOLDS:
        after = after % folds
    apart = (seeds[:, None] != seeds) & (fold[:, None] != after)
    blind = pd.DataFrame(apart.astype(float), seeds, seeds) @ accuracy
    return _best(blind.div(apart.sum(axis=1), axis=0)[apart.any(axis=1)])


def with_chosen(final: pd.DataFrame, choice: Choice = choose) -> pd.DataFrame:
    """`final` plus a derived arm `<family>-chosen` for every family: each seed's chosen trial.

    Args:
        final: as `collect.runs_frame` returns it.
        choice: `choose` or `choose_on_other_seeds`.

    Returns:
        `final` unchanged where no family has two trials; otherwise with rows added and two
        columns, empty for other rows: `chosen_from`, the arm that a derived row was copied
        from, and `trials`, how many there were to choose among.
    """
    derived = [
        chosen
        for family in final["family"].dropna().unique()
        if len(chosen := _chosen(trials(final, family), family, choice))
    ]
    return pd.concat([final, *derived], ignore_index=True) if derived else final


def require_equal_budgets(final: pd.DataFrame, arms: Sequence[str]) -> None:
    """Refuse to compare chosen trials of families that were tuned with different effort.

    Args:
        final: as `with_chosen` returns it.
        arms: those to be compared; arms that nothing was chosen for do not count.

    Raises:
        UserError: they were chosen among different numbers of trials.
    """
    if "trials" not in final:
        return
    budgets = final[final["arm"].isin(arms)].groupby("arm")["trials"].max().dropna()
    if len(set(budgets)) > 1:
        told = ", ".join(f"{arm} among {count:.0f}" for arm, count in budgets.items())
        raise UserError(
            f"these arms were chosen among different numbers of trials: {told}; give their"
            " families in config/arms.yaml equally many, and train all of them"
        )


def _mean_accuracy(validation: pd.DataFrame) -> pd.DataFrame:
    """Mean over tasks: a row per seed that has finished every trial, a column per tunable."""
    if set(validation.columns) != set(_SEEN):
        raise ValueError(f"the choice sees validation data alone, got {sorted(validation.columns)}")
    budget = validation["tunable"].nunique() * validation["task"].nunique()
    tried = validation.groupby("seed")[VALIDATION].transform("count")
    return validation[tried == budget].pivot_table(VALIDATION, "seed", "tunable")


def _best(accuracy: pd.DataFrame) -> pd.Series:
    # Columns are sorted, and idxmax returns the first of equal maxima. Rounding keeps means
    # that are equal in exact arithmetic equal here.
    return accuracy.round(12).idxmax(axis=1).rename("tunable")


def _chosen(rows: pd.DataFrame, family: str, choice: Choice) -> pd.DataFrame:
    if rows["tunable"].nunique() < 2:
        return rows.iloc[:0]
    tunable = choice(seen(rows))
    chosen = rows[rows["tunable"] == rows["seed"].map(tunable)].drop(columns="tunable")
    members = rows.loc[rows["family"] == family, "label"].unique()
    return chosen.assign(
        chosen_from=chosen["arm"],
        trials=rows["tunable"].nunique(),
        arm=chosen_arm(family),
        label=f"{_method(members, family)}, chosen on validation",
        group=CHOSEN_GROUP,
        baseline=None,
        role=None,
        family=None,
        zero=None,
    ).sort_values("seed", kind="stable")


def _method(labels: Sequence[str], family: str) -> str:
    """What the labels of trials have in common, less the name of what they are trials of.

    "fixed" of "fixed 0.1" and "fixed 0.2", "ADSMTL" of "ADSMTL, p0 0.1" and "ADSMTL, p0 0.2":
    after a comma, the last word is dropped if the family is not called by it.
    """
    columns = zip(*(label.split() for label in labels), strict=False)
    words = [column[0] for column in itertools.takewhile(lambda own: len(set(own)) == 1, columns)]
    if len(words) > 1 and words[-2].endswith(",") and words[-1] not in family:
        words = words[:-1]
    return " ".join(words).rstrip(",") or family
