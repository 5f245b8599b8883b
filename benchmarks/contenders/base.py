"""What a contender offers to the process that runs it."""

from typing import Any, Protocol

from benchmarks.job import Job


class Absent(Exception):
    """A library that the contender needs is not installed; the text says which."""


class Contender(Protocol):
    """A model, its data in memory, and a way to train on them once."""

    def __init__(self, job: Job) -> None:
        """Load libraries and data and build the model.

        Raises:
            Absent: a library is missing.
        """
        ...

    def repetition(self) -> dict[str, float]:
        """Train once on every example; the mean loss while training, by task.

        Returns only when the device has finished.
        """
        ...

    def facts(self) -> dict[str, Any]:
        """`parameters` (trainable, of one replica), `device` and `versions`."""
        ...

    def device_memory(self) -> float | None:
        """Peak MiB on the accelerator; None on a processor."""
        ...
