"""Alternating repetitions: every round times each contender once, in a fixed order."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import summary
from benchmarks.job import Job
from benchmarks.journal import Journal, Record
from benchmarks.process import Worker, WorkerError


def optional(job: Job) -> bool:
    """Whether it may be missing or broken without spoiling the rest: Keras, and what needs a
    compiler for C++."""
    return job.contender == "keras" or "torch.compile" in job.setting


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
    name: str,
    entries: Sequence[Entry],
    repetitions: int,
    journal: Journal,
    say: Callable[[str], None],
) -> list[Record]:
    """A record per entry, with every repetition; rounds that the journal holds are not repeated.

    Args:
        name: of the group, in the journal.

    Raises:
        WorkerError: a contender that must run failed; the journal keeps what was measured.
    """
    records = journal.records(name) or [_record(entry) for entry in entries]
    done = max(len(record["repetitions"]) for record in records)
    if done < repetitions:
        with ExitStack() as stack:
            workers = _started(entries, records, stack, say)
            for turn in range(done + 1, repetitions + 1):
                for index, worker in workers.items():
                    _time(worker, records[index], turn)
                    journal.keep(name, records)
                say(f"  round {turn} of {repetitions}")
    else:
        say("  measured before")
    for record in records:
        _summarise(record)
    return records


def _started(
    entries: Sequence[Entry],
    records: Sequence[Record],
    stack: ExitStack,
    say: Callable[[str], None],
) -> dict[int, Worker]:
    """The workers that can be timed, by the number of their entry."""
    workers = {}
    for index, (entry, record) in enumerate(zip(entries, records, strict=True)):
        if record["reason"] is None:
            worker = stack.enter_context(Worker(entry.job))
            if _start(worker, record):
                workers[index] = worker
        say(f"  {entry.label}: {record['reason'] or 'ready'}")
    return workers


def _time(worker: Worker, record: Record, turn: int) -> None:
    answer = worker.time()
    rate = record["examples"] / answer["seconds"]
    record["repetitions"].append({"round": turn, **answer, "examples_per_second": rate})


def _start(worker: Worker, record: Record) -> bool:
    """Whether it can be timed; if not, the record says why."""
    try:
        worker.start()
    except WorkerError as error:
        if not optional(worker.job) or record["repetitions"]:
            raise
        record["reason"] = f"not run: {str(error).strip().splitlines()[-1]}"
        return False
    if worker.ready is None:
        record["reason"] = f"not run: {worker.reason}"
        return False
    record["facts"] = worker.ready
    return True


def _record(entry: Entry) -> Record:
    job = entry.job
    return {
        "label": entry.label,
        "contender": job.contender,
        "value": entry.value,
        "reason": None,
        "replicas": job.replicas,
        "setting": job.setting,
        "processes": job.processes,
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


def _summarise(record: Record) -> None:
    repetitions = record["repetitions"]
    if repetitions:
        for key in ("seconds", "examples_per_second"):
            record[key] = summary.spread([one[key] for one in repetitions])
        record["peak_memory"] = summary.peak([one["memory"] for one in repetitions])
