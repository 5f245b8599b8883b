"""One training step of R replicas, as a program that reads and writes fixed places.

Everything that changes from step to step (which examples, the step's number, the rates) lies in
tensors that are made once and overwritten. So on a CUDA device a step can be captured once and
replayed as a graph, without a kernel launched from Python; on a CPU the same code runs eagerly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from adsmtl import rng
from adsmtl.dropout import sites
from adsmtl.dropout.masks import Rates
from adsmtl.dropout.schedules import NoDropout
from adsmtl.spec import Run, Task
from adsmtl.tasks import registry
from adsmtl.training import objective
from adsmtl.training.adam import Adam
from adsmtl.training.batches import TaskData
from adsmtl.training.device import Machine
from adsmtl.training.model import Model, StepDropout

# Frames of a captured batch are rounded up to a multiple of this: few graphs, little padding.
FRAMES_PER_GRAPH = 8
WARM_UP = 3


@dataclass(frozen=True)
class Sums:
    """What training adds up over an epoch, on the device, per replica: float32 `[R]` each."""

    loss: Tensor
    metric: Tensor
    count: Tensor

    @staticmethod
    def zeros(replicas: int, device: torch.device) -> "Sums":
        """Nothing added up yet."""
        return Sums(*torch.zeros(3, replicas, device=device).unbind())

    def clear(self) -> None:
        """Start again, in place."""
        for value in (self.loss, self.metric, self.count):
            value.zero_()


class Stepper:
    """Takes training steps; see the module.

    Attributes:
        sums: per task.
        rates: per task and site, the rates in force; sites where no replica can ever drop a
            unit are absent.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        tasks: Mapping[str, Task],
        data: Mapping[str, TaskData],
        model: Model,
        machine: Machine,
    ) -> None:
        self._runs, self._tasks, self._data, self._model = runs, tasks, data, model
        self._machine = machine
        device, seeds = machine.device, [run.seed for run in runs]
        self._graphed = device.type == "cuda"
        self.optimiser = Adam(model.params.values(), runs[0].training.learning_rate)
        self._loss = {n: registry.load(registry.LOSSES, t.loss) for n, t in tasks.items()}
        self._metric = {n: registry.load(registry.METRICS, t.metric) for n, t in tasks.items()}
        self._l2 = torch.tensor([run.arm.l2 for run in runs], device=device)
        self._penalised = any(run.arm.l2 > 0 for run in runs)
        self.sums = {name: Sums.zeros(len(runs), device) for name in tasks}
        self.rates: dict[str, dict[str, Rates]] = {
            task: {
                site: Rates.quantised(torch.zeros(len(runs), device=device))
                for site in model.sites(task)
                if any(self._can_drop(run, site) for run in runs)
            }
            for task in tasks
        }
        self._keys = {
            (task, site): torch.tensor(
                [rng.key(seed, "dropout", task, site) for seed in seeds], device=device
            )
            for task in tasks
            for site in self.rates[task]
        }
        self._number = torch.zeros((), dtype=torch.int64, device=device)
        self._positions: dict[str, Tensor] = {}
        self._graphs: dict[tuple[tuple[str, int | None], ...], torch.cuda.CUDAGraph] = {}

    @staticmethod
    def _can_drop(run: Run, site: str) -> bool:
        return sites.in_scope(site, run.arm.site) and not isinstance(run.arm.dropout, NoDropout)

    def begin_epoch(self, asked: Sequence[Mapping[str, float]]) -> None:
        """Put the rates of an epoch in force and clear the sums.

        Args:
            asked: per replica, the rate of each task.
        """
        for task, of_sites in self.rates.items():
            for site, rates in of_sites.items():
                values = [
                    own[task] if sites.in_scope(site, run.arm.site) else 0.0
                    for run, own in zip(self._runs, asked, strict=True)
                ]
                rates.set(torch.tensor(values, device=self._machine.device))
        for sums in self.sums.values():
            sums.clear()

    def take(self, number: int, positions: Mapping[str, Tensor], frames: Mapping[str, int]) -> None:
        """One step of the given tasks.

        Args:
            number: of the step, counted from the start of training; keys the masks.
            positions: per task, int64 `[R, B]` into its examples; negative is padding.
            frames: per task of sequences, the longest example of the batch.
        """
        self._number.fill_(number)
        if not self._graphed:
            self._run(positions, frames)
            return
        rounded = {
            name: -(-length // FRAMES_PER_GRAPH) * FRAMES_PER_GRAPH
            for name, length in frames.items()
        }
        for name, own in positions.items():
            if name not in self._positions:
                self._positions[name] = torch.empty_like(own)
            self._positions[name].copy_(own)
        key = tuple((name, rounded.get(name)) for name in positions)
        if key not in self._graphs:
            self._graphs[key] = self._capture(positions, rounded)
        self._graphs[key].replay()

    def _capture(self, tasks: Iterable[str], frames: Mapping[str, int]) -> torch.cuda.CUDAGraph:
        """A graph of the step on the static positions; what warming up changed is put back."""
        positions = {name: self._positions[name] for name in tasks}
        kept = self._snapshot()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._run(positions, frames)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        pool = next((other.pool() for other in self._graphs.values()), None)
        with torch.cuda.graph(graph, pool=pool):
            self._run(positions, frames)
        self._restore(kept)
        return graph

    def _places(self) -> list[Tensor]:
        """Every tensor that a step changes."""
        moments = [value for own in self.optimiser.state.values() for value in own.values()]
        sums = [v for s in self.sums.values() for v in (s.loss, s.metric, s.count)]
        return [*(p.data for p in self._model.params.values()), *moments, *sums]

    def _snapshot(self) -> list[Tensor]:
        return [place.clone() for place in self._places()]

    def _restore(self, kept: Sequence[Tensor]) -> None:
        for place, value in zip(self._places(), kept, strict=True):
            place.copy_(value)

    def _run(self, positions: Mapping[str, Tensor], frames: Mapping[str, int]) -> None:
        for name, own in positions.items():
            self._backward(name, own, frames.get(name))
        if self._penalised:
            objective.add_penalty_gradient(self._model.params, self._model.weights, self._l2)
        self.optimiser.step()
        self.optimiser.zero_grad()

    def _backward(self, task: str, positions: Tensor, frames: int | None) -> None:
        # A graph is captured once, whatever the rates then are; without one, idle sites are free.
        used = {s: r for s, r in self.rates[task].items() if r.active or self._graphed}
        drop = StepDropout(
            used, {site: rng.words(self._keys[task, site], self._number) for site in used}
        )
        batch = self._data[task].gather(positions, frames)
        with self._machine.autocast():
            logits = self._model.forward(task, batch, drop)
        losses = self._loss[task](logits, batch.targets)
        objective.task_loss(losses, batch.weights).sum().backward()
        with torch.no_grad():
            sums, metric = self.sums[task], self._metric[task](logits, batch.targets)
            sums.loss.add_((losses * batch.weights).sum(dim=1))
            sums.metric.add_((metric * batch.weights).sum(dim=1))
            sums.count.add_(batch.weights.sum(dim=1))
