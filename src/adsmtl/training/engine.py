"""Trains R runs at once, one epoch at a time.

Every parameter, optimiser state, rate and lambda carries a leading replica axis; the gradient of
the summed loss of independent replicas is each replica's own gradient, and Adam works element by
element. A single run is R = 1.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from adsmtl.data.prepared import Prepared
from adsmtl.dropout import sites
from adsmtl.dropout.difficulty import Observation, loss_ratio
from adsmtl.dropout.masks import LEVELS
from adsmtl.dropout.schedules import Adsmtl
from adsmtl.study import Run
from adsmtl.training import learned, objective, order
from adsmtl.training.batches import TaskData, filled, train_size
from adsmtl.training.device import Machine
from adsmtl.training.evaluator import Evaluator, Predicted
from adsmtl.training.model import Model
from adsmtl.training.step import Stepper

Record = dict[str, Any]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Batches:
    """One epoch of batches of a task.

    Attributes:
        positions: into the task's examples, int64 `[R, steps, B]`, negative where padded.
        frames: per step, the longest example of its batch; None where examples have one size.
    """

    positions: Tensor
    frames: list[int] | None


class Engine:
    """R runs that train the same tasks for the same number of steps.

    Attributes:
        runs: the replicas, in order.
        steps: steps per epoch.
        epoch: epochs finished.
        history: per run, one record per finished epoch (a line of `history.jsonl`).
    """

    def __init__(
        self, runs: Sequence[Run], prepared: Mapping[str, Prepared], machine: Machine
    ) -> None:
        """
        Args:
            runs: that are `alike`.
            prepared: by task, for every task of the study (they fix the steps per epoch).
        """
        first = runs[0]
        common = alike(first, prepared)
        if any(alike(run, prepared) != common for run in runs[1:]):
            raise ValueError("runs trained at once have to be alike; see `alike`")
        self.runs, self.machine = list(runs), machine
        self.training = first.training
        self.tasks = {name: first.study_tasks[name] for name in first.tasks}
        seeds = [run.seed for run in runs]
        device = machine.device
        self.data = {
            name: TaskData(
                prepared[name],
                task,
                seeds,
                device,
                first.arm.train_fraction,
                machine.elementwise,
            )
            for name, task in self.tasks.items()
        }
        self.steps = steps_per_epoch(first, prepared)
        self.model = Model(self.tasks, self.data, seeds, device, machine.elementwise)
        self.model.add(learned.parameters(runs, {t: self.model.sites(t) for t in self.tasks}))
        self._evaluator = Evaluator(self.model, self.tasks, self.data, machine, self.training)
        self._stepper = Stepper(runs, self.tasks, self.data, self.model, machine)
        self.epoch = 0
        self.history: list[list[Record]] = [[] for _ in runs]

    def run_epoch(self, progress: Progress | None = None) -> None:
        """Train one epoch, evaluate, and append a record per run to `history`.

        Args:
            progress: called with the steps done and the steps of the epoch.
        """
        began = time.perf_counter()
        epoch = self.epoch + 1
        self._begin_epoch()
        batches = {name: self._batches(name, epoch) for name in self.tasks}
        for step in range(self.steps):
            self._take((epoch - 1) * self.steps + step, step, batches)
            if progress is not None:
                progress(step + 1, self.steps)
        self.epoch = epoch
        self._record(began)

    def _begin_epoch(self) -> None:
        self._evaluator.forget()
        seen = [self._observations(replica) for replica in range(len(self.runs))]
        self._stepper.begin_epoch(
            [
                run.schedule.rates(own, self.training.epochs)
                for run, own in zip(self.runs, seen, strict=True)
            ],
            [run.arm.weighting.weights(own) for run, own in zip(self.runs, seen, strict=True)],
        )

    def _take(self, number: int, step: int, batches: Mapping[str, Batches]) -> None:
        self._stepper.take(
            number,
            {name: own.positions[:, step] for name, own in batches.items()},
            {name: own.frames[step] for name, own in batches.items() if own.frames is not None},
        )

    def time_task(self, task: str, steps: int) -> float:
        """Seconds per example of all replicas to train one task, measured over a few steps.

        They are taken twice and the second time counts, when kernels are loaded and graphs
        captured. Parameters change.
        """
        self._begin_epoch()
        batches = {task: self._batches(task, 1)}
        count = self._stepper.sums[task].count
        for _ in range(2):
            before = float(count.sum())  # waits for the device
            began = time.perf_counter()
            for step in range(steps):
                self._take(step, step % self.steps, batches)
            examples = float(count.sum()) - before
            seconds = time.perf_counter() - began
        return seconds / max(examples, 1)

    def _batches(self, task: str, epoch: int) -> Batches:
        """One epoch of every replica's batches."""
        data = self.data[task]
        tables = []
        for run, train in zip(self.runs, data.splits["train"], strict=True):
            lengths = None if data.lengths is None else data.lengths[train]
            table = order.batches(run.seed, task, epoch, len(train), self.steps, lengths)
            tables.append(torch.where(table >= 0, train[table.clamp(min=0)], order.PADDING))
        width = max(table.shape[1] for table in tables)
        padded = torch.full((len(tables), self.steps, width), order.PADDING)
        for row, table in zip(padded, tables, strict=True):
            row[:, : table.shape[1]] = table
        frames = None
        if data.lengths is not None:
            frames = data.lengths[filled(padded)].amax(dim=(0, 2)).tolist()
        return Batches(padded.to(data.device), frames)

    def scores(self, task: str, split: str, limit: int | None = None) -> list[dict[str, float]]:
        """See `Evaluator.scores`."""
        return self._evaluator.scores(task, split, limit)

    def positions(self, task: str, split: str, limit: int | None = None) -> list[Tensor]:
        """See `Evaluator.positions`."""
        return self._evaluator.positions(task, split, limit)

    def tested(self, task: str) -> Predicted:
        """See `Evaluator.tested`."""
        return self._evaluator.tested(task)

    def _record(self, began: float) -> None:
        evaluated = self._evaluator.after(self.epoch)
        penalty = objective.penalty(self.model.params, self.model.weights).tolist()
        means = {
            name: ((s.loss / s.count).tolist(), (s.metric / s.count).tolist())
            for name, s in self._stepper.sums.items()
        }
        gradients = {n: (s.gradient / self.steps).tolist() for n, s in self._stepper.sums.items()}
        cosines = {
            ":".join(pair): (total / self.steps).tolist()
            for pair, total in self._stepper.cosines.items()
        }
        seconds = time.perf_counter() - began
        for r in range(len(self.runs)):
            record: Record = {"epoch": self.epoch, "seconds": seconds, "penalty": penalty[r]}
            record["cosine"] = {pair: values[r] for pair, values in cosines.items()}
            record["tasks"] = {}
            for name, task in self.tasks.items():
                own = {split: of_runs[r] for split, of_runs in evaluated[name].items()}
                metric = task.metric
                record["tasks"][name] = {
                    "loss": means[name][0][r],
                    metric: means[name][1][r],
                    **own,
                    "gap": own["train"][metric] - own["val"][metric],
                    "rates": self._used_rates(name, r),
                    "weight": self._used_weight(name, r),
                    "gradient": gradients[name][r],
                }
            self.history[r].append(record)
            self._record_difficulty(r)

    def _used_rates(self, task: str, replica: int) -> dict[str, float]:
        """The rates really used, in steps of 1/256, by kind of site.

        Of learned rates, those at the end of the epoch, the mean over the sites of a kind.
        """
        logits = self._stepper.learned_rates(task)
        if logits:
            by_kind: dict[str, list[float]] = {}
            for site in self.model.sites(task):
                rate = float(logits[site][replica].detach().sigmoid()) if site in logits else 0.0
                by_kind.setdefault(sites.kind(site), []).append(rate)
            return {kind: sum(own) / len(own) for kind, own in by_kind.items()}
        rates = self._stepper.rates[task]
        return {
            sites.kind(site): int(rates[site].threshold[replica]) / LEVELS if site in rates else 0.0
            for site in self.model.sites(task)
        }

    def _used_weight(self, task: str, replica: int) -> float:
        """The weight of a task's loss; of a learned one, that at the end of the epoch."""
        if self.runs[replica].arm.weighting.learned:
            log_variance = self.model.params[learned.variance_name(task)]
            return math.exp(-float(log_variance[replica].detach()))
        return float(self._stepper.weights[task][replica])

    def _record_difficulty(self, replica: int) -> None:
        """Write d_i(t) and its smoothed value into the last record.

        Arms without a difficulty of their own are shown with the default signal.
        """
        schedule = self.runs[replica].schedule
        observed = self._observations(replica)
        if isinstance(schedule, Adsmtl):
            found = schedule.difficulties(observed)
        else:
            found = {task: (loss_ratio(seen),) * 2 for task, seen in observed.items()}
        for task, (difficulty, smooth) in found.items():
            self.history[replica][-1]["tasks"][task] |= {
                "difficulty": difficulty,
                "smoothed": smooth,
            }

    def _observations(self, replica: int) -> dict[str, list[Observation]]:
        records = [record["tasks"] for record in self.history[replica]]
        means = [sum(own["gradient"] for own in of.values()) / len(of) for of in records]
        return {
            name: [
                Observation(
                    classes=self.data[name].classes,
                    loss=of[name]["loss"],
                    train_loss=of[name]["train"]["loss"],
                    val_loss=of[name]["val_part"]["loss"],
                    val_accuracy=of[name]["val_part"][task.metric],
                    gradient=of[name]["gradient"] / mean if mean > 0 else 1.0,
                )
                for of, mean in zip(records, means, strict=True)
            ]
            for name, task in self.tasks.items()
        }

    def failed(self, replica: int) -> bool:
        """Whether a replica's losses stopped being finite; its neighbours are not touched.

        The validation loss counts too: it alone shows an epoch's last update.
        """
        return any(
            not math.isfinite(loss)
            for record in self.history[replica]
            for value in record["tasks"].values()
            for loss in (value["loss"], value["val"]["loss"])
        )

    def state(self, replica: int) -> dict[str, Tensor]:
        """Parameters (`param.*`) and optimiser state (`adam.*`) of one replica, on the CPU."""
        result = {}
        for name, param in self.model.params.items():
            result[f"param.{name}"] = param[replica].detach().cpu().contiguous()
            for key in ("exp_avg", "exp_avg_sq"):
                value = self._stepper.optimiser.state[param][key]
                result[f"adam.{key}.{name}"] = value[replica].cpu().contiguous()
        return result

    def load_parameters(self, params: Sequence[Mapping[str, Tensor]]) -> None:
        """Take parameters by name, one mapping per replica."""
        self._evaluator.forget()
        with torch.no_grad():
            for name, param in self.model.params.items():
                param.copy_(torch.stack([own[name] for own in params]))

    def load_state(self, states: Sequence[Mapping[str, Tensor]], history: list) -> None:
        """Continue from the `state` of every replica and their histories."""
        epochs = {len(records) for records in history}
        if len(epochs) > 1:
            raise ValueError(f"replicas resume from the same epoch, got {sorted(epochs)}")
        self.history = [list(records) for records in history]
        self.epoch = epochs.pop()
        names = self.model.params
        self.load_parameters([{name: state[f"param.{name}"] for name in names} for state in states])
        with torch.no_grad():
            for name, param in self.model.params.items():
                own = self._stepper.optimiser.state[param]
                own["step"].fill_(self.epoch * self.steps)
                for key in ("exp_avg", "exp_avg_sq"):
                    own[key].copy_(torch.stack([s[f"adam.{key}.{name}"] for s in states]))


def steps_per_epoch(run: Run, prepared: Mapping[str, Prepared]) -> int:
    """Steps in which the largest task of the study passes its data once."""
    largest = max(
        train_size(prepared[name], task, run.seed, run.arm.train_fraction)
        for name, task in run.study_tasks.items()
    )
    return math.ceil(largest / run.training.batch_size)


def alike(run: Run, prepared: Mapping[str, Prepared]) -> tuple[Any, ...]:
    """What runs that are trained at once have in common.

    Tasks and training settings; the number of steps, as the folds of two seeds can differ in
    size; the share of training data; and whether, and where, dropout rates are learned.
    """
    concrete = run.arm.site if learned.learns_rates(run) else None
    steps = steps_per_epoch(run, prepared)
    return run.tasks, run.study_tasks, run.training, run.arm.train_fraction, steps, concrete
