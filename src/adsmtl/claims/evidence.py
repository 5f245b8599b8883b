"""What the claims are judged from: the scores of finished runs, by arm, task and seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from adsmtl.analysis import measures
from adsmtl.claims import records
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected

MAIN = ("vision", "speech")  # the paper's two tasks, over which scores are averaged


class NotRun(Exception):
    """The study lacks what a claim needs; the message says what, as part of a sentence."""


@dataclass(frozen=True)
class Study:
    """Frames of one results folder.

    Attributes:
        final: as `measures.with_chosen` returns it for `choice`.
        history: the collected epochs.
        test_time: as `records.test_time` returns it.
        listing: what became of the published listing, None where nobody has tried.
        preset: its name, or names.
        embedded: whether any run used the stand-in data that install with the package.
        choice: how trials are chosen; by default on the validation data of the other seeds, so
            that a lucky run does not choose itself.
    """

    final: pd.DataFrame
    history: pd.DataFrame
    test_time: pd.DataFrame
    listing: records.Listing | None
    preset: str
    embedded: bool
    choice: measures.Choice = measures.choose_on_other_seeds

    @cached_property
    def arms(self) -> frozenset[str]:
        """Arms with at least one finished run, derived ones included."""
        return frozenset(self.final["arm"])

    def missing(self, arms: Iterable[str]) -> list[str]:
        """Those of `arms` without any finished run."""
        return [arm for arm in arms if arm not in self.arms]

    def score(self, arm: str, task: str, column: str = "test_accuracy") -> pd.Series:
        """A column of `final` by seed; empty where the arm has not been trained on the task."""
        if (arm, task) not in self._by_task:
            return pd.Series(dtype=float)
        return self._by_task[arm, task][column]

    def mean(self, arm: str, column: str = "test_accuracy") -> pd.Series:
        """A column of `final` averaged over the two main tasks, by seed."""
        return sum(self.score(arm, task, column) for task in MAIN) / len(MAIN)

    def single(self, variant: str) -> pd.Series:
        """Test accuracy of the pair of arms `single-<task>-<variant>`, mean over the tasks."""
        return sum(self.score(f"single-{task}-{variant}", task) for task in MAIN) / len(MAIN)

    def require_equal_budgets(self, *arms: str) -> None:
        """Refuse arms that were chosen among different numbers of trials.

        Raises:
            UserError: names the arms and their numbers of trials.
        """
        measures.require_equal_budgets(self.final, arms)

    @cached_property
    def _by_task(self) -> dict[tuple[str, str], pd.DataFrame]:
        return {
            key: rows.set_index("seed").sort_index()
            for key, rows in self.final.groupby(["arm", "task"], sort=False)
        }


def load(collected: Collected) -> Study:
    """What the collected tables say, with the trial of every family chosen.

    Raises:
        UserError: `listing.json` is malformed.
    """
    return Study(
        final=measures.with_chosen(collected.runs, measures.choose_on_other_seeds),
        history=collected.epochs,
        test_time=records.test_time(collected.test_time),
        listing=records.listing(collected.root),
        preset=provenance.preset(collected),
        embedded=provenance.embedded(collected),
    )
