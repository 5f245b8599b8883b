"""Which examples are evaluated when, for the records of every epoch and the outcomes at the end."""

from collections.abc import Mapping

import torch
from torch import Tensor

from adsmtl.study import Task, Training
from adsmtl.training.batches import TaskData
from adsmtl.training.device import Machine
from adsmtl.training.evaluation import ordered, predict, scores
from adsmtl.training.model import Model, StepDropout

# Logits and targets of every run's own examples, in the order of `ordered`.
Predicted = tuple[list[Tensor], list[Tensor]]


class Evaluator:
    """Evaluates R runs on their own examples with all units on."""

    def __init__(
        self,
        model: Model,
        tasks: Mapping[str, Task],
        data: Mapping[str, TaskData],
        machine: Machine,
        training: Training,
    ) -> None:
        self._model, self._tasks, self._data = model, tasks, data
        self._machine, self._training = machine, training
        self._tested: dict[str, Predicted] = {}

    def positions(self, task: str, split: str, limit: int | None = None) -> list[Tensor]:
        """Where every run's examples of a split are; `limit` as in `scores`."""
        positions = self._data[task].splits[split]
        if limit is None:
            return positions
        counts = [min(limit, len(p)) for p in positions]
        return [p[torch.arange(n) * len(p) // n] for n, p in zip(counts, positions, strict=True)]

    def predict(self, task: str, split: str, limit: int | None = None) -> Predicted:
        """What every run says of its own examples of a split; `limit` as in `scores`."""
        drop = StepDropout({}, {}, self._machine.elementwise)
        positions = self.positions(task, split, limit)
        with self._machine.autocast():
            return predict(self._model, task, self._data[task], positions, drop)

    def scores(self, task: str, split: str, limit: int | None = None) -> list[dict[str, float]]:
        """Scores of every run on its own examples of a split.

        Args:
            limit: at most so many of them, evenly spaced: speech is ordered by speaker.
        """
        return self._scored(task, self.predict(task, split, limit))

    def tested(self, task: str) -> Predicted:
        """What every run says of the test split with its parameters of now."""
        if task not in self._tested:
            self._tested[task] = self.predict(task, "test")
        return self._tested[task]

    def forget(self) -> None:
        """To be called before parameters change."""
        self._tested = {}

    def after(self, epoch: int) -> dict[str, dict[str, list[dict[str, float]]]]:
        """By task and split, the scores of every run that the record of an epoch shows.

        `val_part` are those of the same validation examples after every epoch, for the difficulty
        signals: a change of the examples would look like one of the difficulty.
        """
        training = self._training
        last = epoch > training.epochs - training.full_epochs
        found: dict[str, dict[str, list[dict[str, float]]]] = {}
        for task in self._tasks:
            val = self.predict(task, "val", None if last else training.eval_val)
            found[task] = {
                "train": self.scores(task, "train", training.eval_train),
                "val": self._scored(task, val),
                "val_part": self._scored(task, self._part(task, val) if last else val),
            }
            if last:
                found[task]["test"] = self._scored(task, self.tested(task))
        return found

    def _scored(self, task: str, predicted: Predicted) -> list[dict[str, float]]:
        return [
            scores(self._tasks[task], self._data[task], logits, targets)
            for logits, targets in zip(*predicted, strict=True)
        ]

    def _part(self, task: str, predicted: Predicted) -> Predicted:
        """Of the predictions on all validation examples, those on the examples of every epoch."""
        every = ordered(self._data[task], self.positions(task, "val"))
        part = self.positions(task, "val", self._training.eval_val)
        kept = [
            torch.isin(own, some).to(self._machine.device)
            for own, some in zip(every, part, strict=True)
        ]
        logits, targets = (
            [own[which] for own, which in zip(of_runs, kept, strict=True)] for of_runs in predicted
        )
        return logits, targets
