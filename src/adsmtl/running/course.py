"""How far a study is, over all the processes that train it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from adsmtl import paths
from adsmtl.running.names import METRICS
from adsmtl.study import Run


class Course:
    """Which runs of a study are still to be trained, and how long that takes.

    Processes that share a study know of each other by the files they leave alone: a run that was
    to be trained is done as soon as its `metrics.json` is written.

    Args:
        runs: all of the study, finished or not.
        costs: estimated seconds for one process to train each run that is to be trained, by name.
        root: the study's results folder.
        processes: how many train it.
    """

    def __init__(
        self, runs: Sequence[Run], costs: Mapping[str, float], root: Path, processes: int = 1
    ) -> None:
        self._runs = {run.name: run for run in runs}
        self._costs, self._root, self._processes = costs, root, processes
        self._before = {name: self._written(name) for name in costs}

    @classmethod
    def alike(cls, runs: Sequence[Run], root: Path) -> "Course":
        """The course of one process, of runs of which nothing is known: they take equally long."""
        left = [r for r in runs if not (paths.run(root, r.arm_id, r.seed) / METRICS).is_file()]
        return cls(runs, {run.name: 1.0 for run in left}, root)

    def place(self, runs: Sequence[Run]) -> str:
        """Where the study is when some of its runs begin, such as `run 17 of 72`.

        Counted are runs that are finished, whichever process trained them, and then these.
        """
        names = {run.name for run in runs}
        first = len(self._runs) - len(names.union(self._open())) + 1
        last = first + len(names) - 1
        own = f"run {first}" if first == last else f"runs {first} to {last}"
        return f"{own} of {len(self._runs)}"

    def others(self, runs: Sequence[Run]) -> float:
        """How many times as long as these runs all others that are open take one process.

        Infinite where nothing is known of these: they were damaged, so that nobody expected to
        train them again, and others are open.
        """
        names = {run.name for run in runs}
        own = sum(self._costs.get(name, 0.0) for name in names)
        rest = sum(self._costs[name] for name in self._open() if name not in names)
        return rest / own if own else float("inf") if rest else 0.0

    def left(self, own: float, whole: float, others: float) -> float | None:
        """Seconds until all is trained, None where that is not known.

        The others are taken to share out evenly, and to be as fast as this process.

        Args:
            own: seconds until the runs that this process trains now are done.
            whole: seconds that they take from the first epoch to the last.
            others: what `others` returned.
        """
        if others == float("inf"):
            return None
        return max(own, (own + others * whole) / self._processes)

    def _open(self) -> list[str]:
        return [
            name
            for name, before in self._before.items()
            if (now := self._written(name)) is None or now == before
        ]

    def _written(self, name: str) -> int | None:
        """When the metrics of a run were written; None where there are none."""
        run = self._runs[name]
        try:
            return (paths.run(self._root, run.arm_id, run.seed) / METRICS).stat().st_mtime_ns
        except FileNotFoundError:
            return None
