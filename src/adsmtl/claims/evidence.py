"""What the claims are judged from: the scores of finished runs, by arm, task and seed."""

from dataclasses import dataclass
from functools import cached_property
from math import isclose

import pandas as pd

from adsmtl import outputs
from adsmtl.analysis import measures
from adsmtl.analysis.paired import Paired
from adsmtl.claims import records
from adsmtl.claims.outcome import ACCURACY_LAST3, NLL, NLL_LAST3, Outcome
from adsmtl.claims.wanted import MAIN, Wanted
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.errors import UserError

_NEEDED = (
    *("fold", measures.VALIDATION),
    *(outcome.column for outcome in (ACCURACY_LAST3, NLL, NLL_LAST3)),
)


class NotRun(Exception):
    """The study lacks what a claim needs; the message goes on after "there is": `no …`."""


@dataclass(frozen=True)
class Evidence:
    """Frames of one results folder.

    Attributes:
        final: as `measures.with_chosen` returns it.
        history: the collected epochs.
        test_time: as `records.test_time` returns it.
        listing: what became of the published listing, None where nobody has tried.
        preset: its name, or names.
        embedded: whether any run used the stand-in data that install with the package.
    """

    final: pd.DataFrame
    history: pd.DataFrame
    test_time: pd.DataFrame
    listing: records.Listing | None
    preset: str
    embedded: bool

    def find(self, *wanted: Wanted) -> list[str]:
        """The finished arms that are `wanted`, in its order; trials in that of the study.

        Raises:
            NotRun: there is none for some of them; names all of those.
        """
        found = [self._fitting(one) for one in wanted]
        missing = [str(one) for one, arms in zip(wanted, found, strict=True) if not arms]
        if missing:
            lacking = f"no finished run of {', '.join(missing)} (preset {self.preset})"
            raise NotRun(lacking + self._trained_with_more())
        return list(dict.fromkeys(arm for arms in found for arm in arms))

    def trial_rows(self, wanted: Wanted) -> pd.DataFrame:
        """The rows of `final` of all trials of a method, the one at 0 included."""
        return measures.trials(self.final, self._family(wanted))

    def chosen(self, wanted: Wanted) -> str:
        """The derived arm that holds the trial of a method that validation data choose."""
        return measures.chosen_arm(self._family(wanted))

    def score(self, wanted: Wanted | str, outcome: Outcome, task: str) -> pd.Series:
        """An outcome on one task by seed; empty where the arm has not been trained on it.

        Args:
            wanted: one arm, or the id of one that `chosen` or `find` returned.
        """
        arm = wanted if isinstance(wanted, str) else self.find(wanted)[0]
        if (arm, task) not in self._by_task:
            return pd.Series(dtype=float)
        return outcome.factor * self._by_task[arm, task][outcome.column]

    def mean(
        self, wanted: Wanted | str, outcome: Outcome, tasks: tuple[str, ...] = MAIN
    ) -> pd.Series:
        """An outcome of one arm, mean over tasks, by seed."""
        return sum(self.score(wanted, outcome, task) for task in tasks) / len(tasks)

    def single(self, wanted: Wanted, outcome: Outcome, tasks: tuple[str, ...] = MAIN) -> pd.Series:
        """An outcome of each task trained alone as `wanted`, mean over tasks, by seed.

        Of a method with trials, each task has the one that its validation data choose.
        """
        scores = []
        for task in tasks:
            alone = wanted.alone(task)
            arm = self.chosen(alone) if wanted.trials else alone
            scores.append(self.score(arm, outcome, task))
        return sum(scores) / len(tasks)

    def paired(self, values: pd.Series) -> Paired:
        """Numbers by seed with the folds of their seeds."""
        values = values.sort_index()
        folds = tuple(int(fold) for fold in self.folds[values.index])
        return Paired(tuple(float(value) for value in values), folds)

    @cached_property
    def folds(self) -> pd.Series:
        """The fold by seed."""
        return self.final.drop_duplicates("seed").set_index("seed")["fold"]

    def require_equal_budgets(self, *arms: str) -> None:
        """Refuse arms that were chosen among different numbers of trials.

        Raises:
            NotRun: names the arms and their numbers of trials.
        """
        try:
            measures.require_equal_budgets(self.final, arms)
        except UserError as unequal:
            raise NotRun(f"no comparison with equal tuning: {unequal}") from unequal

    def tasks_of(self, role: str) -> list[tuple[str, ...]]:
        """Which tasks the arms of a role train together on all data, in the order of the study."""
        fitting = [fact for fact in self._facts if fact["role"] == role and fact["share"] == 1]
        return list(dict.fromkeys(fact["tasks"] for fact in fitting))

    def _fitting(self, wanted: Wanted) -> list[str]:
        """One arm, or all trials; empty where there is none."""
        found = [
            fact
            for fact in self._facts
            if fact["role"] == wanted.role
            and set(fact["tasks"]) == set(wanted.tasks)
            and isclose(fact["share"], wanted.share)
            and (wanted.value is None or isclose(fact["tunable"], wanted.value))
        ]
        arms = [fact["arm"] for fact in found]
        if len(arms) > 1 and not wanted.trials:
            if len({str(fact["tunable"]) for fact in found}) > 1:
                raise ValueError(f"{wanted} is {' and '.join(arms)}; ask for one of them")
            raise NotRun(f"no single arm for {wanted}: {' and '.join(arms)} train alike")
        return arms

    def _trained_with_more(self) -> str:
        """That there are arms which train the paper's tasks beside others, if there are."""
        sets = [fact["tasks"] for fact in self._facts if set(fact["tasks"]) > set(MAIN)]
        more = dict.fromkeys(task for tasks in sets for task in tasks if task not in MAIN)
        return f"; arms that train {' or '.join(more)} as well are not judged" if more else ""

    def _family(self, wanted: Wanted) -> str:
        arm = self.find(wanted)[0]
        return next(fact["family"] for fact in self._facts if fact["arm"] == arm)

    @cached_property
    def _facts(self) -> list[dict]:
        """What every arm with a role is, in the order of `final`."""
        arms = self.final[self.final["role"].notna()].drop_duplicates("arm")
        arms = arms.astype({"tunable": float})
        return [
            {
                "arm": arm["arm"],
                "role": arm["role"],
                "tasks": tuple(arm["tasks"].split("+")),
                "share": arm["train_fraction"],
                "tunable": arm["tunable"],
                "family": arm["family"],
            }
            for arm in arms.to_dict("records")
        ]

    @cached_property
    def _by_task(self) -> dict[tuple[str, str], pd.DataFrame]:
        return {
            key: rows.set_index("seed").sort_index()
            for key, rows in self.final.groupby(["arm", "task"], sort=False)
        }


def load(collected: Collected) -> Evidence:
    """What the collected tables say, with the trial of every family chosen.

    Raises:
        UserError: `listing.json` is malformed, or the runs lack a column that is judged.
    """
    missing = [column for column in _NEEDED if column not in collected.runs]
    if missing:
        table = outputs.collected(collected.root)[0]
        raise UserError(
            f"{table} has no column {', '.join(missing)}; delete it and run `adsmtl collect`"
        )
    return Evidence(
        final=measures.with_chosen(collected.runs, measures.choose_on_other_seeds),
        history=collected.epochs,
        test_time=records.test_time(collected.test_time),
        listing=records.listing(collected.root),
        preset=provenance.preset(collected),
        embedded=provenance.embedded(collected),
    )
