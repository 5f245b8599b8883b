"""Alternating repetitions: every round times each contender once, in a fixed order."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from benchmarks import summary
from benchmarks.job import Job
from benchmarks.process import Worker, WorkerError

# May be missing or broken without spoiling the rest.
OPTIONAL = "keras"


@dataclass(frozen=True)
class Entry:
    """One line of a comparison.

    Attributes:
        value: where it lies on the axis of a growth series; None in a comparison.
        flops: operations per example of training, by shapes.
    """

    label: str
    job: Job
    flops: float
    value: float | None = None


def measure(
    entries: Sequence[Entry], repetitions: int, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """A record per entry, with every repetition.

    Raises:
        WorkerError: a contender that must run failed.
    """
    records = [_record(entry) for entry in entries]
    with ExitStack() as stack:
        workers: dict[int, Worker] = {}
        for index, (entry, record) in enumerate(zip(entries, records, strict=True)):
            worker = stack.enter_context(Worker(entry.job))
            if _start(worker, record):
                workers[index] = worker
            say(f"  {entry.label}: {record['reason'] or 'ready'}")
        for turn in range(1, repetitions + 1):
            for index, worker in workers.items():
                answer = worker.time()
                rate = records[index]["examples"] / answer["seconds"]
                records[index]["repetitions"].append(
                    {"round": turn, **answer, "examples_per_second": rate}
                )
            say(f"  round {turn} of {repetitions}")
        for index, worker in workers.items():
            records[index]["peak_memory"] = worker.finish()
    for record in records:
        _summarise(record)
    return records


def _start(worker: Worker, record: dict[str, Any]) -> bool:
    """Whether it can be timed; if not, the record says why."""
    try:
        worker.start()
    except WorkerError as error:
        if worker.job.contender != OPTIONAL:
            raise
        record["reason"] = f"not run: {str(error).strip().splitlines()[-1]}"
        return False
    if worker.ready is None:
        record["reason"] = f"not run: {worker.reason}"
        return False
    record["facts"] = worker.ready
    return True


def _record(entry: Entry) -> dict[str, Any]:
    job = entry.job
    return {
        "label": entry.label,
        "contender": job.contender,
        "value": entry.value,
        "reason": None,
        "replicas": job.replicas,
        "batch": job.batch,
        "steps": job.steps,
        "examples": job.examples,
        "tasks": {name: task.examples for name, task in job.tasks.items()},
        "precision": job.precision,
        "threads": job.threads,
        "flops_per_example": entry.flops,
        "facts": None,
        "repetitions": [],
        "seconds": None,
        "examples_per_second": None,
        "peak_memory": None,
    }


def _summarise(record: dict[str, Any]) -> None:
    for key in ("seconds", "examples_per_second"):
        if record["repetitions"]:
            record[key] = summary.spread([one[key] for one in record["repetitions"]])
