"""The yardstick: how fast this machine multiplies large matrices, in fp32 and bf16.

bf16 is left out where it is emulated: its rate would say nothing about the processor.
"""

import time
from typing import Any

import torch

from adsmtl.training.device import has_bf16
from benchmarks.contenders import torch_facts
from benchmarks.job import Job

SECONDS = {"cpu": 0.5, "cuda": 0.2}  # at least, per precision and repetition
SMALLEST = 128
LARGEST = {"cpu": 2048, "cuda": 8192}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class ProductsContender:
    """Square products of PyTorch, with the settings that it starts with."""

    def __init__(self, job: Job) -> None:
        torch.set_num_threads(job.threads)
        self.device = torch.device(job.device)
        self.seconds = SECONDS[self.device.type]
        kinds = ["fp32", "bf16"] if has_bf16(self.device) else ["fp32"]
        self.factors = {name: self._factor(DTYPES[name]) for name in kinds}

    def _factor(self, dtype: torch.dtype) -> torch.Tensor:
        """The largest matrix of which several are multiplied in the time of a repetition."""
        size = SMALLEST
        while True:
            factor = torch.ones(size, size, device=self.device, dtype=dtype) / size
            torch.mm(factor, factor)
            if 8 * self._timed(factor) > self.seconds or size == LARGEST[self.device.type]:
                return factor
            size *= 2

    def _timed(self, factor: torch.Tensor) -> float:
        self._wait()
        began = time.perf_counter()
        torch.mm(factor, factor)
        self._wait()
        return time.perf_counter() - began

    def repetition(self) -> dict[str, float]:
        """Operations per second, by precision."""
        return {name: self._rate(factor) for name, factor in self.factors.items()}

    def _rate(self, factor: torch.Tensor) -> float:
        self._timed(factor)
        began, products = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < self.seconds:
            self._timed(factor)
            products += 1
        return products * 2 * len(factor) ** 3 / passed

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def facts(self) -> dict[str, Any]:
        """Also the matrices' sizes."""
        return {
            "parameters": 0,
            "sizes": {name: len(factor) for name, factor in self.factors.items()},
            "device": torch_facts.device_name(self.device),
            "versions": torch_facts.versions(),
        }

    def device_memory(self) -> float | None:
        """See `Contender`."""
        return torch_facts.device_memory(self.device)
