"""One training step of R replicas, as a program that reads and writes fixed places.

Everything that changes from step to step (which examples, the step's number, the rates) lies in
tensors that are made once and overwritten. So on a CUDA device a step can be captured once and
replayed as a graph, without a kernel launched from Python; on a CPU the same code runs eagerly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from adsmtl import rng
from adsmtl.dropout import sites
from adsmtl.dropout.masks import Rates
from adsmtl.dropout.schedules import NoDropout
from adsmtl.study import Run, Task
from adsmtl.tasks import registry
from adsmtl.tasks.base import Drop
from adsmtl.training import learned, objective
from adsmtl.training.adam import Adam
from adsmtl.training.batches import TaskData
from adsmtl.training.device import Machine
from adsmtl.training.model import Model, StepDropout

# Frames of a captured batch are rounded up to a multiple of this: few graphs, little padding.
FRAMES_PER_GRAPH = 8
WARM_UP = 3


@dataclass(frozen=True)
class Sums:
    """What training adds up over an epoch, on the device, per replica: float32 `[R]` each.

    Loss, metric and count are sums over examples; gradient is the sum over steps of the norm of
    the task's gradient on the shared layer.
    """

    loss: Tensor
    metric: Tensor
    count: Tensor
    gradient: Tensor

    @staticmethod
    def zeros(replicas: int, device: torch.device) -> "Sums":
        """Nothing added up yet."""
        return Sums(*torch.zeros(4, replicas, device=device).unbind())

    def places(self) -> tuple[Tensor, ...]:
        """All four, to be changed in place."""
        return self.loss, self.metric, self.count, self.gradient


class Stepper:
    """Takes training steps; see the module.

    Attributes:
        sums: per task.
        cosines: per pair of tasks, the sum over steps of the cosine between their gradients on
            the shared layer, float32 `[R]`.
        weights: per task, the weight of its loss in force, float32 `[R]`.
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
        self._machine, self._elementwise = machine, machine.elementwise
        device, seeds = machine.device, [run.seed for run in runs]
        self._graphed = device.type == "cuda"
        self.optimiser = Adam(model.params.values(), runs[0].training.learning_rate)
        self._loss = {n: registry.load(registry.LOSSES, t.loss) for n, t in tasks.items()}
        self._metric = {n: registry.load(registry.METRICS, t.metric) for n, t in tasks.items()}
        self._l2 = torch.tensor([run.arm.l2 for run in runs], device=device)
        self._penalised = any(run.arm.l2 > 0 for run in runs)
        self.sums = {name: Sums.zeros(len(runs), device) for name in tasks}
        self.cosines = {
            pair: torch.zeros(len(runs), device=device) for pair in combinations(tasks, 2)
        }
        self.weights = {name: torch.ones(len(runs), device=device) for name in tasks}
        self._learns = torch.tensor([run.arm.weighting.learned for run in runs], device=device)
        self.rates: dict[str, dict[str, Rates]] = {
            task: {
                site: Rates.quantised(torch.zeros(len(runs), device=device))
                for site in model.sites(task)
                if any(self._can_drop(run, site) for run in runs)
            }
            for task in tasks
        }
        # Per task `[sites, R]`: the words of a step are drawn at once.
        self._keys = {
            task: torch.tensor(
                [[rng.key(seed, "dropout", task, site) for seed in seeds] for site in of_sites],
                dtype=torch.int64,
                device=device,
            )
            for task, of_sites in self.rates.items()
        }
        if learned.learns_rates(runs[0]):
            schedules = [run.arm.dropout for run in runs]
            self._temperature = torch.tensor([s.temperature for s in schedules], device=device)
            self._length_scale = torch.tensor([s.length_scale for s in schedules], device=device)
            self._examples = {
                name: torch.tensor([float(len(own)) for own in d.splits["train"]], device=device)
                for name, d in data.items()
            }
        self._number = torch.zeros((), dtype=torch.int64, device=device)
        self._positions: dict[str, Tensor] = {}
        self._graphs: dict[tuple[tuple[str, int | None], ...], torch.cuda.CUDAGraph] = {}

    @staticmethod
    def _can_drop(run: Run, site: str) -> bool:
        return sites.in_scope(site, run.arm.site) and not isinstance(run.arm.dropout, NoDropout)

    def begin_epoch(
        self, asked: Sequence[Mapping[str, float]], weights: Sequence[Mapping[str, float]]
    ) -> None:
        """Put the rates and loss weights of an epoch in force and clear the sums.

        Args:
            asked: per replica, the rate of each task.
            weights: per replica, the weight of each task's loss.
        """
        for task, of_sites in self.rates.items():
            for site, rates in of_sites.items():
                values = [
                    own[task] if sites.in_scope(site, run.arm.site) else 0.0
                    for run, own in zip(self._runs, asked, strict=True)
                ]
                rates.set(torch.tensor(values, device=self._machine.device))
        for task, own in self.weights.items():
            own.copy_(torch.tensor([of_run[task] for of_run in weights]))
        for place in self._sums():
            place.zero_()

    def _sums(self) -> list[Tensor]:
        return [*(v for s in self.sums.values() for v in s.places()), *self.cosines.values()]

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
        return [*(p.data for p in self._model.params.values()), *moments, *self._sums()]

    def _snapshot(self) -> list[Tensor]:
        return [place.clone() for place in self._places()]

    def _restore(self, kept: Sequence[Tensor]) -> None:
        for place, value in zip(self._places(), kept, strict=True):
            place.copy_(value)

    def _run(self, positions: Mapping[str, Tensor], frames: Mapping[str, int]) -> None:
        gradients: dict[str, Tensor] = {}
        before: Tensor | int = 0
        for name, own in positions.items():
            self._backward(name, own, frames.get(name))
            total = self._shared_gradient()
            gradients[name], before = total - before, total
        self._observe(gradients)
        if self._penalised:
            objective.add_penalty_gradient(self._model.params, self._model.weights, self._l2)
        self.optimiser.step()
        self.optimiser.zero_grad()

    def _shared_gradient(self) -> Tensor:
        """Gradient on the shared layer so far, `[R, parameters]`."""
        shared = [self._model.params[name].grad for name in ("shared.weight", "shared.bias")]
        return torch.cat([grad.flatten(1) for grad in shared], dim=1)

    def _observe(self, gradients: Mapping[str, Tensor]) -> None:
        """Add norms and cosines of one step's gradients of each task on the shared layer."""
        for task, own in gradients.items():
            self.sums[task].gradient.add_(own.norm(dim=1))
        for first, second in combinations(gradients, 2):
            self.cosines[first, second].add_(
                torch.nn.functional.cosine_similarity(gradients[first], gradients[second], dim=1)
            )

    def _backward(self, task: str, positions: Tensor, frames: int | None) -> None:
        batch = self._data[task].gather(positions, frames)
        drop = self._drop(task)
        with self._machine.autocast():
            logits = self._model.forward(task, batch, drop)
        losses = self._loss[task](logits, batch.targets)
        loss = objective.weighted(
            objective.task_loss(losses, batch.weights),
            self.weights[task],
            self._model.params.get(learned.variance_name(task)),
            self._learns,
        )
        (loss.sum() + self._rate_penalty(task)).backward()
        with torch.no_grad():
            sums, metric = self.sums[task], self._metric[task](logits, batch.targets)
            sums.loss.add_((losses * batch.weights).sum(dim=1))
            sums.metric.add_((metric * batch.weights).sum(dim=1))
            sums.count.add_(batch.weights.sum(dim=1))

    def _drop(self, task: str) -> Drop:
        """The dropout of a task in this step."""
        logits = self.learned_rates(task)
        # A graph is captured once, whatever the rates then are; without one, idle sites are free.
        used = {s: r for s, r in self.rates[task].items() if r.active or self._graphed}
        words = rng.words(self._keys[task], self._number)
        keys = dict(zip(self.rates[task], words, strict=True))
        if logits:
            return learned.ConcreteDropout(logits, keys, self._temperature, self._elementwise)
        return StepDropout(used, keys, self._elementwise)

    def learned_rates(self, task: str) -> dict[str, Tensor]:
        """ln(p / (1 - p)) of a task by site, float32 `[R]`; empty where rates are not learned."""
        names = {site: learned.rate_name(task, site) for site in self._model.sites(task)}
        params = self._model.params
        return {site: params[name] for site, name in names.items() if name in params}

    def _rate_penalty(self, task: str) -> Tensor | float:
        return sum(
            learned.rate_penalty(
                logit,
                self._model.reader(task, site),
                self._examples[task],
                self._length_scale,
            ).sum()
            for site, logit in self.learned_rates(task).items()
        )
