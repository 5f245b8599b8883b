"""This project's engine. It also evaluates two examples per task after each pass."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import adsmtl
from adsmtl.data.prepared import load
from adsmtl.dropout.schedules import Fixed
from adsmtl.study import Arm, Examples, Run, Task, Training
from adsmtl.training import device
from adsmtl.training.engine import Engine
from benchmarks.contenders import torch_facts
from benchmarks.job import LEARNING_RATE, RATE, Job
from benchmarks.process import Worker


class EngineContender:
    """`adsmtl.training.engine` with a fixed rate at all sites."""

    def __init__(self, job: Job) -> None:
        machine = device.choose(job.device, job.precision, job.threads)
        prepared = {name: load(Path(task.folder)) for name, task in job.tasks.items()}
        tasks = {
            name: Task(
                dataset=prepared[name].dataset,
                target=task.target,
                branch=task.branch,
                examples=Examples(train=task.examples, val=1, test=1),
            )
            for name, task in job.tasks.items()
        }
        training = Training(batch_size=job.batch, learning_rate=LEARNING_RATE, eval_train=1)
        arm = Arm("benchmark", "benchmark", dropout=Fixed(RATE))
        runs = [
            Run("benchmark", arm, job.seed + r, "benchmark", tasks, training)
            for r in range(job.replicas)
        ]
        self.engine = Engine(runs, prepared, machine)

    def repetition(self) -> dict[str, float]:
        """See `Contender`; losses are those of the first replica."""
        self.engine.run_epoch()
        record = self.engine.history[0][-1]
        return {name: task["loss"] for name, task in record["tasks"].items()}

    def facts(self) -> dict[str, Any]:
        """See `Contender`."""
        params = self.engine.model.params.values()
        return {
            "parameters": sum(value[0].numel() for value in params),
            "device": torch_facts.device_name(self.engine.machine.device),
            "versions": {"adsmtl": adsmtl.__version__, **torch_facts.versions()},
        }

    def device_memory(self) -> float | None:
        """See `Contender`."""
        return torch_facts.device_memory(self.engine.machine.device)


class EnginesContender:
    """Several processes with an engine each, which train at the same time.

    Its memory is that of the process that waits for them, and says nothing.
    """

    def __init__(self, job: Job) -> None:
        self._stack = ExitStack()  # ends them when this process ends
        one = dataclasses.replace(job, contender="engine", processes=1)
        jobs = [dataclasses.replace(one, seed=job.seed + k) for k in range(job.processes)]
        self._workers = [self._stack.enter_context(Worker(job)) for job in jobs]
        self._pool = ThreadPoolExecutor(len(jobs))
        list(self._pool.map(Worker.start, self._workers))

    def repetition(self) -> dict[str, float]:
        """See `Contender`; returns when the last process has finished. Losses of the first."""
        return next(iter(list(self._pool.map(Worker.time, self._workers))))["values"]

    def facts(self) -> dict[str, Any]:
        """See `Contender`; those of the first process."""
        return {key: self._workers[0].ready[key] for key in ("parameters", "device", "versions")}

    def device_memory(self) -> float | None:
        """See `Contender`."""
        return None
