"""What a contender is asked to train: plain values that pass through a pipe as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# Rate at every dropout site of every contender; the engine rounds it to 77/256.
RATE = 0.3
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class BenchTask:
    """One task of a job.

    Attributes:
        folder: of the prepared data set.
        branch: `cnn` or `lstm`.
        examples: training examples of one repetition.
    """

    folder: str
    target: str
    branch: str
    examples: int


@dataclass(frozen=True)
class Job:
    """One contender with all it needs to know; a repetition passes every example once.

    Attributes:
        contender: name in `benchmarks.worker.CONTENDERS`.
        batch: examples per step of the task with most examples.
        replicas: models trained at once by one process.
        setting: of the contender's library, in the contender's own words; "" is its default.
        processes: that train at the same time, each with so many threads.
        device: `cpu` or a CUDA device.
        precision: of the matrix products, `fp32` or `bf16`.
        threads: processor threads.
    """

    contender: str
    tasks: Mapping[str, BenchTask]
    batch: int
    device: str
    precision: str
    threads: int
    replicas: int = 1
    seed: int = 0
    setting: str = ""
    processes: int = 1

    @property
    def examples(self) -> int:
        """Examples of one repetition, over tasks, replicas and processes."""
        return self.processes * self.replicas * sum(task.examples for task in self.tasks.values())

    @property
    def steps(self) -> int:
        """Optimiser steps of one repetition."""
        return -(-max(task.examples for task in self.tasks.values()) // self.batch)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Job":
        """The job that `to_json` described."""
        tasks = {name: BenchTask(**task) for name, task in value["tasks"].items()}
        return Job(**{**value, "tasks": tasks})
